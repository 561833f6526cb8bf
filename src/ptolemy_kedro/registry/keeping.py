"""Models going into the registry and coming out of it."""

import hashlib
import json
import tempfile
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptolemy_kedro.evaluation.contest import Contender
from ptolemy_kedro.home import Home
from ptolemy_kedro.registry.versions import version_of
from ptolemy_kedro.registry.writing import writing
from ptolemy_kedro.store import experiment, reached
from ptolemy_kedro.training.model import TrainedModel, read_model

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models.model import ModelInfo

CODE = Path(__file__).parents[1] / "served_model.py"


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
    with writing(home, create=True) as client:
        version = log(client, home, name, model, config)
        client.set_registered_model_alias(name, "challenger", str(version))
    return version


def contender(home: Home, name: str, version: int) -> Contender:
    """Read a version as it is registered, to be compared with another.

    Raises:
        ModelError: There is no such version, or its files are damaged.
        RegistryError: The registry cannot be used.
    """
    with reached(home) as client, tempfile.TemporaryDirectory() as aside:
        folder = fetch(home, version_of(client, name, version), Path(aside))
        onnx, config = read_model(folder)
        return Contender(version, TrainedModel(onnx, config, tuple(read_json(folder / "sessions.json"))))


def log(client: "MlflowClient", home: Home, name: str, model: Path, config: dict[str, Any]) -> int:
    """Log the folder with its measures in a run of its own, and make a version of it."""
    import mlflow

    metrics = read_json(model / "metrics.json")
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
        "sessions": str(len(read_json(model / "sessions.json"))),
        "data_digest": config["data_digest"],
        "model_digest": digest_of(model),
    }


def fetch(home: Home, version: "ModelVersion", aside: Path) -> Path:
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


def _flat(metrics: dict[str, Any]) -> dict[str, float]:
    """Name each figure's value as the measure, its interval's ends as measure_low and measure_high."""
    flat: dict[str, float] = {}
    for name, value in metrics.items():
        parts = value if isinstance(value, dict) else {"value": value}
        for part, number in parts.items():
            if isinstance(number, int | float):
                flat[name if part == "value" else f"{name}_{part}"] = float(number)
    return flat


def digest_of(model: Path) -> str:
    return hashlib.sha256((model / "digests.json").read_bytes()).hexdigest()


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())
