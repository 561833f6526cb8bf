"""Which archive holds which session of a run."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from ptolemy_kedro.errors import ArchiveError
from ptolemy_kedro.files import atomic_file
from ptolemy_kedro.partitions import BySession, Part


class ChosenArchivesDataset(AbstractDataset["BySession[Path]", "BySession[Path]"]):
    """The sessions a run works on, each with its archive's path and the digest of its content, as JSON.

    Args:
        path: The JSON file.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> "BySession[Path]":
        if not self._path.exists():
            raise ArchiveError("No session has been ingested. Run `kedro run --pipeline=ingest` first.")
        chosen = json.loads(self._path.read_text())
        return BySession(
            Part(session_id, entry["digest"], partial(_present, Path(entry["archive"])))
            for session_id, entry in chosen.items()
        )

    def save(self, data: "BySession[Path]") -> None:
        chosen = {
            session_id: {"archive": str(part.make()), "digest": part.key}
            for session_id, part in data.parts.items()
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(self._path) as aside:
            aside.write_text(json.dumps(chosen, indent=1))

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _present(path: Path) -> Path:
    if not path.exists():
        raise ArchiveError(f"{path} is gone. Run `kedro run --pipeline=ingest` again.")
    return path
