"""Folders of session archives, and the archives that a run has chosen among them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from ptolemy_kedro.errors import ArchiveError
from ptolemy_kedro.partitions import BySession, Part, key_of

CONTAINERS = (".zip", ".tar", ".tar.zst")


class SessionArchivesDataset(AbstractDataset[None, "BySession[Path]"]):
    """Every session archive of the facility, and of the demo where that is allowed; read only.

    A part is an archive's path, named by the archive and keyed by the names, sizes and times of its files.

    Args:
        path: Folder of the facility's archives; one still being copied is named with a dot in front.
        demo: Its ``path`` is the folder of simulated archives.
        allow_demo: Whether the demo's archives may stand in where the facility has none.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self, *, path: str, demo: dict[str, str], allow_demo: bool, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(path)
        self._demo_path = Path(demo["path"])
        self._allow_demo = allow_demo
        self.metadata = metadata

    def load(self) -> "BySession[Path]":
        archives = list(archives_in(self._path))
        if not archives and self._allow_demo:
            archives = list(archives_in(self._demo_path))
        if not archives:
            raise ArchiveError(
                f"{self._path} holds no session archive. Put one there (see docs/session-archive.md), "
                "or run in an environment whose globals.yml has `allow_demo: true`."
            )
        return BySession(Part(path.name, fingerprint(path), partial(Path, path)) for path in archives)

    def save(self, data: None) -> None:
        raise ArchiveError(
            "Session archives are not written by a flow; `ptolemy simulate` or an importer does."
        )

    @property
    def wants_demo(self) -> bool:
        """Would a run read the demo's archives?"""
        return self._allow_demo and not any(archives_in(self._path))

    def _exists(self) -> bool:
        return any(archives_in(self._path)) or any(archives_in(self._demo_path))

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "demo_path": str(self._demo_path), "allow_demo": self._allow_demo}


def archives_in(folder: Path) -> Iterator[Path]:
    """List a folder's archives: subfolders and the known containers, without hidden ones."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not path.name.startswith(".") and (path.is_dir() or path.name.endswith(CONTAINERS)):
            yield path


def fingerprint(path: Path) -> str:
    """Hash the names, sizes and times of an archive's files."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    stats = [(file, file.stat()) for file in files]
    return key_of(
        path.name, *((str(file.relative_to(path)), stat.st_size, stat.st_mtime_ns) for file, stat in stats)
    )
