"""Where a training stands, in one safetensors file: weights, optimiser, best weights and the curve."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ptolemy_kedro.files import atomic_file

Weights = dict[str, torch.Tensor]
Curve = list[dict[str, float]]


def save(
    path: Path,
    key: str,
    network: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    best: Weights,
    curve: Curve,
) -> None:
    """Write where a training stands, whole or not at all.

    Args:
        path: The file.
        key: Names the options and data; ``load`` asks for the same.
        network: At the end of its last epoch.
        optimiser: With its moments.
        best: Weights of the best epoch.
        curve: A row an epoch.
    """
    tensors = {f"network/{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"best/{name}": value for name, value in best.items()}
    for index, moments in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{index}/{name}": torch.as_tensor(value) for name, value in moments.items()}
    metadata = {"key": key, "curve": json.dumps(curve)}
    with atomic_file(path) as aside:
        save_file(
            {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()},
            aside,
            metadata,
        )


def load(
    path: Path, key: str, network: torch.nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[Weights, Curve] | None:
    """Take a training up where it stands; None, and nothing changed, where there is none of this key."""
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (FileNotFoundError, SafetensorError):
        return None
    if metadata.get("key") != key:
        return None
    network.load_state_dict(_below(tensors, "network/"))
    moments: dict[int, Weights] = {}
    for name, value in _below(tensors, "optimiser/").items():
        index, moment = name.split("/")
        moments.setdefault(int(index), {})[moment] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    return _below(tensors, "best/"), json.loads(metadata["curve"])


def _below(tensors: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
