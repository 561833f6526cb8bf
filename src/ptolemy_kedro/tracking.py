"""Runs that train, recorded in MLflow: parameters, metrics, figures, sessions, digests of data and code."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptolemy_kedro.home import find_home
from ptolemy_kedro.store import experiment, reached

if TYPE_CHECKING:
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline

TRAINS = "trains"
"""Tag of the nodes that make a run worth a record."""

EXPERIMENT = "flows"


def record(
    run_params: dict[str, Any], pipeline: "Pipeline", catalog: "DataCatalog", started_s: float
) -> None:
    """Record a finished run that began at ``started_s`` [s since 1970].

    Of its outputs those count that say so in their catalog entry, by ``metadata: {mlflow: metrics}`` (JSON),
    ``mlflow: tags`` (JSON, its texts and numbers) or ``mlflow: file``.

    Raises:
        RegistryError: The store cannot be used.
    """
    import mlflow

    home = find_home()
    with reached(home, create=True) as client:
        mlflow.set_tracking_uri(home.store_uri)
        name = " ".join(run_params.get("pipeline_names") or ["__default__"])
        run = client.create_run(
            experiment(client, home, EXPERIMENT), start_time=int(started_s * 1000), run_name=name
        )
        with mlflow.start_run(run_id=run.info.run_id):
            mlflow.set_tags({"git_commit": git_commit(), "kedro_session": str(run_params.get("run_id", ""))})
            mlflow.log_params(dict(_parameters(pipeline, catalog)))
            for name, kind, dataset in _tracked(pipeline, catalog):
                _RECORD[kind](mlflow, name, dataset)


def git_commit() -> str:
    """Name the commit of the code, with a plus where files differ from it; ``unknown`` outside git."""
    here = Path(__file__).parent
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True
        )
        changed = subprocess.run(
            ["git", "status", "--porcelain", "-uno"], cwd=here, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("+" if changed.stdout.strip() else "")


def flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walk nested dictionaries; names are joined by dots."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _parameters(pipeline: "Pipeline", catalog: "DataCatalog") -> Iterator[tuple[str, Any]]:
    from dataclasses import asdict

    for name in sorted(name for name in pipeline.inputs() if name.startswith("params:")):
        yield from flat(asdict(catalog.load(name)), f"{name.removeprefix('params:')}.")


def _tracked(pipeline: "Pipeline", catalog: "DataCatalog") -> Iterator[tuple[str, str, Any]]:
    for name in sorted(pipeline.all_outputs()):
        kind = (getattr(catalog[name], "metadata", None) or {}).get("mlflow")
        if kind is not None:
            yield name, kind, catalog[name]


def _record_metrics(mlflow: Any, name: str, dataset: Any) -> None:
    content = dataset.load()
    numbers = {key: value for key, value in flat(content, f"{name}.") if isinstance(value, int | float)}
    mlflow.log_metrics({_allowed(key): float(value) for key, value in numbers.items()})
    mlflow.log_dict(content, f"{name}.json")


def _record_tags(mlflow: Any, name: str, dataset: Any) -> None:
    content = dataset.load()
    mlflow.set_tags({key: value for key, value in flat(content, f"{name}.") if isinstance(value, str | int)})
    mlflow.log_dict(content, f"{name}.json")


def _record_file(mlflow: Any, name: str, dataset: Any) -> None:
    mlflow.log_artifact(dataset._describe()["path"])


def _allowed(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "_-. /" else "_" for letter in name)


_RECORD = {"metrics": _record_metrics, "tags": _record_tags, "file": _record_file}
