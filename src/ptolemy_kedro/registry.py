"""The registered models: versions with the aliases ``challenger`` and ``champion``, in MLflow.

A version is a model's folder (training/model.py), logged as a pyfunc that holds no pickle. Training
registers challengers; ``promote`` alone moves the champion and exports it for the commands.
"""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptolemy_kedro import champions
from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.home import Home
from ptolemy_kedro.store import experiment, reached
from ptolemy_kedro.training.model import read_model

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models.model import ModelInfo

CODE = Path(__file__).with_name("served_model.py")
SHIPPED = Path(__file__).with_name("weights")


@dataclass(frozen=True)
class Registered:
    """A version in the registry.

    Attributes:
        tags: ``kind``, ``origin``, ``sessions`` (how many), ``data_digest``, ``model_digest``.
        metrics: As evaluated before it was registered.
    """

    name: str
    version: int
    aliases: tuple[str, ...]
    tags: dict[str, str]
    metrics: dict[str, float]

    def cells(self) -> list[str]:
        """Write it as a row: name, version, aliases, kind, origin, sessions, AUC within session, data."""
        auc = self.metrics.get("roc_auc_within_session")
        kind, origin, sessions, data = (
            self.tags.get(tag, "") for tag in ("kind", "origin", "sessions", "data_digest")
        )
        measured = "" if auc is None else f"{auc:.3f}"
        return [
            self.name,
            str(self.version),
            ", ".join(self.aliases),
            kind,
            origin,
            sessions,
            measured,
            data[:12],
        ]


def register(home: Home, name: str, model: Path) -> int:
    """Register a model's folder as a new version, the challenger.

    Args:
        home: Where the registry is.
        name: Such as ``square-ranker``.
        model: As ``training.model.write_model`` leaves it.

    Returns:
        The version.

    Raises:
        ModelError: The folder is damaged.
        RegistryError: The registry cannot be used.
    """
    _, config = read_model(model)
    with reached(home, create=True) as client:
        version = _log(client, home, name, model, config)
        client.set_registered_model_alias(name, "challenger", str(version))
    return version


def promote(home: Home, name: str, version: int) -> Path:
    """Make a version the champion and export it; an earlier version is how one goes back.

    Raises:
        ModelError: There is no such version, or its files are damaged.
        RegistryError: The registry cannot be used.
    """
    with reached(home) as client, tempfile.TemporaryDirectory() as aside:
        found = _version(client, name, version)
        model = _fetch(home, found, Path(aside))
        client.set_registered_model_alias(name, "champion", str(version))
        if "challenger" in found.aliases:
            client.delete_registered_model_alias(name, "challenger")
        return champions.export(home, name, version, model)


def list_models(home: Home) -> list[Registered]:
    """List every version of every model, by name, the newest first.

    Raises:
        RegistryError: The registry cannot be used.
    """
    with reached(home) as client:
        aliases = {model.name: model.aliases for model in client.search_registered_models()}
        versions = client.search_model_versions()
        listed = [_registered(client, version, aliases.get(version.name, {})) for version in versions]
    return sorted(listed, key=lambda row: (row.name, -row.version))


def champion_version(home: Home, name: str) -> int | None:
    """Give the version that the alias ``champion`` names, or None.

    Raises:
        RegistryError: The registry cannot be used.
    """
    with reached(home) as client:
        return _alias(client, name, "champion")


def init(home: Home, shipped: Path = SHIPPED) -> dict[str, int]:
    """Register the weights that come with the package and put them to use, unless that was done.

    A champion that is already there stays; its export is made good where it is missing.

    Returns:
        The champion's version by name.
    """
    return {folder.name: _init_one(home, folder) for folder in sorted(shipped.iterdir()) if folder.is_dir()}


def _init_one(home: Home, folder: Path) -> int:
    name, digest = folder.name, _digest(folder)
    with reached(home, create=True) as client:
        known = [v for v in _versions(client, name) if v.tags.get("model_digest") == digest]
        champion = _alias(client, name, "champion")
        version = int(known[0].version) if known else _log(client, home, name, folder, read_model(folder)[1])
    champion = champion or version
    if not _in_use(home, name, champion):
        promote(home, name, champion)
    return champion


def _in_use(home: Home, name: str, version: int) -> bool:
    try:
        return champions.read(home, name).version == version and champion_version(home, name) == version
    except ModelError:
        return False


def _log(client: "MlflowClient", home: Home, name: str, model: Path, config: dict[str, Any]) -> int:
    """Log the folder with its measures in a run of its own, and make a version of it."""
    import mlflow

    metrics = _read(model / "metrics.json")
    mlflow.set_tracking_uri(home.store_uri)
    mlflow.set_registry_uri(home.store_uri)
    with mlflow.start_run(
        experiment_id=experiment(client, home, "models"), run_name=name, nested=True
    ) as run:
        mlflow.log_params(
            {key: value for key, value in config.items() if isinstance(value, str | int | float)}
        )
        mlflow.log_metrics(_flat(metrics))
        info = _log_files(model)
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    made = client.create_model_version(
        name,
        info.model_uri,
        run.info.run_id,
        tags=_tags(model, config),
        description=(model / "card.md").read_text(),
        model_id=info.model_id,
    )
    return int(made.version)


def _log_files(model: Path) -> "ModelInfo":
    """Log the folder in the run under way, with the requirements given: working them out takes seconds."""
    import mlflow

    requirements = [f"{package}=={installed(package)}" for package in ("numpy", "onnxruntime")]
    return mlflow.pyfunc.log_model(
        name="model",
        python_model=str(CODE),
        artifacts={"files": str(model)},
        pip_requirements=requirements,
    )


def _tags(model: Path, config: dict[str, Any]) -> dict[str, str]:
    return {
        "kind": config["kind"],
        "origin": config["origin"],
        "sessions": str(len(_read(model / "sessions.json"))),
        "data_digest": config["data_digest"],
        "model_digest": _digest(model),
    }


def _fetch(home: Home, version: "ModelVersion", aside: Path) -> Path:
    """Fetch a version's folder, and check it."""
    import mlflow

    mlflow.set_tracking_uri(home.store_uri)
    mlflow.set_registry_uri(home.store_uri)
    uri = f"models:/{version.name}/{version.version}"
    fetched = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(aside)))
    folder = fetched / "artifacts" / _read_artifact_name(fetched)
    read_model(folder)
    return folder


def _read_artifact_name(fetched: Path) -> str:
    return next(path.parent.name for path in fetched.glob("artifacts/*/config.json"))


def _versions(client: "MlflowClient", name: str) -> "list[ModelVersion]":
    return sorted(client.search_model_versions(f"name = '{name}'"), key=lambda version: int(version.version))


def _version(client: "MlflowClient", name: str, version: int) -> "ModelVersion":
    known = _versions(client, name)
    if not known:
        raise ModelError(f"There is no model {name!r} in the registry. See `ptolemy models list`.")
    for found in known:
        if int(found.version) == version:
            return client.get_model_version(name, str(version))
    numbers = ", ".join(str(v.version) for v in known)
    raise ModelError(
        f"There is no version {version} of {name}; there are {numbers}. See `ptolemy models list`."
    )


def _alias(client: "MlflowClient", name: str, alias: str) -> int | None:
    found = client.search_registered_models(f"name = '{name}'")
    version = found[0].aliases.get(alias) if found else None
    return int(version) if version else None


def _registered(client: "MlflowClient", version: "ModelVersion", aliases: dict[str, str]) -> Registered:
    named = tuple(sorted(alias for alias, number in aliases.items() if str(number) == str(version.version)))
    run = client.get_run(version.run_id) if version.run_id else None
    metrics = dict(run.data.metrics) if run else {}
    return Registered(version.name, int(version.version), named, dict(version.tags), metrics)


def _flat(metrics: dict[str, Any]) -> dict[str, float]:
    """Name each figure's value as the measure, its interval's ends as measure_low and measure_high."""
    flat: dict[str, float] = {}
    for name, value in metrics.items():
        parts = value if isinstance(value, dict) else {"value": value}
        for part, number in parts.items():
            if isinstance(number, int | float):
                flat[name if part == "value" else f"{name}_{part}"] = float(number)
    return flat


def _digest(model: Path) -> str:
    return hashlib.sha256((model / "digests.json").read_bytes()).hexdigest()


def _read(path: Path) -> Any:
    return json.loads(path.read_text())
