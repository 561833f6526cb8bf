"""The models that the commands use: exported whole, with digests, and read without MLflow or torch.

PTOLEMY_HOME/champions/NAME/VERSION/   a model's folder (training/model.py)
PTOLEMY_HOME/champions/NAME/current    the version in use, one number
"""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.files import atomic_file, atomic_folder
from ptolemy_kedro.home import Home
from ptolemy_kedro.training.model import read_model


@dataclass(frozen=True)
class Champion:
    """A model in use: its network's file content, its configuration, its version in the registry."""

    name: str
    version: int
    onnx: bytes
    config: dict[str, Any]

    @property
    def origin(self) -> str:
        """Real or simulated: the sessions it learnt from."""
        return self.config["origin"]


def read(home: Home, name: str, version: int | None = None) -> Champion:
    """Read a champion.

    Args:
        home: The facility's models.
        name: Registered name.
        version: Of those exported; the current one if None.

    Raises:
        ModelError: There is none, or a file of it is missing or damaged.
    """
    folder = home.champions / name
    wanted = _current(folder) if version is None else version
    if wanted is None:
        raise ModelError(f"There is no {name} in {home.champions}. Run `ptolemy models init` once.")
    if not (folder / str(wanted)).is_dir():
        raise ModelError(
            f"Version {wanted} of {name} is not in {folder}. Run `ptolemy models promote {name} {wanted}`."
        )
    onnx, config = read_model(folder / str(wanted))
    return Champion(name, wanted, onnx, config)


def note_of(champion: Champion, home: Home) -> dict[str, Any]:
    """Say which model a champion is, and where its folder lies; ``of_note`` reads it back."""
    folder = home.champions / champion.name / str(champion.version)
    facts = {fact: champion.config[fact] for fact in ("kind", "origin", "data_digest")}
    named = {"name": champion.name, "version": champion.version, "state": "champion"}
    return named | facts | {"folder": str(folder)}


def of_note(note: dict[str, Any]) -> Champion:
    """Read the model that a note names: an exported champion, or one that a flow has just registered.

    Raises:
        ModelError: There is none, or a file of it is missing or damaged.
    """
    if "missing" in note:
        raise ModelError(note["missing"])
    onnx, config = read_model(Path(note["folder"]))
    return Champion(note["name"], int(note["version"]), onnx, config)


def export(home: Home, name: str, version: int, model: Path) -> Path:
    """Put a version in use: copy its folder in whole, then point to it.

    Raises:
        ModelError: The model's folder is damaged.
    """
    read_model(model)
    with atomic_folder(home.champions / name / str(version)) as folder:
        for path in sorted(model.iterdir()):
            shutil.copyfile(path, folder / path.name)
    with atomic_file(home.champions / name / "current") as pointer:
        pointer.write_text(f"{version}\n")
    return home.champions / name / str(version)


def stale(home: Home, name: str, version: int) -> str | None:
    """Say so in one line when the registry's champion is another version than the one in use.

    Looks into a SQLite store only, without MLflow, and keeps quiet where there is nothing to be read: a
    command at the microscope works without its registry.
    """
    store = home.store_file
    if store is None or not store.is_file():
        return None
    query = "select version from registered_model_aliases where name = ? and alias = 'champion'"
    try:
        with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, timeout=0.2)) as connection:
            row = connection.execute(query, (name,)).fetchone()
    except sqlite3.Error:
        return None
    if row is None or int(row[0]) == version:
        return None
    moved = f"{name}: version {version} is in use, the registry's champion is {row[0]}."
    return f"{moved} Run `ptolemy models promote {name} {row[0]}`."


def _current(folder: Path) -> int | None:
    try:
        return int((folder / "current").read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as failure:
        raise ModelError(f"{folder / 'current'} does not name a version: {failure}") from None
