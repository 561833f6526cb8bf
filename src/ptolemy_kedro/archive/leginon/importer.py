"""The importer of Leginon databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from ptolemy_kedro.archive.importing.frame import Found
from ptolemy_kedro.archive.leginon.sessions import sessions
from ptolemy_kedro.archive.leginon.source import LeginonOptions


class Leginon:
    """Finds the sessions of a Leginon database; keeps ``frame.Importer``. Arguments as ``LeginonOptions``."""

    def __init__(
        self,
        permissive: bool = False,
        zone: tzinfo = UTC,
        images: Path | None = None,
        appion: tuple[str, ...] = (),
    ) -> None:
        self._options = LeginonOptions(permissive, zone, images, appion)

    def sessions(self, source: Path | str, since: datetime | None = None) -> Iterator[Found]:
        """Find the sessions of a database; ``source`` is its URL, or the path of an SQLite file."""
        return sessions(source, since, self._options)
