"""Stamps of source files, by which an import knows what is new or changed, without reading them."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from ptolemy_kedro.files import digest


def stamp_of(files: Iterable[Path], root: Path, *more: str) -> str:
    """Compute the stamp of files: of their names below a root, their sizes and their times of change.

    Args:
        files: In any order.
        root: Folder that holds all of them; where it lies does not count.
        more: What else the session depends on, such as options of the import.
    """
    lines = []
    for file in files:
        status = file.stat()
        lines.append(f"{file.relative_to(root).as_posix()}\0{status.st_size}\0{status.st_mtime_ns}")
    return digest(*sorted(lines), *more)


def changed_since(files: Iterable[Path], since: datetime | None) -> bool:
    """Tell whether any of the files changed since a time (with a zone); all did if no time is given."""
    return since is None or any(file.stat().st_mtime >= since.timestamp() for file in files)
