"""The session that a run is to target in."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from ptolemy_kedro.datasets.session_archives import archives_in, fingerprint
from ptolemy_kedro.errors import ArchiveError, SettingsError
from ptolemy_kedro.partitions import BySession, Part

NEEDED = "No session is given. Name an archive or a folder of images: --params=session=PATH"


class NewSessionDataset(AbstractDataset[None, "BySession[Path]"]):
    """The archive, or plain folder of images, of one new session; read only.

    Args:
        path: Of the archive or folder; the demo's if None.
        demo: Its ``path`` is the folder that holds the demo's new session.
        allow_demo: Whether a simulated session may stand in where none is given.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self,
        *,
        path: str | float | None,
        demo: dict[str, str],
        allow_demo: bool,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        # A path of digits alone arrives as a number.
        self._path = None if path is None else Path(str(path)).expanduser()
        self._demo_path = Path(demo["path"])
        self._allow_demo = allow_demo
        self.metadata = metadata

    def load(self) -> "BySession[Path]":
        from ptolemy_kedro.survey.newcomer import session_id_of

        path = self._path or self._of_demo()
        if not path.exists():
            raise ArchiveError(
                f"There is nothing at {path}. Name a session archive or a folder of images. A path that is "
                "only a number begins with ./; one with a comma stands in a file: --config=FILE.yml "
                "(docs/targeting.md)."
            )
        return BySession([Part(session_id_of(path), fingerprint(path), lambda: path)])

    def save(self, data: None) -> None:
        raise ArchiveError("A new session is not written by a flow.")

    @property
    def wants_demo(self) -> bool:
        """Would a run work on a simulated session?

        Raises:
            SettingsError: It would have to, and must not.
        """
        if self._path is None and not self._allow_demo:
            raise SettingsError(NEEDED)
        return self._path is None

    def _of_demo(self) -> Path:
        archives = list(archives_in(self._demo_path)) if self.wants_demo else []
        if not archives:
            raise ArchiveError(NEEDED)
        return archives[0]

    def _exists(self) -> bool:
        return self._path is None or self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "demo_path": str(self._demo_path), "allow_demo": self._allow_demo}
