"""The record of what was imported into a folder: ``.imported.json`` beside the archives."""

import json
from pathlib import Path

from ptolemy_kedro.archive.importing.frame import Found
from ptolemy_kedro.archive.members import SESSION_FILE
from ptolemy_kedro.errors import VendorFileError
from ptolemy_kedro.files import atomic_file

NAME = ".imported.json"


class Record:
    """Which session was imported from where, at which stamp."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sessions = _read(folder / NAME)

    def is_current(self, found: Found) -> bool:
        """Tell whether a session's archive is there, and nothing of its source changed since."""
        entry = self._sessions.get(found.session_id)
        there = (self._folder / found.session_id / SESSION_FILE).is_file()
        return there and entry is not None and entry["stamp"] == found.stamp

    def need_same_source(self, found: Found) -> None:
        """Refuse to put a session in the place of another one of the same name.

        Raises:
            VendorFileError: The name is taken by a session from elsewhere, or by an archive not imported.
        """
        place = self._folder / found.session_id
        entry = self._sessions.get(found.session_id)
        if entry is None and place.exists():
            raise VendorFileError(
                f"{place} is there and was not imported. Move it away, or import to another folder."
            )
        if entry is not None and place.exists() and entry["source"] != found.source:
            raise VendorFileError(
                f"a session of this name was imported from {entry['source']}, this one is in "
                f"{found.source}. Rename one, or import to another folder."
            )

    def add(self, found: Found) -> None:
        """Note an imported session; at once on the disk."""
        self._sessions[found.session_id] = {"stamp": found.stamp, "source": found.source}
        with atomic_file(self._folder / NAME) as aside:
            aside.write_text(json.dumps(self._sessions, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _read(file: Path) -> dict[str, dict[str, str]]:
    try:
        sessions = json.loads(file.read_text(encoding="utf-8"))
        return {name: {"stamp": row["stamp"], "source": row["source"]} for name, row in sessions.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise VendorFileError(f"{file} is damaged. Remove it; all sessions are imported again.") from None
