"""Images that no navigator names, known from their metadata alone: exposures at targets, and others."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ptolemy_kedro.archive.importing.frame import LeftOut
from ptolemy_kedro.archive.importing.source import as_id
from ptolemy_kedro.archive.serialem import kinds
from ptolemy_kedro.archive.serialem.folder import SessionFolder
from ptolemy_kedro.archive.serialem.maps import described_by
from ptolemy_kedro.archive.serialem.mdoc import Mdoc, MdocSection, taken_at, taken_in
from ptolemy_kedro.archive.serialem.sites import Site
from ptolemy_kedro.archive.serialem.stack import Stack, open_stack
from ptolemy_kedro.errors import ImageError, VendorFileError

if TYPE_CHECKING:
    from ptolemy_kedro.archive.serialem.session import Draft

Targets = dict[str, list[tuple[str, Site]]]
"""Targets by label: id and site, several where labels repeat."""

_TILTS = 4
_TILTED_DEG = 2.0


def times_by_label(mdocs: Iterable[Mdoc]) -> dict[str, datetime]:
    """Labels of the items at which images were taken, each with its first time, ``datetime.max`` if unknown.

    Raises:
        VendorFileError: A time is none.
    """
    times: dict[str, datetime] = {}
    for mdoc in mdocs:
        for section in mdoc.sections:
            label = section.data.NavigatorLabel
            if label:
                time = taken_at(section.section) or datetime.max
                times[label] = min(times.get(label, time), time)
    return times


def add_shots(
    mdocs: list[tuple[Path, Mdoc]], targets: Targets, grid_id: str, folder: SessionFolder, draft: "Draft"
) -> list[LeftOut]:
    """Add the images of metadata that belong to no map.

    Args:
        mdocs: With their paths.
        targets: By label.
        grid_id: Of images that were taken at no target.
        folder: The session's files.
        draft: Takes images and exposures.

    Returns:
        What is no exposure.
    """
    left_out = []
    for path, mdoc in mdocs:
        why = _no_shot(mdoc)
        if why:
            left_out.append(LeftOut(mdoc.file, why))
            continue
        try:
            _add_shot(path, mdoc, targets, grid_id, folder, draft)
        except (VendorFileError, ImageError) as failure:
            folder.give_up(mdoc.file, failure)
    return left_out


def _no_shot(mdoc: Mdoc) -> str | None:
    tilts = [section.data.TiltAngle for section in mdoc.of_kind("ZValue")]
    known = [tilt for tilt in tilts if tilt is not None]
    if len(known) >= _TILTS and np.ptp(known) > _TILTED_DEG:
        return "a tilt series"
    if len(mdoc.of_kind("FrameSet")) == 0 and len(mdoc.of_kind("ZValue")) != 1:
        return "several images that no navigator names"
    return None


def _add_shot(
    path: Path, mdoc: Mdoc, targets: Targets, grid_id: str, folder: SessionFolder, draft: "Draft"
) -> None:
    section = (mdoc.of_kind("FrameSet") or mdoc.of_kind("ZValue"))[0]
    name = Path(path.stem).stem if Path(path.stem).suffix else path.stem
    stack = image_beside(path)
    target = _target_of(section, targets)
    row = _row(mdoc, section, stack)
    image_id = None
    if row:
        image_id = draft.image_id(name)
        row |= {"image_id": image_id, "grid_id": grid_id, "viewed": False}
        row |= parent_of(section, targets, draft)
        if stack and stack.sections == 1:
            row["file"] = draft.add_file(image_id, stack.path)
        row["taken_at"] = taken_in(section.section, folder.reading.zone)
        draft.images[image_id] = row
    if target and (row is None or row["kind"] == "exposure"):
        exposure_id = as_id(image_id or name)
        draft.exposures.append({"exposure_id": exposure_id, "target_id": target[0], "image_id": image_id})


def parent_of(section: MdocSection, targets: Targets, draft: "Draft") -> dict[str, Any]:
    """The columns of an image that its target fills; empty where it names none."""
    target = _target_of(section, targets)
    if target is None:
        return {}
    parent = next(key for key, image in draft.maps.items() if image is target[1].image)
    return {"parent_id": parent, "grid_id": draft.images[parent]["grid_id"]}


def image_beside(path: Path) -> Stack | None:
    """Look at the image beside its metadata; None where it is not there.

    Raises:
        ImageError: It is no image.
    """
    image = path.with_suffix("")
    return open_stack(image, image.name) if image.is_file() else None


def _row(mdoc: Mdoc, section: MdocSection, stack: Stack | None) -> dict[str, Any] | None:
    """The image's columns; None where nobody says how large it is."""
    shape = stack.shape if stack else _stated_shape(mdoc, section)
    spacing = section.data.PixelSpacing or mdoc.data.PixelSpacing
    spacing = spacing if spacing and np.isfinite(spacing) and spacing > 0 else None
    if shape is None or min(shape) < 1:
        return None
    stage = section.data.StagePosition or (None, None)
    frames = section.kind == "FrameSet" or spacing is None
    return {
        "kind": "exposure" if frames or spacing is None else kinds.image_kind(shape, spacing),
        "rows_px": shape[0],
        "cols_px": shape[1],
        "pixel_size_a": spacing,
        "stage_x_um": stage[0],
        "stage_y_um": stage[1],
        "stage_z_um": section.data.StageZ,
        **described_by(section),
    }


def _stated_shape(mdoc: Mdoc, section: MdocSection) -> tuple[int, int] | None:
    """(rows, cols) [px] as the metadata state it; frames state it negative where they were not rotated."""
    if mdoc.data.ImageSize:
        return mdoc.data.ImageSize[1], mdoc.data.ImageSize[0]
    size = section.section.numbers("UncroppedSize", 2)
    return (int(abs(size[1])), int(abs(size[0]))) if size else None


def _target_of(section: MdocSection, targets: Targets) -> tuple[str, Site] | None:
    """The target that an image names; where labels repeat, the nearest."""
    named = targets.get(section.data.NavigatorLabel or "", [])
    stage = section.data.StagePosition
    if len(named) < 2 or stage is None:
        return named[0] if named else None

    def apart(one: tuple[str, Site]) -> float:
        at = one[1].item.stage_um
        return float(np.hypot(at[0] - stage[0], at[1] - stage[1])) if at else np.inf

    return min(named, key=apart)
