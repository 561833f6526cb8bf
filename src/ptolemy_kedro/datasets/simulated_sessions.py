"""Simulated sessions: archives of what a session left, and apart from them the truth."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from rich.console import Console
from rich.progress import track

from ptolemy_kedro.datasets.manifest import Manifest
from ptolemy_kedro.errors import ArchiveError
from ptolemy_kedro.partitions import Part
from ptolemy_kedro.workers import executor, ordered

if TYPE_CHECKING:
    from ptolemy_kedro.simulation import SimulatedSession


class SimulatedSessionsDataset(AbstractDataset["list[Part[SimulatedSession]]", list[Path]]):
    """Simulated sessions, written several at a time; those that are current stay, those not asked for go.

    Args:
        path: Folder of the archives.
        truth: Its ``path`` is the folder of the truth, which no training reads.
        workers: Processes.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self, *, path: str, truth: dict[str, str], workers: int, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(path)
        self._truth_path = Path(truth["path"])
        self._workers = workers
        self.metadata = metadata

    def load(self) -> list[Path]:
        return [self._path / name for name in Manifest(self._path).keys]

    def save(self, sessions: "list[Part[SimulatedSession]]") -> None:
        manifest = Manifest(self._path)
        self._drop_others(manifest, {part.session_id for part in sessions})
        stale = [part for part in sessions if not self._is_current(manifest, part)]
        if not stale:
            return
        orders = [(p.make, self._path / p.session_id, self._truth_path / p.session_id) for p in stale]
        with executor(min(self._workers, len(stale))) as pool:
            written = ordered(pool, _simulate, orders, self._workers)
            progress = track(written, "Simulating sessions", len(stale), console=Console(stderr=True))
            for part, _ in zip(stale, progress, strict=True):
                manifest.record(part.session_id, part.key)

    def _is_current(self, manifest: Manifest, part: "Part[SimulatedSession]") -> bool:
        return manifest.keys.get(part.session_id) == part.key and (self._path / part.session_id).is_dir()

    def _drop_others(self, manifest: Manifest, asked_for: set[str]) -> None:
        for session_id in set(manifest.keys) - asked_for:
            manifest.forget(session_id)
            for folder in (self._path, self._truth_path):
                shutil.rmtree(folder / session_id, ignore_errors=True)

    def _exists(self) -> bool:
        return bool(Manifest(self._path).keys)

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "truth_path": str(self._truth_path)}


def _simulate(make: "Callable[[], SimulatedSession]", to: Path, truth_to: Path) -> Path:
    from ptolemy_kedro.simulation import write

    session = make()
    if session.session_id != to.name:
        raise ArchiveError(f"The simulator made session {session.session_id} where {to.name} was asked for.")
    return write(session, to, truth_to)
