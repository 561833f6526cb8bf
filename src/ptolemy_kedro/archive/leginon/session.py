"""Read one session of a Leginon database."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

import pandas as pd

from ptolemy_kedro.archive.importing.frame import Imported, LeftOut
from ptolemy_kedro.archive.importing.source import as_id
from ptolemy_kedro.archive.leginon.calibrations import Calibrations
from ptolemy_kedro.archive.leginon.candidates import candidate_rows
from ptolemy_kedro.archive.leginon.database import Database
from ptolemy_kedro.archive.leginon.files import SessionFiles
from ptolemy_kedro.archive.leginon.grids import Grids
from ptolemy_kedro.archive.leginon.image_rows import image_rows
from ptolemy_kedro.archive.leginon.images import Taken, read_images
from ptolemy_kedro.archive.leginon.outcomes import read_outcomes
from ptolemy_kedro.archive.leginon.places import Places
from ptolemy_kedro.archive.leginon.reading import Reading, Rows, SessionKey
from ptolemy_kedro.archive.leginon.site_rows import exposure_rows, target_rows
from ptolemy_kedro.archive.leginon.stored import stored
from ptolemy_kedro.archive.leginon.targets import Aim, read_targets

Value = TypeVar("Value")

SIMULATED = "origin: simulated"
"""What the comment of a session begins with that no microscope took."""


def read_session(
    database: Database, appion: list[Database], key: SessionKey, calibrations: Calibrations, stamp: str
) -> Imported:
    """Read a session; its rows are in memory at a time, its images are not.

    Raises:
        VendorFileError: The database went away, or a row of it is broken.
    """
    for place in (database, *appion):
        place.forget_complaints()
    reading = Reading(key, read_targets(database, key.row_id), Places(calibrations))
    _take_images(reading, database, calibrations)
    grids = Grids(database, (image.taken for image in reading.images.values()))
    targets = target_rows(reading)
    exposures, exposure_of = exposure_rows(reading)
    rows: dict[str, Rows] = {
        "sessions": [_session_row(database, reading)],
        "images": image_rows(reading, grids, _viewed(database, reading)),
        "grids": grids.rows(),
        "targets": targets + candidate_rows(database, reading),
        "exposures": exposures,
        "outcomes": list(read_outcomes(database, appion, exposure_of)),
    }
    tables = {name: pd.DataFrame(found) for name, found in rows.items() if found}
    complaints = [line for place in (database, *appion) for line in place.complaints or ()]
    files = {image.path.name: image.path for image in reading.images.values() if image.path is not None}
    return Imported(
        key.session_id, tables, {**files}, _left_out(reading), (*_warnings(reading), *complaints), stamp
    )


def _take_images(reading: Reading, database: Database, calibrations: Calibrations) -> None:
    """Fill in the images that are kept, their ids and their maps."""
    files = SessionFiles(database.source, reading.key.image_path)
    if not database.source.options.permissive:
        files.need()
    used: Counter[str] = Counter()
    for image in read_images(database, reading.key.row_id, reading.key.name, calibrations):
        aim = reading.targets.of(image.target)
        why = _unwanted(image, aim)
        found = None if why else stored(image, files)
        if found is None:
            reading.leave_out(image.name, why or "image of unknown shape")
            continue
        if found.path is None:
            reading.leave_out(image.file, found.why)
        name = as_id(image.name)
        used[name] += 1
        reading.ids[image.row_id] = name if used[name] == 1 else as_id(f"{name[:180]}-{image.row_id}")
        reading.images[image.row_id] = found
        reading.places.add(image, reading.site_um(aim))


def _unwanted(image: Taken, aim: Aim | None) -> str:
    if image.kind == "focus" or (aim is not None and aim.kind == "focus"):
        return "image taken to focus"
    return "image of a tilt series" if image.in_tilt_series else ""


def _viewed(database: Database, reading: Reading) -> set[int]:
    """Images in which someone targeted, or was shown what to target and chose nothing."""
    viewed = {aim.image for aim in reading.targets.aims.values()}
    here = {"REF|SessionData|session": (reading.key.row_id, reading.key.row_id)}
    fields = {"image": "REF|AcquisitionImageData|image"}
    lists = (row.whole("image") for row in database.all("ImageTargetListData", fields, here))
    return viewed | {image for image in lists if image is not None}


def _session_row(database: Database, reading: Reading) -> dict[str, object]:
    """One row of ``tables.Sessions``: the instruments and the voltage of its first image that states them."""
    images = [image.taken for image in reading.images.values()]
    names = {row.identity(): row.text("name") for row in database.all("InstrumentData", {"name": "name"})}
    microscope, camera = 1, 2
    return {
        "session_id": reading.key.session_id,
        "microscope": _first(names.get(image.setup[microscope] or 0) for image in images),
        "detector": _first(names.get(image.setup[camera] or 0) for image in images),
        "voltage_kv": _first(image.voltage_kv for image in images),
        "software": "Leginon",
        "started_at": min((image.at for image in images if image.at is not None), default=None),
        "origin": "simulated" if reading.key.comment.startswith(SIMULATED) else "real",
    }


def _first(values: Iterable[Value | None]) -> Value | None:
    return next((value for value in values if value), None)


def _left_out(reading: Reading) -> tuple[LeftOut, ...]:
    """One entry a reason: how many, and the first."""
    said = [
        LeftOut(names[0] if len(names) == 1 else f"{len(names):,} ({names[0]}, ..)", why)
        for why, names in reading.gone.items()
    ]
    for kind, count in reading.targets.others.items():
        said.append(LeftOut(f"{count:,} targets", f"of the type {kind}"))
    if reading.targets.superseded:
        said.append(LeftOut(f"{reading.targets.superseded:,} targets", "a later version replaces them"))
    return tuple(said)


def _warnings(reading: Reading) -> tuple[str, ...]:
    images = [image.taken for image in reading.images.values()]
    said = [
        f"magnification {magnification}: no stage matrix; images are taken as not rotated against the stage"
        for magnification in _sorted(reading.places.unrotated)
    ]
    said += [
        f"magnification {magnification}: image shift is not calibrated; images lie where they were aimed"
        for magnification in _sorted(reading.places.unshifted)
    ]
    later = {image.setup[0] for image in images if image.pixel_later}
    said += [f"magnification {m}: the pixel size was calibrated only after images" for m in _sorted(later)]
    unknown = {image.setup[0] for image in images if image.pixel_a is None}
    said += [f"magnification {m}: images without a pixel size calibration" for m in _sorted(unknown)]
    other = sum(image.scale is None for image in reading.images.values())
    return (*said, *([f"{other:,} images have another shape than the database says"] if other else []))


def _sorted(magnifications: Iterable[int | None]) -> list[int | None]:
    return sorted(magnifications, key=lambda magnification: magnification or 0)
