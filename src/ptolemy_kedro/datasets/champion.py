"""The model in use, as a dataset."""

from typing import Any

from kedro.io import AbstractDataset

from ptolemy_kedro import champions
from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.home import find_home


class ChampionDataset(AbstractDataset[None, dict[str, Any]]):
    """A note of the exported champion: name, version, kind, origin, and the folder that holds it. Read only.

    Where there is none, the note says so, and whoever wants to use it is told; a run that trains its own
    models needs none.

    Args:
        name: Registered name.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, name: str, metadata: dict[str, Any] | None = None) -> None:
        self._name = name
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        home = find_home()
        try:
            return champions.note_of(champions.read(home, self._name), home)
        except ModelError as failure:
            return {"name": self._name, "missing": str(failure)}

    def save(self, data: None) -> None:
        raise ModelError("A champion is made by `ptolemy models promote`, not by a flow.")

    def _exists(self) -> bool:
        return (find_home().champions / self._name / "current").exists()

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name}
