"""The images of a session: one row each of image, scope, camera and preset, joined."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ptolemy_kedro.archive.leginon.calibrations import Calibrations, Setup
from ptolemy_kedro.archive.leginon.database import Database
from ptolemy_kedro.archive.leginon.names import Name, kind_of, parse
from ptolemy_kedro.archive.leginon.rows import Row

_IMAGE = {
    "id": "DEF_id",
    "at": "DEF_timestamp",
    "file": "MRC|image",
    "name": "filename",
    "label": "label",
    "target": "REF|AcquisitionImageTargetData|target",
    "grid": "REF|GridData|grid",
    "tilt_series": "REF|TiltSeriesData|tilt series",
}
_SCOPE = {
    "magnification": "magnification",
    "tem": "REF|InstrumentData|tem",
    "voltage_v": "high tension",
    "defocus_m": "defocus",
    **{f"stage_{axis}_m": f"SUBD|stage position|{axis}" for axis in "xyz"},
    **{f"tilt_{axis}_rad": f"SUBD|stage position|{axis}" for axis in "ab"},
    **{f"image_shift_{axis}_m": f"SUBD|image shift|{axis}" for axis in "xy"},
    **{f"beam_shift_{axis}_m": f"SUBD|beam shift|{axis}" for axis in "xy"},
}
_CAMERA = {
    "camera": "REF|InstrumentData|ccdcamera",
    "cols": "SUBD|dimension|x",
    "rows": "SUBD|dimension|y",
    "binning_x": "SUBD|binning|x",
    "binning_y": "SUBD|binning|y",
}
_PRESET = {
    "preset": "name",
    "preset_tem": "REF|InstrumentData|tem",
    "preset_camera": "REF|InstrumentData|ccdcamera",
    "preset_magnification": "magnification",
    "preset_cols": "SUBD|dimension|x",
    "preset_rows": "SUBD|dimension|y",
    "preset_binning_x": "SUBD|binning|x",
    "preset_binning_y": "SUBD|binning|y",
    **{f"preset_shift_{axis}_m": f"SUBD|image shift|{axis}" for axis in "xy"},
}
_PARTS = (
    ("scope", "ScopeEMData", _SCOPE),
    ("camera", "CameraEMData", _CAMERA),
    ("preset", "PresetData", _PRESET),
)

Pair = tuple[float | None, float | None]


@dataclass(frozen=True)
class Taken:
    """An image as the database has it, in the project's units.

    Attributes:
        row_id: Its ``DEF_id``.
        file: Name of its file.
        name: Its name, and in parts.
        kind: tile, square, medium, hole, exposure or focus.
        target, grid: Ids of the rows, or None.
        in_tilt_series: Is it one of a tilt series?
        shape: (rows, cols) as read out [px], or None.
        binning: (rows, cols).
        setup: Magnification, microscope, camera.
        pixel_a: Edge of a pixel as read out [A], or None; ``pixel_later`` if calibrated only afterwards.
        stage_um, tilt_deg, image_shift_um, beam_shift_um, defocus_um, voltage_kv: As recorded.
        moved_um: Image shift beyond the preset's own, (x, y).
        at: When it was taken (UTC).
    """

    row_id: int
    file: str
    name: str
    parts: Name
    kind: str
    target: int | None
    grid: int | None
    in_tilt_series: bool
    shape: tuple[int, int] | None
    binning: tuple[int, int]
    setup: Setup
    pixel_a: float | None
    pixel_later: bool
    stage_um: tuple[float | None, float | None, float | None]
    tilt_deg: Pair
    image_shift_um: Pair
    beam_shift_um: Pair
    moved_um: tuple[float, float]
    defocus_um: float | None
    voltage_kv: float | None
    at: datetime | None


def read_images(
    database: Database, session_row: int, session: str, calibrations: Calibrations
) -> Iterator[Taken]:
    """Give the images of a session in the order they were taken.

    Args:
        database: The database.
        session_row: The session's ``DEF_id``.
        session: Its name, with which image names begin.
        calibrations: For the pixel sizes.
    """
    columns = {**_IMAGE, **_SCOPE, **_CAMERA, **_PRESET}
    for row in database.rows(_statement(database, session_row), "AcquisitionImageData", columns):
        yield _taken(row, session, calibrations)


def _statement(database: Database, session_row: int) -> sa.Select[Any]:
    image = database.table("AcquisitionImageData")
    columns, joined = database.labelled(image, _IMAGE), image
    for field, name, fields in _PARTS:
        reference = f"REF|{name}|{field}"
        if database.has(name) and reference in image.c:
            part = database.table(name)
            joined = joined.outerjoin(part, image.c[reference] == part.c["DEF_id"])
            columns += database.labelled(part, fields)
        else:
            columns += [sa.null().label(label) for label in fields]
    return (
        sa.select(*columns)
        .select_from(joined)
        .where(image.c["REF|SessionData|session"] == session_row)
        .order_by(image.c["DEF_id"])
    )


def _taken(row: Row, session: str, calibrations: Calibrations) -> Taken:
    file = row.text("file")
    name = row.text("name") or file.removesuffix(".mrc") or f"image{row.identity()}"
    setup = _either(row, "magnification"), _either(row, "tem"), _either(row, "camera")
    binning = (_either(row, "binning_y") or 1, _either(row, "binning_x") or 1)
    pixel = calibrations.pixel_um.find(setup, row.time("at"))
    pixel_a = None if pixel is None else pixel.value * 1e4 * binning[1]
    shape = _shape(row)
    field_um = None if pixel_a is None or shape is None else min(shape) * pixel_a * 1e-4
    parts = parse(name, session)
    shift = _um(row, "image_shift_{}_m")
    return Taken(
        row_id=row.identity(), file=file or f"{name}.mrc", name=name, parts=parts,
        kind=kind_of(parts, row.text("preset") or row.text("label"), field_um),
        target=row.whole("target"), grid=row.whole("grid"),
        in_tilt_series=row.whole("tilt_series") is not None,
        shape=shape, binning=binning, setup=setup,
        pixel_a=pixel_a, pixel_later=pixel is not None and pixel.later,
        stage_um=(*_um(row, "stage_{}_m"), _scaled(row.number("stage_z_m"), 1e6)),
        tilt_deg=(_degrees(row.number("tilt_a_rad")), _degrees(row.number("tilt_b_rad"))),
        image_shift_um=shift, beam_shift_um=_um(row, "beam_shift_{}_m"),
        moved_um=_moved(shift, _um(row, "preset_shift_{}_m")),
        defocus_um=_scaled(row.number("defocus_m"), 1e6),
        voltage_kv=_scaled(row.number("voltage_v"), 1e-3), at=row.time("at"),
    )  # fmt: skip


def _either(row: Row, field: str) -> int | None:
    """What the scope or the camera says, else the preset."""
    stated = row.whole(field)
    return row.whole(f"preset_{field}") if stated is None else stated


def _shape(row: Row) -> tuple[int, int] | None:
    rows, cols = _either(row, "rows"), _either(row, "cols")
    return (rows, cols) if rows is not None and cols is not None and rows > 0 and cols > 0 else None


def _um(row: Row, field: str) -> Pair:
    return _scaled(row.number(field.format("x")), 1e6), _scaled(row.number(field.format("y")), 1e6)


def _moved(shift: Pair, own: Pair) -> tuple[float, float]:
    x, y = ((a or 0.0) - (b or 0.0) for a, b in zip(shift, own, strict=True))
    return x, y


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None or not math.isfinite(value * factor) else value * factor


def _degrees(angle_rad: float | None) -> float | None:
    """A tilt in degrees; more than a right angle is none."""
    return None if angle_rad is None or abs(angle_rad) > math.pi / 2 else math.degrees(angle_rad)
