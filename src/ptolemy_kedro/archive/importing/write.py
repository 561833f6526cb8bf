"""Write what importers find as session archives: only what is new or changed, one session at a time."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ptolemy_kedro.archive.images import Pixels
from ptolemy_kedro.archive.importing.frame import Found, Imported
from ptolemy_kedro.archive.importing.record import Record
from ptolemy_kedro.archive.importing.summary import Summary, summarise
from ptolemy_kedro.archive.writing import write_session
from ptolemy_kedro.errors import PtolemyError, StorageError, VendorFileError

Progress = Callable[[str, int, int], None]
"""Told of a session's id, its images written, and its images in all."""


def import_sessions(
    found: Iterable[Found],
    to: Path,
    *,
    dry_run: bool = False,
    link: bool = False,
    progress: Progress | None = None,
) -> list[Summary]:
    """Write sessions as archives, each a folder below one; those that are current are passed over.

    A session that cannot be read gets one line, and the others go on. A run that was stopped goes on where it
    stopped.

    Args:
        found: The sessions, looked for as they are written.
        to: Folder of the archives.
        dry_run: Read everything and write nothing.
        link: Let archives share image files with the source (hard links), where the disk can.
        progress: Told of each image.

    Returns:
        What became of each session, in the order in which they were found.

    Raises:
        StorageError: The disk is full, or the folder cannot be written.
        VendorFileError: The record of earlier imports is damaged.
    """
    record = Record(to)
    summaries: list[Summary] = []
    taken: dict[str, str] = {}
    for one in _as_long_as_there_are(found, summaries):
        if one.session_id in taken:
            said = f"two sessions have this name, in {taken[one.session_id]} and {one.source}. Rename one."
            summaries.append(Summary(one.session_id, "broken", said))
            continue
        taken[one.session_id] = one.source
        summaries.append(_import_one(one, to, record, dry_run, link, progress))
    return summaries


def _as_long_as_there_are(found: Iterable[Found], summaries: list[Summary]) -> Iterator[Found]:
    """Go through a source; where it goes away in the middle, what was done stays and one line says so."""
    try:
        yield from found
    except VendorFileError as failure:
        if not summaries:
            raise
        summaries.append(Summary("(the others)", "broken", failure.line()))


def _import_one(
    found: Found, to: Path, record: Record, dry_run: bool, link: bool, progress: Progress | None
) -> Summary:
    if record.is_current(found):
        return Summary(found.session_id, "current")
    try:
        record.need_same_source(found)
        imported = found.load()
        if dry_run:
            return summarise(imported, "to import")
        write_session(
            to / found.session_id, imported.tables, _images(imported, progress), "folder", link=link
        )
        record.add(found)
    except StorageError:
        raise
    except PtolemyError as failure:
        return Summary(found.session_id, "broken", failure.line())
    except OSError as failure:
        return Summary(found.session_id, "broken", f"{failure.filename}: {failure.strerror}.")
    return summarise(imported, "imported")


def _images(
    imported: Imported, progress: Progress | None
) -> Iterator[tuple[str, Pixels | Path, float | None]]:
    """Give each image, made only now if it has to be made."""
    images = imported.tables.get("images")
    sizes: dict[str, Any] = {}
    if images is not None and {"file", "pixel_size_a"} <= set(images):
        known = images[["file", "pixel_size_a"]].dropna()
        sizes = dict(zip(known["file"], known["pixel_size_a"], strict=True))
    for number, (name, image) in enumerate(imported.files.items(), start=1):
        size = float(sizes.get(name) or 0)
        yield name, image if isinstance(image, Path) else image(), size if size > 0 else None
        if progress:
            progress(imported.session_id, number, len(imported.files))
