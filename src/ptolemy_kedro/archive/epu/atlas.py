"""``Atlas.dm``: the tiles of a grid's atlas, and the squares that EPU found on them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ptolemy_kedro.archive.epu.elements import Element
from ptolemy_kedro.archive.epu.geometry import Shape, fit_map
from ptolemy_kedro.archive.epu.microscope_image import pair, stage_position
from ptolemy_kedro.archive.epu.xml import read_xml
from ptolemy_kedro.geometry import StageMap

_FARTHEST_PX = 1e6
_READOUT = "AcquisitionSettings/camera/ReadoutArea"


@dataclass(frozen=True)
class Node:
    """A square that EPU found on an atlas.

    Attributes:
        node_id: EPU's number, which is the square's.
        atlas_xy: Centre in pixels of the atlas.
        atlas_size_px: Edge in pixels of the atlas.
        stage_um: (x, y) when the atlas was taken.
        aligned_um: (x, y) once the grid was found again for the session; None where it was not.
        category: EPU's group of like squares.
        tile_id: The tile that it is best seen on.
        tile_xy: Centre in pixels of that tile; None where the file does not say.
        tile_size_px: Edge in pixels of that tile.
    """

    node_id: str
    atlas_xy: tuple[float, float]
    atlas_size_px: float | None
    stage_um: tuple[float, float]
    aligned_um: tuple[float, float] | None
    category: str | None
    tile_id: str
    tile_xy: tuple[float, float] | None
    tile_size_px: float | None


@dataclass(frozen=True)
class AtlasTile:
    """A tile: its image without suffix, stage (x, y, z) when taken [um], far corner on the atlas [px]."""

    tile_id: str
    image_name: str | None
    stage_um: tuple[float, float, float | None]
    far_corner_xy: tuple[float, float]


@dataclass(frozen=True)
class Atlas:
    """A grid's atlas.

    Attributes:
        storage_folder: Where it was written, on the machine that did.
        image_name: The stitched image, without suffix.
        tile_readout: Shape of the tiles as read out.
        tiles: In the order of the file.
        nodes: The squares found.
    """

    storage_folder: str
    image_name: str | None
    tile_readout: Shape | None
    tiles: tuple[AtlasTile, ...]
    nodes: tuple[Node, ...]

    @property
    def extent(self) -> Shape | None:
        """Rows and columns that hold all tiles and squares, pixels of the atlas; None of an empty atlas."""
        corners = [tile.far_corner_xy for tile in self.tiles] + [node.atlas_xy for node in self.nodes]
        if not corners:
            return None
        width, height = np.ceil(np.max(corners, axis=0)).astype(int)
        return (int(height), int(width)) if min(width, height) > 0 else None

    @property
    def alignment(self) -> StageMap:
        """Takes stage positions from when the atlas was taken to the session, when the grid lay anew."""
        aligned = [node for node in self.nodes if node.aligned_um]
        before = np.array([node.stage_um for node in aligned], dtype=float).reshape(-1, 2)
        after = np.array([node.aligned_um for node in aligned], dtype=float).reshape(-1, 2)
        fitted = fit_map(before, after)
        if fitted:
            return fitted[0]
        return StageMap(np.eye(2), (after - before).mean(axis=0) if len(aligned) else np.zeros(2))


def read_atlas(path: Path, name: str) -> Atlas:
    """Read an ``Atlas.dm``; raises ``VendorFileError`` where it is no such file, or damaged."""
    return atlas(read_xml(path, name, "AtlasSessionXml"))


def atlas(root: Element) -> Atlas:
    """Take an atlas out of its elements; raises ``VendorFileError`` naming what is wrong."""
    held = root.need("Atlas")
    tiles = held.items("TilesEfficient/_items") or held.items("Tiles/_items")
    nodes = [_node(value, tile) for tile in tiles for _, value in tile.entries("Nodes/KeyValuePairs")]
    return Atlas(
        storage_folder=root.string("StorageFolder") or "",
        image_name=held.string("AtlasImageReference/BaseFileName"),
        tile_readout=_shape(held.find(_READOUT)),
        tiles=tuple(_tile(tile) for tile in tiles),
        nodes=tuple({node.node_id: node for node in nodes}.values()),
    )


def _tile(found: Element) -> AtlasTile:
    place = found.need("AtlasPixelPosition")
    x, y, width, height = (place.need_number(name, _FARTHEST_PX) for name in ("x", "y", "width", "height"))
    return AtlasTile(
        tile_id=str(found.need("Id").as_whole()),
        image_name=found.string("TileImageReference/BaseFileName"),
        stage_um=stage_position(found.need("StagePosition")),
        far_corner_xy=(x + width, y + height),
    )


def _node(found: Element, tile: Element) -> Node:
    on_atlas = found.need("PositionOnTheAtlas")
    tile_id = str(tile.need("Id").as_whole())
    seen = [place for place in found.items("TilePositions/_items") if place.string("TileId") == tile_id]
    on_tile = seen[0].find("NodePosition") if seen else None
    return Node(
        node_id=str(found.need("Id").as_whole()),
        atlas_xy=_centre(on_atlas),
        atlas_size_px=_edge(on_atlas),
        stage_um=stage_position(found.need("StagePosition"))[:2],
        aligned_um=_aligned(found.find("AlignedStagePosition")),
        category=found.string("Category"),
        tile_id=tile_id,
        tile_xy=_centre(on_tile) if on_tile else None,
        tile_size_px=_edge(on_tile) if on_tile else None,
    )


def _centre(place: Element) -> tuple[float, float]:
    centre = place.need("Center")
    return centre.need_number("x", _FARTHEST_PX), centre.need_number("y", _FARTHEST_PX)


def _edge(place: Element) -> float | None:
    size = pair(place.find("Size"), "width", "height")
    return float(np.sqrt(size[0] * size[1])) if size and min(size) > 0 else None


def _aligned(position: Element | None) -> tuple[float, float] | None:
    x, y = stage_position(position)[:2] if position else (0.0, 0.0)
    return (x, y) if (x, y) != (0.0, 0.0) else None


def _shape(area: Element | None) -> Shape | None:
    size = pair(area, "height", "width")
    return (int(size[0]), int(size[1])) if size is not None and 1 <= min(size) <= max(size) < 1e6 else None
