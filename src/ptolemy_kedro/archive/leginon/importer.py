"""The importer of Leginon databases."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ptolemy_kedro.archive.importing.frame import Found
from ptolemy_kedro.archive.leginon.sessions import sessions


class Leginon:
    """Finds the sessions of a Leginon database; keeps ``frame.Importer``.

    Args:
        permissive: Take values that are of a wrong kind as empty, with a warning.
    """

    def __init__(self, permissive: bool = False) -> None:
        self._permissive = permissive

    def sessions(self, source: Path | str, since: datetime | None = None) -> Iterator[Found]:
        """Find the sessions of a database; ``source`` is its URL, or the path of an SQLite file."""
        return sessions(source, since, self._permissive)
