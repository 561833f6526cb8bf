"""``GridSquare_*.dm``: one square of the grid, the holes that EPU found in it, and what became of each."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.epu.elements import Element
from ptolemy_kedro.archive.epu.microscope_image import pair, stage_position
from ptolemy_kedro.archive.epu.xml import read_xml

_FARTHEST_PX = 1e6


@dataclass(frozen=True)
class Shot:
    """An exposure that EPU took of a hole: the image's name without suffix, and the area of the template."""

    name: str
    area_id: str | None


@dataclass(frozen=True)
class Hole:
    """A hole that EPU found in the image of a square.

    Attributes:
        hole_id: EPU's number.
        centre_xy: In EPU's pixels of the square's image.
        width_px: In the same.
        stage_um: (x, y).
        intensity: Mean of the pixels in it; None where EPU did not measure it.
        near_bar: EPU's filter holds it to be too near to a grid bar.
        selected: Marked to be visited; most marks are what the filters left, not an operator's choice.
        state: EPU's word.
        order: Place in the queue.
        shots: Exposures taken.
    """

    hole_id: str
    centre_xy: tuple[float, float]
    width_px: float | None
    stage_um: tuple[float, float]
    intensity: float | None
    near_bar: bool
    selected: bool
    state: str | None
    order: int | None
    shots: tuple[Shot, ...]

    @property
    def visited(self) -> bool:
        """Whether EPU has been there, or is there now."""
        return bool(self.shots) or self.state in ("Completed", "InProgress")


@dataclass(frozen=True)
class GridSquare:
    """A square of the grid.

    Attributes:
        square_id: EPU's number.
        node_id: The square's number in the atlas.
        image_name: The image, without suffix, that the holes lie on; None where none was taken.
        centre_um: Stage (x, y, z).
        selected: Marked to be visited.
        unusable: EPU gave it up.
        recommended: Chosen by EPU, not by an operator; None where EPU does not say.
        state: EPU's word.
        order: Place in the queue.
        outline_xy: The square's outline in EPU's pixels of its image; shape (n, 2), n may be 0.
        holes: In the order of the file.
    """

    square_id: str
    node_id: str
    image_name: str | None
    centre_um: tuple[float, float, float | None] | None
    selected: bool
    unusable: bool
    recommended: bool | None
    state: str | None
    order: int | None
    outline_xy: NDArray[np.float64]
    holes: tuple[Hole, ...]

    @property
    def considered(self) -> bool:
        """Whether someone worked in it: it is selected, or a hole of it was visited."""
        return self.selected or any(hole.visited for hole in self.holes)


def read_grid_square(path: Path, name: str) -> GridSquare:
    """Read a ``GridSquare_*.dm``; raises ``VendorFileError`` where it is no such file, or damaged."""
    return grid_square(read_xml(path, name, "GridSquareXml"))


def grid_square(root: Element) -> GridSquare:
    """Take a square out of its elements; raises ``VendorFileError`` naming what is wrong."""
    square_id = str(root.need("Id").as_whole())
    position = root.find("Position")
    return GridSquare(
        square_id=square_id,
        node_id=str(root.whole("AtlasNodeId") or square_id),
        image_name=root.string("Image/BaseFileName"),
        centre_um=stage_position(position) if position else None,
        selected=root.truth("Selected") or False,
        unusable=root.truth("Unusable") or False,
        recommended=root.truth("IsRecommendedSelection"),
        state=root.string("State"),
        order=_order(root),
        outline_xy=_outline(root),
        holes=_holes(root),
    )


def _holes(root: Element) -> tuple[Hole, ...]:
    held = root.find("TargetLocations")
    if held is None:
        return ()
    entries = list(held.entries("TargetLocationsEfficient/m_serializationArray"))
    entries = entries or list(held.entries("TargetLocations/m_serializationArray"))
    holes = [_hole(value) for _, value in entries]
    return tuple({hole.hole_id: hole for hole in holes}.values())


def _hole(found: Element) -> Hole:
    centre = found.need("PixelCenter")
    width = found.number("PixelWidthHeight/width", _FARTHEST_PX)
    x, y, _ = stage_position(found.need("StagePosition"))
    return Hole(
        hole_id=str(found.need("Id").as_whole()),
        centre_xy=(centre.need_number("x", _FARTHEST_PX), centre.need_number("y", _FARTHEST_PX)),
        width_px=width if width and width > 0 else None,
        stage_um=(x, y),
        intensity=found.number("FilterProperties/PixelIntensityMean"),
        near_bar=found.truth("IsNearGridBar") or False,
        selected=found.truth("Selected") or False,
        state=found.string("State"),
        order=_order(found),
        shots=_shots(found),
    )


def _shots(found: Element) -> tuple[Shot, ...]:
    taken = [value for _, value in found.entries("ParticleAcquisitions/KeyValuePairs")]
    named = [(shot.string("Image/BaseFileName"), shot.string("DataAcquisitionAreaId")) for shot in taken]
    return tuple(Shot(name, area) for name, area in named if name)


def _outline(root: Element) -> NDArray[np.float64]:
    corners = [pair(corner, "x", "y") for corner in root.items("GridSquareShape/vertices")]
    return np.array([corner for corner in corners if corner], dtype=float).reshape(-1, 2)


def _order(found: Element) -> int | None:
    order = found.whole("Order")
    return order if order is not None and order >= 0 else None
