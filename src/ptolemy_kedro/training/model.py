"""A trained model, and the folder it is kept in: a network, what it needs to be used, and how it came about.

model.onnx      the network
config.json     format, name, kind, origin, inputs, preprocessing, class prior, data digest
metrics.json    measures with intervals
sessions.json   ids of the sessions it was trained on
card.md         the same for people
curve.csv       loss by epoch, where there was a loop
digests.json    sha256 of each of the others
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptolemy_kedro.errors import ModelError

if TYPE_CHECKING:
    import pandas as pd

FORMAT, FORMAT_VERSION = "ptolemy-model", 1
CONTENT = ("model.onnx", "config.json", "metrics.json", "sessions.json", "card.md")


@dataclass(frozen=True)
class TrainedModel:
    """What a fit returns.

    Attributes:
        onnx: The network.
        config: ``kind``, its inputs and their preprocessing, ``class_prior``; JSON-able.
        sessions: Ids of the sessions it was trained on.
        curve: A row an epoch: ``epoch``, ``training_loss``, ``validation_loss``, ``seconds``; or None.
    """

    onnx: bytes
    config: dict[str, Any]
    sessions: tuple[str, ...]
    curve: "pd.DataFrame | None" = field(default=None, compare=False)


def write_model(
    folder: Path, trained: TrainedModel, metrics: dict[str, Any], *, name: str, origin: str, data_digest: str
) -> Path:
    """Write a model's folder in place; wrap it in ``files.atomic_folder`` where readers may come by.

    Args:
        folder: An existing, empty folder.
        trained: The model.
        metrics: As ``metrics.ranking.evaluate`` gives them, on sessions not trained on.
        name: Registered name.
        origin: ``simulated`` or ``real``: of the sessions it learnt from.
        data_digest: Digest of the training data.
    """
    config = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "name": name,
        "origin": origin,
        "data_digest": data_digest,
        **trained.config,
    }
    (folder / "model.onnx").write_bytes(trained.onnx)
    _write_json(folder / "config.json", config)
    _write_json(folder / "metrics.json", metrics)
    _write_json(folder / "sessions.json", list(trained.sessions))
    (folder / "card.md").write_text(model_card(config, metrics, trained.sessions))
    if trained.curve is not None:
        trained.curve.to_csv(folder / "curve.csv", index=False)
    _write_json(folder / "digests.json", {p.name: _sha256(p) for p in sorted(folder.iterdir())})
    return folder


def read_model(folder: Path) -> tuple[bytes, dict[str, Any]]:
    """Read a model's network and configuration, once every file's digest is found right.

    Raises:
        ModelError: The folder is no model of a version this project reads, or a file is missing or changed.
    """
    digests = _read_json(folder / "digests.json")
    for name in sorted({*CONTENT, *digests}):
        path = folder / name
        if not path.is_file():
            raise ModelError(f"The model in {folder} lacks {name}. Register or export it again.")
        if digests.get(name) != _sha256(path):
            raise ModelError(
                f"The model in {folder} is damaged: {name} has changed. Register or export it again."
            )
    config = _read_json(folder / "config.json")
    if config.get("format") != FORMAT or config.get("version") != FORMAT_VERSION:
        raise ModelError(
            f"{folder} holds no model of format {FORMAT} {FORMAT_VERSION}. Train it with this version."
        )
    return (folder / "model.onnx").read_bytes(), config


def model_card(config: dict[str, Any], metrics: dict[str, Any], sessions: Sequence[str]) -> str:
    """Write a model's card: what it is, what it saw, how good it is and what it must not be used for."""
    lines = [f"| {name} | {_interval(value)} |" for name, value in metrics.items()]
    return "\n".join(
        [
            f"# {config['name']} ({config['kind']})",
            "",
            f"{_meaning(config)} Trained on {len(sessions)} sessions (data {config['data_digest'][:12]}).",
            "",
            "Measured on sessions it was not trained on; intervals of 95 % from a bootstrap over sessions.",
            "",
            "| measure | value |",
            "|---|---|",
            *lines,
            "",
        ]
    )


def _meaning(config: dict[str, Any]) -> str:
    origin = f"**{config['origin']}**"
    if "meaning" in config:
        return f"{config['meaning']} Learnt on {origin} sessions."
    if "class_prior" not in config:
        return f"A probability is that of a place where a hole was clicked in {origin} sessions."
    return (
        f"A score is P(selected | viewed) under the habits of those who chose in {origin} sessions; "
        f"the base rate there was {config['class_prior']:.3f}. What a target is worth is another question."
    )


def _interval(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    if value.get("value") is None:
        return "undefined"
    low, high = value.get("low"), value.get("high")
    return f"{value['value']:.3f}" + (f" ({low:.3f} to {high:.3f})" if low is not None else "")


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise ModelError(f"There is no model in {path.parent}: {path.name} is missing.") from None
    except (OSError, ValueError) as failure:
        raise ModelError(f"{path} cannot be read: {failure}") from None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
