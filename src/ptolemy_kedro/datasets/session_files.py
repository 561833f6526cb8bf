"""Files that people and programs take away from a session: pages, pictures, tables, navigators."""

import json
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kedro.io import AbstractDataset

from ptolemy_kedro.datasets.manifest import file_name
from ptolemy_kedro.files import atomic_file, atomic_folder
from ptolemy_kedro.partitions import BySession, Part

DPI = 100


class SessionFileDataset(AbstractDataset["Part[Any]", "BySession[bytes]"]):
    """One file a session, in a folder a session that it shares with the session's other files.

    Saving takes a promise of a text, of what JSON holds, of a table (as CSV) or of a figure, as the name's
    suffix says; what is there is replaced.

    Args:
        path: Folder of the sessions' folders.
        name: Of the file in each.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, path: str, name: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self._name = name
        self.metadata = metadata

    def load(self) -> "BySession[bytes]":
        places = sorted(self._path.glob(f"*/{self._name}"))
        return BySession(Part(unquote(place.parent.name), "", place.read_bytes) for place in places)

    def save(self, part: "Part[Any]") -> None:
        with atomic_file(self._path / file_name(part.session_id) / self._name) as aside:
            _write(part.make(), aside, Path(self._name).suffix[1:])

    def _exists(self) -> bool:
        return any(self._path.glob(f"*/{self._name}"))

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "name": self._name}


class SessionPicturesDataset(AbstractDataset["Part[Any]", "BySession[dict[str, bytes]]"]):
    """A folder of pictures a session, drawn and written one at a time.

    Saving takes a promise of names, without suffix, each with its figure.

    Args:
        path: Folder of the sessions' folders.
        name: Of the pictures' folder in each.
        metadata: For Kedro-Viz.
    """

    suffix = ".jpg"

    def __init__(self, *, path: str, name: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self._name = name
        self.metadata = metadata

    def load(self) -> "BySession[dict[str, bytes]]":
        places = sorted(self._path.glob(f"*/{self._name}"))
        return BySession(Part(unquote(place.parent.name), "", partial(_pictures, place)) for place in places)

    def save(self, part: Part[Iterable[tuple[str, Any]]]) -> None:
        with atomic_folder(self._path / file_name(part.session_id) / self._name) as aside:
            for name, figure in part.make():
                _write(figure, aside / f"{file_name(name)}{self.suffix}", self.suffix[1:])

    def _exists(self) -> bool:
        return any(self._path.glob(f"*/{self._name}"))

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "name": self._name}


def _pictures(place: Path) -> dict[str, bytes]:
    return {unquote(path.stem): path.read_bytes() for path in sorted(place.iterdir())}


def _write(content: Any, to: Path, kind: str) -> None:
    if isinstance(content, str):
        to.write_text(content, encoding="utf-8")
    elif isinstance(content, Mapping):
        to.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    elif kind == "csv":
        content.to_csv(to, index=False, float_format="%.6g")
    else:
        content.savefig(to, format=kind, dpi=DPI)
