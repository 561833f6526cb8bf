"""What every importer gives: the sessions of a source, found at once and loaded one at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pandas as pd

from ptolemy_kedro.archive.images import Pixels


@dataclass(frozen=True)
class LeftOut:
    """Something of the source that is not in the archive, and the reason, each in a few words."""

    what: str
    why: str


@dataclass(frozen=True)
class Imported:
    """One session as an importer read it, before anything of it is written.

    Attributes:
        session_id: As it will be called in every table.
        tables: Raw tables by name (keys of ``tables.RAW``); ``session_id`` may be left out of all but
            ``sessions``, whose ``origin`` is ``real``, or ``simulated`` where the source says so.
        files: Each file of the images table once: its name below the archive's ``images/``, and the file to
            take unchanged, or what makes its pixels (a montage, one image of a stack) when it is written.
        left_out: What was not taken.
        warnings: What was odd and lived with, one line each.
        stamp: As ``Found.stamp``.
    """

    session_id: str
    tables: dict[str, pd.DataFrame]
    files: dict[str, Path | Callable[[], Pixels]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()
    stamp: str = ""


@dataclass(frozen=True)
class Found:
    """A session that was found in a source.

    Attributes:
        session_id: As it will be called.
        stamp: Changes when the session's files (names, sizes, times of change) or rows do; as
            ``stamps.stamp_of`` gives.
        load: Reads it; raises ``VendorFileError`` where it cannot.
        source: Where it was found, so that two sessions of one name are not taken for one.
    """

    session_id: str
    stamp: str
    load: Callable[[], Imported]
    source: str = ""


class Importer(Protocol):
    """Finds the sessions of one vendor."""

    def sessions(self, source: Path | str, since: datetime | None = None) -> Iterator[Found]:
        """Find the sessions below a folder, or of a database, one at a time.

        Args:
            source: Folder, file or URL.
            since: Pass over sessions in which nothing changed since then; with a time zone.

        Raises:
            VendorFileError: The source is none of this vendor's.
        """
        ...
