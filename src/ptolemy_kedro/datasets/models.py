"""Trained models, and the one that a run puts forward in the registry."""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.files import atomic_file, atomic_folder
from ptolemy_kedro.partitions import key_of

if TYPE_CHECKING:
    from ptolemy_kedro.home import Home
    from ptolemy_kedro.training.model import TrainedModel
    from ptolemy_kedro.training.promise import TrainingPromise

log = logging.getLogger(__name__)

KEY = "key"
"""File in a model's folder that says what the model follows from."""


class TrainedModelDataset(AbstractDataset["TrainingPromise", "TrainedModel | None"]):
    """A model's folder (``training.model``), before it was measured.

    Saving takes the promise of a model: one that is current is left alone, another is trained. A training
    that is killed goes on from its last epoch.

    Args:
        path: The folder.
        name: The name under which its kind is registered.
        optional: Whether there may be no model; then loading gives None.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self, *, path: str, name: str, optional: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(path)
        self._name = name
        self._optional = optional
        self.metadata = metadata

    def load(self) -> "TrainedModel | None":
        import pandas as pd

        if self._optional and not self._exists():
            return None

        from ptolemy_kedro.training.model import TrainedModel, read_model

        onnx, config = read_model(self._path)
        sessions = tuple(json.loads((self._path / "sessions.json").read_text()))
        curve = self._path / "curve.csv"
        return TrainedModel(onnx, config, sessions, pd.read_csv(curve) if curve.exists() else None)

    def save(self, promise: "TrainingPromise") -> None:
        if self._is_current(promise):
            log.info("%s is current and not trained again", self._path.name)
            return
        checkpoint = self._checkpoint(promise.key)
        self._forget_checkpoints(but=checkpoint)
        write_folder(self._path, self._name, promise.train(checkpoint), {}, promise.key)
        self._forget_checkpoints()

    def _is_current(self, promise: "TrainingPromise") -> bool:
        from ptolemy_kedro.training.model import read_model

        try:
            read_model(self._path)
            return (self._path / KEY).read_text() == promise.key
        except (ModelError, FileNotFoundError):
            return False

    def _checkpoint(self, key: str) -> Path:
        return self._path.with_name(f".{self._path.name}.{key}.checkpoint")

    def _forget_checkpoints(self, but: Path | None = None) -> None:
        for path in self._path.parent.glob(self._checkpoint("*").name):
            if path != but:
                path.unlink(missing_ok=True)

    def _exists(self) -> bool:
        return (self._path / "digests.json").exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "name": self._name}


class ChallengerDataset(AbstractDataset["tuple[TrainedModel, dict[str, Any]]", dict[str, Any]]):
    """A registered model: saving registers a version of it as challenger, loading says which that is.

    A model that was registered already, and measured the same, is not registered again.

    Args:
        path: Folder of the model and of the note which version it became.
        name: Registered name.
        optional: Whether none may have been registered; then loading gives an empty object.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self, *, path: str, name: str, optional: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(path)
        self._name = name
        self._optional = optional
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        if self._optional and not self._exists():
            return {}
        try:
            return {**json.loads(self._note.read_text()), "folder": str(self._path / "model")}
        except FileNotFoundError:
            raise ModelError(
                f"No {self._name} was registered by a flow. Run the flow that trains it."
            ) from None

    def save(self, challenger: "tuple[TrainedModel, dict[str, Any]]") -> None:
        from ptolemy_kedro import registry
        from ptolemy_kedro.home import find_home

        trained, measures = challenger
        home, folder = find_home(), self._path / "model"
        identity = key_of(trained.onnx, trained.config, trained.sessions, measures)
        if self._is_registered(home, identity):
            return
        write_folder(folder, self._name, trained, measures)
        version = registry.register(home, self._name, folder)
        facts = {fact: trained.config[fact] for fact in ("kind", "origin", "data_digest")}
        note = {"name": self._name, "version": version, **facts, "sessions": list(trained.sessions)}
        note |= {"home": str(home.path), "store": home.store_uri, "identity": identity}
        with atomic_file(self._note) as aside:
            aside.write_text(json.dumps(note, indent=1))

    @property
    def _note(self) -> Path:
        return self._path / "registered.json"

    def _is_registered(self, home: "Home", identity: str) -> bool:
        from ptolemy_kedro import registry

        if not self._note.exists() or (home.store_file is not None and not home.store_file.exists()):
            return False
        note = self.load()
        known = {(model.name, model.version) for model in registry.list_models(home)}
        return note.get("identity") == identity and (self._name, note["version"]) in known

    def _exists(self) -> bool:
        return self._note.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "name": self._name}


def write_folder(
    path: Path, name: str, trained: "TrainedModel", measures: dict[str, Any], key: str = ""
) -> None:
    """Write a model's folder whole; origin and data digest stand in its configuration."""
    from ptolemy_kedro.training.model import write_model

    noted = {key: trained.config[key] for key in ("origin", "data_digest")}
    with atomic_folder(path) as aside:
        write_model(aside, trained, measures, name=name, **noted)
        if key:
            (aside / KEY).write_text(key)
