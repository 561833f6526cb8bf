"""Write a session archive: checked before a byte is written, image by image, whole or not at all."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from ptolemy_kedro.archive import cells, manifest
from ptolemy_kedro.archive.containers import CONTAINERS
from ptolemy_kedro.archive.contents import image_files
from ptolemy_kedro.archive.csv_tables import Place, conforming, write_csv
from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.findings import Findings
from ptolemy_kedro.archive.images import Pixels, header_of
from ptolemy_kedro.archive.members import IMAGES, SESSION_FILE, TABLE_FILES, safe_name
from ptolemy_kedro.archive.relations import hold_together
from ptolemy_kedro.archive.sinks import SUFFIXES, open_sink
from ptolemy_kedro.errors import ArchiveError
from ptolemy_kedro.tables import RAW


def write_session(
    to: Path | str,
    tables: dict[str, pd.DataFrame],
    images: Iterable[tuple[str, Pixels | Path, float | None]],
    container: str = "folder",
    link: bool = False,
) -> Path:
    """Write a session archive.

    Args:
        to: Where; the container's suffix is added if it is not there. What stands there is replaced.
        tables: The raw tables by name (keys of ``tables.RAW``); absent ones are written empty.
        images: Each file of the images table once, in any order: its name, ``.mrc``, ``.tif``, ``.png`` or
            ``.jpg``; its pixels (row, col), shape (rows, cols); its pixel size [A] or None. One is held
            at a time. Instead of pixels the path of a file that is taken unchanged, whatever its suffix.
        container: ``folder``, ``zip``, ``tar`` or ``tar.zst``.
        link: Let a folder share the files given by path with their source (hard links), where the disk can.

    Returns:
        The archive's path.

    Raises:
        ArchiveError: The tables or the images break the format; nothing is left behind.
        ImageError: An image cannot be written as the kind of file its name says, or a file given by path
            holds none.
        StorageError: The disk is full, or cannot be written.
    """
    if container not in CONTAINERS:
        raise ArchiveError(f"container is {container!r}. It must be one of {', '.join(CONTAINERS)}.")
    to = Path(to)
    if not to.name.endswith(SUFFIXES[container]):
        to = to.with_name(to.name + SUFFIXES[container])
    checked = _checked(tables)
    digests: dict[str, str] = {}
    with open_sink(to, container, link) as add:
        for name, data in _files(checked, images):
            digests[name] = add(name, data)
        add(SESSION_FILE, manifest.dump(_session_row(checked["sessions"]), digests))
    return to


def _files(
    tables: dict[str, pd.DataFrame], images: Iterable[tuple[str, Pixels | Path, float | None]]
) -> Iterator[tuple[str, bytes | Path]]:
    """Give the tables' files, then the images', each with its name, and its bytes or path."""
    for name, file in TABLE_FILES.items():
        try:
            yield file, write_csv(tables[name])
        except UnicodeEncodeError:
            raise ArchiveError(f"{name} holds a text that is not Unicode. Correct it.") from None
    named = tables["images"].dropna(subset=["file"]).drop_duplicates("file")
    shapes = dict(zip(named["file"], zip(named["rows_px"], named["cols_px"], strict=True), strict=True))
    missing = dict.fromkeys(shapes)
    for file, pixels, pixel_size_a in images:
        if file not in missing:
            raise ArchiveError(f"The image {file!r} is named by no row of images, or was given twice.")
        del missing[file]
        stated = shapes[file]
        shape = header_of(pixels).shape if isinstance(pixels, Path) else pixels.shape
        if shape != stated:
            raise ArchiveError(f"The image {file!r} has the shape {shape}; its row says {stated}.")
        yield f"{IMAGES}{file}", pixels if isinstance(pixels, Path) else encode(file, pixels, pixel_size_a)
    if missing:
        raise ArchiveError(f"The images table names {next(iter(missing))!r}, which was not given.")


def _checked(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    unknown = set(tables) - set(RAW)
    if unknown or len(tables.get("sessions", ())) != 1:
        raise ArchiveError(f"An archive has one row of sessions, and of other tables only {', '.join(RAW)}.")
    findings = Findings()
    checked, places = {}, {name: _row_of(name) for name in RAW}
    session_id = tables["sessions"]["session_id"].iloc[0]
    for name, schema in RAW.items():
        given = tables.get(name, pd.DataFrame(columns=list(schema.to_schema().columns)))
        plain = given.reset_index(drop=True).astype(object).replace({"": None})
        if "session_id" not in plain:
            plain["session_id"] = session_id
        checked[name] = conforming(name, plain, places[name], findings)
        if (checked[name]["session_id"] != session_id).any():
            findings.problem(
                f"{name}: a row belongs to another session than {session_id!r}. One session an archive."
            )
    findings.raise_first(f"session {session_id}")
    for file in image_files(checked["images"]):
        safe_name(f"{IMAGES}{safe_name(file)}")
    checked = hold_together(checked, places, findings)
    findings.raise_first(f"session {session_id}")
    return checked


def _row_of(name: str) -> Place:
    return lambda row: f"{name} row {row}"


def _session_row(sessions: pd.DataFrame) -> dict[str, Any]:
    row = sessions.drop(columns="archive_digest").astype(object).iloc[0].to_dict()
    return {
        str(column): value if isinstance(value, int | float) else cells.text(value)
        for column, value in row.items()
        if cells.text(value)
    }
