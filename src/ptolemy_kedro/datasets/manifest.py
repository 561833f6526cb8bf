"""What a folder of parts holds, and from what each part was made."""

import json
from pathlib import Path
from urllib.parse import quote

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.files import atomic_file

NAME = "manifest.json"


class Manifest:
    """The keys of a folder's parts. A part without an entry does not count, whatever lies in the folder.

    The entry is written after its part, so a run that is killed between the two makes the part again.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.keys: dict[str, str] = _read(self.path)

    def record(self, session_id: str, key: str) -> None:
        """Write down that a part is in place."""
        self._write({**self.keys, session_id: key})

    def forget(self, session_id: str) -> None:
        """Strike a part out, before it is changed or removed."""
        if session_id in self.keys:
            self._write({name: key for name, key in self.keys.items() if name != session_id})

    def _write(self, keys: dict[str, str]) -> None:
        self.keys = dict(sorted(keys.items()))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(self.path) as aside:
            aside.write_text(json.dumps({"parts": self.keys}, indent=1))


def file_name(session_id: str) -> str:
    """Name a part's file: the session's id with whatever a path cannot hold escaped."""
    return quote(session_id, safe=" ()+,=@").replace(".", "%2E")


def _read(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_text())["parts"])
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise TableError(
            f"{path} is damaged ({error}). Delete its folder; the next run makes it again."
        ) from None
