"""Find the sessions of a Leginon database."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from ptolemy_kedro.archive.importing.frame import Found
from ptolemy_kedro.archive.importing.source import as_id
from ptolemy_kedro.archive.leginon.calibrations import Calibrations, read_calibrations
from ptolemy_kedro.archive.leginon.database import Database
from ptolemy_kedro.archive.leginon.files import SessionFiles
from ptolemy_kedro.archive.leginon.reading import SessionKey
from ptolemy_kedro.archive.leginon.session import read_session
from ptolemy_kedro.archive.leginon.source import LeginonOptions, source_of
from ptolemy_kedro.files import digest

_SESSION = {"name": "name", "image_path": "image path", "comment": "comment"}
_IN_SESSION = ("AcquisitionImageData", "AcquisitionImageTargetData")
_OF_IMAGES = ("ObjIceThicknessData", "ZeroLossIceThicknessData", "ApCtfData")


def sessions(
    source: Path | str, since: datetime | None = None, options: LeginonOptions | None = None
) -> Iterator[Found]:
    """Find the sessions of a Leginon database that hold images, one at a time.

    Args:
        source: URL of the database, or path of an SQLite file.
        since: Pass over sessions in which nothing changed since then; with a time zone.
        options: How to read it.

    Yields:
        The sessions in the order in which they were made; of several of one name all but the first get their
        ``DEF_id`` behind it.

    Raises:
        VendorFileError: The database cannot be reached, is none of Leginon's, or went away.
    """
    place = source_of(source, options)
    database, appion = Database(place), [Database(place.beside(name)) for name in place.options.appion]
    database.check()
    for other in appion:
        other.need("ApCtfData")
    calibrations: Calibrations | None = None
    for key in _keys(database):
        facts, changed = _facts(database, appion, key)
        if not facts or (since is not None and (changed is None or changed < since)):
            continue
        calibrations = calibrations or read_calibrations(database)
        folder = SessionFiles(place, key.image_path).stamp()
        stamp = digest(place.spoken, str(place.options), folder, *facts)
        load = partial(read_session, database, appion, key, calibrations, stamp)
        yield Found(key.session_id, stamp, load, place.spoken)


def _keys(database: Database) -> list[SessionKey]:
    used: Counter[str] = Counter()
    keys = []
    for row in database.all("SessionData", _SESSION):
        name = row.text("name") or f"session{row.identity()}"
        session_id = as_id(name).lstrip(".") or "_"
        used[session_id.casefold()] += 1
        if used[session_id.casefold()] > 1:
            session_id = f"{session_id[:180]}-{row.identity()}"
        keys.append(SessionKey(row.identity(), name, session_id, row.text("image_path"), row.text("comment")))
    return keys


def _facts(database: Database, appion: list[Database], key: SessionKey) -> tuple[list[str], datetime | None]:
    """What tells whether a session changed: how many rows it has, which is the last, when one last changed.

    Returns:
        The facts, none where the session has no images, and the latest time.
    """
    image = "AcquisitionImageData"
    own = {name: {"REF|SessionData|session": (key.row_id, key.row_id)} for name in _IN_SESSION}
    count, first, last, changed = _summary(database, image, own[image])
    if first is None or last is None:
        return [], None
    facts, times = [f"{image} {count} {last} {changed}"], [changed]
    asked = [(database, "AcquisitionImageTargetData", own["AcquisitionImageTargetData"])]
    for place in (database, *appion):
        for name in _OF_IMAGES:
            asked.append((place, name, {place.reference(name, "image", image): (first, last)}))
    for place, name, between in asked:
        count, _, latest, at = _summary(place, name, between)
        facts.append(f"{place.source.spoken} {name} {count} {latest} {at}")
        times.append(at)
    return facts, max((time for time in times if time is not None), default=None)


def _summary(
    database: Database, name: str, between: dict[str, tuple[int, int]]
) -> tuple[int, int | None, int | None, datetime | None]:
    """Count rows, and give the first and last id and the latest time."""
    table = database.table(name)
    if not {"DEF_id", *between} <= set(table.c.keys()):
        return 0, None, None, None
    ids = table.c["DEF_id"]
    at = table.c["DEF_timestamp"] if "DEF_timestamp" in table.c else sa.null()
    columns = {
        "id": sa.func.min(ids),
        "last": sa.func.max(ids),
        "count": sa.func.count(),
        "at": sa.func.max(at),
    }
    statement = sa.select(*[column.label(label) for label, column in columns.items()]).select_from(table)
    for column, (least, greatest) in between.items():
        statement = statement.where(table.c[column].between(least, greatest))
    row = next(iter(database.rows(statement, name, {"at": "DEF_timestamp"})))
    return row.whole("count") or 0, row.whole("id"), row.whole("last"), row.time("at")
