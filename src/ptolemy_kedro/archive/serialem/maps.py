"""Maps of a navigator as images: where they lie, how large their pixels are, and what makes their pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ptolemy_kedro.archive.images import Pixels
from ptolemy_kedro.archive.serialem import kinds
from ptolemy_kedro.archive.serialem.mdoc import Mdoc, MdocSection
from ptolemy_kedro.archive.serialem.montage import find_montage
from ptolemy_kedro.archive.serialem.navigator import Item, MapFrame
from ptolemy_kedro.archive.serialem.stack import Stack
from ptolemy_kedro.geometry import StageMap, stage_columns

_DIFFERS = 0.02


@dataclass(frozen=True)
class MapImage:
    """A map as an image.

    Attributes:
        item: The navigator's.
        shape: (rows, cols) [px] as it will be stored.
        full_shape: The same at the detector's pixels as read out.
        stage_map: Pixels as stored to the stage.
        pixel_size_a: Edge of a pixel as stored [A].
        bottom_first: Is the first row stored the lowest one displayed?
        kind: Of image.
        source: The file to take as it is, or what makes the pixels; None where the file is missing.
        mdoc: What the image's metadata say of it.
    """

    item: Item
    shape: tuple[int, int]
    full_shape: tuple[int, int]
    stage_map: StageMap
    pixel_size_a: float
    bottom_first: bool
    kind: str
    source: Path | Callable[[], Pixels] | None
    mdoc: MdocSection | None


def map_image(item: Item, stack: Stack | None, mdoc: Mdoc | None) -> MapImage:
    """Make an image of a map.

    Args:
        item: The map.
        stack: Its file; None where it is missing: the map is described as the navigator showed it.
        mdoc: The file's metadata, if there are any.

    Raises:
        VendorFileError: The item, or the metadata, lacks what is needed.
        ImageError: The file has no such section.
    """
    frame = item.map_frame()
    section = _section_of(item)
    if stack is None:
        shown = frame.size[::-1]
        factor = max(1, round(frame.reduction))
        stored = (shown[0] * factor, shown[1] * factor)
        return _image(item, frame, shown, stored, True, None, None, mdoc, section)
    if item.section.whole("MapMontage") and stack.sections > 1:
        montage = find_montage(stack, mdoc, section)
        size = _pixel_size(mdoc, section, stack, montage.reduction)
        return _image(
            item, frame, montage.shape, montage.full_shape, True, montage.assemble, size, mdoc, section
        )
    if section >= stack.sections:
        raise item.section.fault(
            f"MapSection is {section}, and {stack.name} holds {stack.sections}", "MapSection"
        )
    source = stack.path if stack.sections == 1 else partial(stack.read, section)
    size = _pixel_size(mdoc, section, stack, 1)
    return _image(item, frame, stack.shape, stack.shape, stack.bottom_first, source, size, mdoc, section)


def _image(
    item: Item,
    frame: MapFrame,
    shape: tuple[int, int],
    full_shape: tuple[int, int],
    bottom_first: bool,
    source: Path | Callable[[], Pixels] | None,
    pixel_size_a: float | None,
    mdoc: Mdoc | None,
    section: int,
) -> MapImage:
    _need_same_proportions(item, frame, full_shape)
    whole = frame.stage_map(full_shape, bottom_first)
    stage_map = reduced_map(whole, full_shape, shape)
    by_map = float(np.sqrt(abs(np.linalg.det(stage_map.matrix)))) * 1e4
    size = pixel_size_a or by_map
    kind = kinds.image_kind(shape, by_map, bool(item.section.whole("MapMontage")))
    described = section_of(mdoc, section) if mdoc else None
    return MapImage(item, shape, full_shape, stage_map, size, bottom_first, kind, source, described)


def _need_same_proportions(item: Item, frame: MapFrame, shape: tuple[int, int]) -> None:
    """See that a file is the map's, and not another one of the same name."""
    width, height = frame.size
    if abs(shape[1] / shape[0] * height / width - 1) > _DIFFERS + 1 / min(width, height):
        raise item.section.fault(
            f"the map is {width} x {height} pixels wide and high, its file {shape[1]} x {shape[0]}; is it "
            "another file of this name?",
            "MapWidthHeight",
        )


def reduced_map(stage_map: StageMap, full_shape: tuple[int, int], shape: tuple[int, int]) -> StageMap:
    """The map of an image that was reduced by a whole factor from its first pixel on."""
    factor = full_shape[0] // shape[0]
    if factor == 1:
        return stage_map
    first = stage_map.matrix @ np.full(2, (factor - 1) / 2)
    return StageMap(stage_map.matrix * factor, stage_map.offset + first)


def section_of(mdoc: Mdoc, section: int) -> MdocSection | None:
    """What an .mdoc says of one image, or of the first piece of one montage, of its file."""
    for described in mdoc.of_kind("ZValue") + mdoc.of_kind("Image"):
        pieces = described.data.PieceCoordinates
        if section == (pieces[2] if pieces else described.data.ZValue or 0):
            return described
    return None


def rows_of(image: MapImage) -> dict[str, Any]:
    """The columns of the images table that geometry and metadata fill."""
    item = image.item
    assert item.stage_um is not None  # map_frame has seen to it
    row: dict[str, Any] = {
        "kind": image.kind,
        "rows_px": image.shape[0],
        "cols_px": image.shape[1],
        "readout_rows_px": image.full_shape[0],
        "readout_cols_px": image.full_shape[1],
        "pixel_size_a": image.pixel_size_a,
        **stage_columns(image.stage_map),
        "stage_x_um": item.stage_um[0],
        "stage_y_um": item.stage_um[1],
        "stage_z_um": item.stage_um[2],
    }
    tilt = item.section.number("MapTiltAngle")
    row["tilt_alpha_deg"] = tilt if tilt is not None and abs(tilt) <= 90 else None
    reduction = image.full_shape[0] // image.shape[0]
    row["binning"] = _binning(image, reduction)
    if image.mdoc:
        row |= described_by(image.mdoc)
    return row


def described_by(described: MdocSection) -> dict[str, Any]:
    """The columns of the images table that the metadata alone fill."""
    data = described.data
    shift = data.ImageShift or (None, None)
    tilt = data.TiltAngle if data.TiltAngle is not None and abs(data.TiltAngle) <= 90 else None
    row = {
        "tilt_alpha_deg": tilt,
        "defocus_um": data.Defocus,
        "image_shift_x_um": shift[0],
        "image_shift_y_um": shift[1],
    }
    return {key: value for key, value in row.items() if value is not None and np.isfinite(value)}


def whole_binning(binning: float | None, reduction: int) -> int | None:
    """The binning of a reduced image; None where the detector's is unknown, or less than one pixel."""
    whole = binning is not None and np.isfinite(binning) and binning >= 1 and binning == int(binning)
    return int(binning) * reduction if binning is not None and whole else None


def _binning(image: MapImage, reduction: int) -> int | None:
    binning = image.mdoc.data.Binning if image.mdoc else None
    if binning is None:
        binning = image.item.section.number("MontBinning") or image.item.section.number("MapBinning")
    return whole_binning(binning, reduction)


def _section_of(item: Item) -> int:
    section = item.section.whole("MapSection") or 0
    if section < 0:
        raise item.section.fault("MapSection is negative", "MapSection")
    return section


def _pixel_size(mdoc: Mdoc | None, section: int, stack: Stack, reduction: int) -> float | None:
    """The pixel size [A] as the metadata state it, else as the file does."""
    described = section_of(mdoc, section) if mdoc else None
    stated = described.data.PixelSpacing if described else None
    stated = stated or (mdoc.data.PixelSpacing if mdoc else None) or stack.pixel_size_a
    return stated * reduction if stated and np.isfinite(stated) and stated > 0 else None
