"""SerialEM navigator files: points, polygons and maps on the stage.

Source: SerialEM's manual, "File Formats", "Navigator Files".
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ptolemy_kedro.archive.serialem.autodoc import Section
from ptolemy_kedro.archive.serialem.autodoc_reading import read_autodoc
from ptolemy_kedro.errors import VendorFileError
from ptolemy_kedro.geometry import StageMap, StagePoints

KINDS = {0: "point", 1: "polygon", 2: "map"}


@dataclass(frozen=True)
class MapFrame:
    """How a map lies on the stage.

    Image coordinates have their origin in the upper left corner as displayed, y down, and are continuous: the
    image covers 0 .. width, 0 .. height.

    Attributes:
        scale: Stage to image [px/um]; rows x, y of the image; shape (2, 2).
        centre_um: Stage (x, y) of the image's middle.
        size: Width and height [px] of the image as the navigator showed it.
        reduction: Pixels of the file to one of these, along an edge.
    """

    scale: np.ndarray
    centre_um: tuple[float, float]
    size: tuple[int, int]
    reduction: float

    def stage_map(self, shape: tuple[int, int], bottom_first: bool) -> StageMap:
        """Map the pixels of a stored image to the stage.

        Args:
            shape: (rows, cols) [px] as stored.
            bottom_first: The first row stored is the lowest one displayed, as in MRC files.
        """
        step = np.linalg.inv(self.scale * self._pixels_to_one(shape))
        down = -1.0 if bottom_first else 1.0
        matrix = np.column_stack([down * step[:, 1], step[:, 0]])
        middle = (np.array(shape) - 1) / 2
        return StageMap(matrix, np.array(self.centre_um) - matrix @ middle)

    def _pixels_to_one(self, shape: tuple[int, int]) -> float:
        """Stored pixels to one of the navigator's; its sizes are rounded, its binnings are not."""
        ratio = shape[1] / self.size[0]
        return self.reduction if abs(self.reduction / ratio - 1) < 0.02 else ratio


@dataclass(frozen=True)
class Item:
    """An item of a navigator.

    Attributes:
        section: All that the file says of it.
        label: As shown; may repeat.
        kind: point, polygon or map.
        item_id: ``MapID``, which all items have in newer files; None where absent.
        drawn_on: ``item_id`` of the map it was drawn on; None where it was not.
        group: Items added together; None where it stands alone.
        acquire: Is it marked for acquisition?
        stage_um: (x, y, z); None for points given in pixels of their map only.
        outline_um: Its points (x, y); shape (n, 2).
        note: The operator's.
        in_map_px: (x, y) in pixels of its map's file, from the lower left corner; None where not given.
    """

    section: Section
    label: str
    kind: str
    item_id: int | None
    drawn_on: int | None
    group: int | None
    acquire: bool
    stage_um: tuple[float, float, float] | None
    outline_um: StagePoints
    note: str | None
    in_map_px: tuple[float, float] | None = None

    def map_frame(self) -> MapFrame:
        """How a map lies on the stage.

        Raises:
            VendorFileError: The item lacks what a map needs, or its matrix is singular.
        """
        section = self.section
        scale, size = section.numbers("MapScaleMat", 4), section.numbers("MapWidthHeight", 2)
        if scale is None or size is None or self.stage_um is None:
            raise section.fault("the map lacks MapScaleMat, MapWidthHeight or StageXYZ")
        if not 1e-12 < abs(scale[0] * scale[3] - scale[1] * scale[2]) < 1e18:
            raise section.fault("MapScaleMat is singular", "MapScaleMat")
        if not all(1 <= edge < 2**24 and edge == int(edge) for edge in size):
            raise section.fault("MapWidthHeight is no size in pixels", "MapWidthHeight")
        shown, stored = section.number("MapBinning") or 1.0, section.number("MontBinning") or 1.0
        reduction = shown / stored if shown > 0 and stored > 0 else 1.0
        return MapFrame(
            np.array(scale).reshape(2, 2), self.stage_um[:2], (int(size[0]), int(size[1])), reduction
        )


@dataclass(frozen=True)
class Navigator:
    """A navigator file: its name, and its items in their order."""

    file: str
    items: tuple[Item, ...]

    def of_kind(self, kind: str) -> list[Item]:
        """The points, the polygons or the maps."""
        return [item for item in self.items if item.kind == kind]


def read_navigator(path: Path, name: str | None = None) -> Navigator:
    """Read a navigator file, in its text or its XML form.

    Raises:
        VendorFileError: It cannot be read, or a value is none; names file and line.
    """
    autodoc = read_autodoc(path, name)
    items = tuple(_item(section) for section in autodoc.sections if section.kind == "Item")
    if not items and (autodoc.sections or "AdocVersion" not in autodoc.head.values):
        raise VendorFileError(f"{autodoc.file} has no [Item = ..], no AdocVersion. Is it a navigator file?")
    return Navigator(autodoc.file, items)


def _item(section: Section) -> Item:
    code = section.whole("Type")
    if code is None or code not in KINDS:
        raise section.fault(f"Type is {section.text('Type')!r}, not 0, 1 or 2", "Type")
    in_map = section.numbers("CoordsInMap", 3)
    return Item(
        section,
        " ".join(section.name.split()),
        KINDS[code],
        section.whole("MapID"),
        section.whole("DrawnID") or None,
        section.whole("GroupID") or None,
        bool(section.whole("Acquire")),
        _stage(section, in_map is not None),
        _outline(section),
        section.text("Note"),
        (in_map[0], in_map[1]) if in_map else None,
    )


def _stage(section: Section, is_in_map: bool) -> tuple[float, float, float] | None:
    stage = section.numbers("StageXYZ", 3)
    if stage is None and not is_in_map:
        raise section.fault("the item has no StageXYZ")
    return (stage[0], stage[1], stage[2]) if stage else None


def _outline(section: Section) -> StagePoints:
    x, y = section.numbers("PtsX") or (), section.numbers("PtsY") or ()
    count = section.whole("NumPts")
    if len(x) != len(y) or (count is not None and count != len(x)):
        raise section.fault(f"NumPts is {count}, and there are {len(x)} PtsX and {len(y)} PtsY", "NumPts")
    return np.column_stack([x, y]) if x else np.zeros((0, 2))
