"""The images of an atlas, whole and tile by tile, placed on the stage by the squares that EPU found."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.epu.atlas import Atlas, AtlasTile, Node
from ptolemy_kedro.archive.epu.geometry import Matrix, Shape, centred_map, fit_map, followed_by, rms_um
from ptolemy_kedro.archive.epu.inventory import ImageFiles, pixel_files
from ptolemy_kedro.archive.epu.pictures import Picture, PictureReader
from ptolemy_kedro.archive.importing.source import as_id
from ptolemy_kedro.geometry import StageMap

_ENOUGH_NODES = 4


def atlas_picture(atlas: Atlas, folder: dict[str, list[Path]], reader: PictureReader) -> Picture | None:
    """Place the stitched atlas; None where the file names none, or nothing tells its shape.

    Args:
        atlas: The atlas.
        folder: Files beside ``Atlas.dm`` by their names without suffix.
        reader: Takes what is wrong.
    """
    if atlas.image_name is None or atlas.extent is None:
        return None
    picture = _read(atlas.image_name, "atlas", folder, reader, atlas.extent)
    if picture is None:
        return None
    if picture.record is None and np.less(picture.stored, atlas.extent).any():
        reader.faults.leave_out(picture.image_id, "a thumbnail, and nothing tells of how large an image")
        picture = replace(picture, path=None, stored=atlas.extent, readout=atlas.extent)
    points = picture.points(np.array([node.atlas_xy for node in atlas.nodes]))
    fitted = fit_map(points, _stage_um(atlas.nodes, atlas.alignment))
    if fitted is None:
        return _aligned(picture, atlas.alignment)
    return replace(picture, placed=fitted[0], pixel_size_a=picture.pixel_size_a or _pixel_size_a(fitted[0]))


def tile_pictures(
    atlas: Atlas, folder: dict[str, list[Path]], reader: PictureReader, parent_id: str | None
) -> Iterator[tuple[AtlasTile, Picture]]:
    """Place the tiles whose shape is known; arguments as in ``atlas_picture``."""
    common = _common_step(atlas)
    for tile in atlas.tiles:
        name = tile.image_name
        picture = _read(name, "tile", folder, reader, atlas.tile_readout) if name else None
        if picture is not None:
            nodes = [node for node in atlas.nodes if node.tile_id == tile.tile_id and node.tile_xy]
            placed = replace(_place_tile(picture, tile, nodes, common), parent_id=parent_id)
            yield tile, _aligned(placed, atlas.alignment)


def _read(
    name: str, kind: str, folder: dict[str, list[Path]], reader: PictureReader, otherwise: Shape | None
) -> Picture | None:
    """Read an image beside ``Atlas.dm``; without ``.xml`` and pixels it has the shape ``otherwise``."""
    paths = folder.get(name, [])
    xml = next((path for path in paths if path.suffix.lower() == ".xml"), None)
    if xml:
        return reader.read(ImageFiles(name, kind, "", None, None, "", xml, pixel_files(paths)), as_id(name))
    path, stored = reader.pixels(pixel_files(paths))
    if path is None:
        reader.absent.append(name)
    readout = (otherwise if kind == "tile" else None) or stored or otherwise
    return Picture(as_id(name), kind, path, stored or readout, readout) if readout else None


def _place_tile(picture: Picture, tile: AtlasTile, nodes: list[Node], common: Matrix | None) -> Picture:
    """Take, of the maps there are, the one that places the tile's squares best."""
    points = picture.points(np.array([node.tile_xy for node in nodes]))
    stage = np.array([node.stage_um for node in nodes], dtype=float).reshape(-1, 2)
    fitted = fit_map(points, stage) if len(nodes) >= _ENOUGH_NODES else None
    maps = [fitted[0]] if fitted else []
    maps += [picture.placed] if picture.placed else []
    if common is not None:
        maps.append(centred_map(common, tile.stage_um[:2], picture.readout, picture.stored))
    if not maps:
        return picture
    best = min(maps, key=lambda placed: rms_um(placed, points, stage))
    return replace(picture, placed=best, pixel_size_a=picture.pixel_size_a or _pixel_size_a(best))


def _common_step(atlas: Atlas) -> Matrix | None:
    """Fit one matrix for all tiles, from their squares' distances to their centres."""
    if atlas.tile_readout is None:
        return None
    centres = {tile.tile_id: tile.stage_um[:2] for tile in atlas.tiles}
    nodes = [node for node in atlas.nodes if node.tile_xy and node.tile_id in centres]
    middle_xy = np.array(atlas.tile_readout[::-1]) / 2
    points = np.array([node.tile_xy for node in nodes], dtype=float).reshape(-1, 2) - middle_xy
    away = np.array([np.subtract(node.stage_um, centres[node.tile_id]) for node in nodes]).reshape(-1, 2)
    fitted = fit_map(points, away)
    return fitted[0].matrix if fitted else None


def _stage_um(nodes: tuple[Node, ...], alignment: StageMap) -> NDArray[np.float64]:
    before = np.array([node.stage_um for node in nodes], dtype=float).reshape(-1, 2)
    after = alignment.to_stage(before)
    for number, node in enumerate(nodes):
        if node.aligned_um:
            after[number] = node.aligned_um
    return after


def _aligned(picture: Picture, alignment: StageMap) -> Picture:
    return picture.with_map(followed_by(picture.placed, alignment)) if picture.placed else picture


def _pixel_size_a(placed: StageMap) -> float:
    return float(np.sqrt(abs(np.linalg.det(placed.matrix))) * 1e4)
