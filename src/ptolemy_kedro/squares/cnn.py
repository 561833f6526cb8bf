"""The published network for squares: five convolutions and a 6x6 head, 217,537 parameters.

At 240x240 each convolution is followed by a max pool of 3 with stride 2, which leaves the head its 6x6. At
a smaller size the layers and their parameters stay the same and only the last pools are left out: 120 takes
four, 60 three and 30 two, and a tile of 48 squares costs a seventeenth and a seventieth of what 240 px cost.
"""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.squares.cnn_options import CnnOptions
from ptolemy_kedro.stored_crops import LEVELS_PER_SD, MIDDLE
from ptolemy_kedro.training.augment import turn_and_flip
from ptolemy_kedro.training.loop import Examples, train
from ptolemy_kedro.training.model import TrainedModel

CHANNELS = 64
KERNELS = (5, 5, 3, 3, 3)
HEAD_PX = 6


class SquareNet(nn.Module):
    """Crops (n, 1, size, size) to logits of selection (n,)."""

    def __init__(self, size_px: int = 240):
        """Build it for crops of an edge [px] that halves down to 6."""
        super().__init__()
        pools = _pools(size_px)
        layers: list[nn.Module] = []
        for i, kernel in enumerate(KERNELS):
            layers.append(nn.Conv2d(CHANNELS if i else 1, CHANNELS, kernel, padding="same", bias=False))
            layers += [nn.ReLU(), nn.BatchNorm2d(CHANNELS)]
            layers += [nn.MaxPool2d(3, 2)] if i < pools else []
        self.features = nn.Sequential(*layers)
        self.head = nn.Conv2d(CHANNELS, 1, HEAD_PX)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Give a logit a crop."""
        return self.head(self.features(crops)).flatten()


def fit_cnn(
    frames: NDArray[np.uint8],
    labels: ArrayLike,
    sessions: ArrayLike,
    options: CnnOptions = CnnOptions(),  # noqa: B008
    checkpoint: Path | None = None,
) -> TrainedModel:
    """Train the published network on the crops whose label is known.

    Args:
        frames: ``Crops.frames(options.size_px)``, shape (n, 1, size, size); never copied whole.
        labels: ``selected``, ``rejected`` or ``unknown`` for each, shape (n,).
        sessions: Session id of each, shape (n,). Some whole sessions are held out to tell when to stop.
        options: Of network and training.
        checkpoint: File that a killed training goes on from.

    Raises:
        TableError: Fewer than two sessions, or one of the labels is missing.
    """
    labels, sessions = np.asarray(labels, dtype=str), np.asarray(sessions, dtype=str)
    learn, judge = _examples(frames, labels, sessions, options)
    torch.manual_seed(options.train.seed)
    network = SquareNet(options.size_px)
    loss = nn.functional.binary_cross_entropy_with_logits
    curve = train(network, learn, judge, loss, options.train, turn_and_flip, _standardised, checkpoint)
    config = {
        "kind": "cnn",
        "crop": {"size_px": options.size_px},
        "class_prior": float(learn.targets[learn.rows].mean()),
        "parameters": sum(p.numel() for p in network.parameters()),
        "inner_auc": _inner_auc(network, judge, sessions),
    }
    seen = sorted(set(sessions[torch.cat([learn.rows, judge.rows]).numpy()]))
    return TrainedModel(to_onnx(network, options.size_px), config, tuple(seen), curve)


def _examples(
    frames: NDArray[np.uint8], labels: NDArray[np.str_], sessions: NDArray[np.str_], options: CnnOptions
) -> tuple[Examples, Examples]:
    """Take the crops of known label: those to learn from, and those of the sessions held out."""
    known = np.flatnonzero(np.isin(labels, ("selected", "rejected")))
    selected = labels == "selected"
    held_out = _held_out(sessions[known], selected[known], options)
    pixels, targets = torch.from_numpy(frames), torch.from_numpy(selected.astype(np.float32))
    learn, judge = (torch.from_numpy(known[part]) for part in (~held_out, held_out))
    return Examples(pixels, targets, learn), Examples(pixels, targets, judge)


@torch.no_grad()
def _inner_auc(network: SquareNet, held_out: Examples, sessions: NDArray[np.str_]) -> float | None:
    """AUC within the sessions that told when to stop."""
    scores = torch.cat(
        [network(_standardised(frames)) for frames, _ in held_out.batches(torch.arange(len(held_out)), 256)]
    )
    session, targets = sessions[held_out.rows.numpy()], held_out.targets[held_out.rows].numpy() > 0
    within = [
        roc_auc(scores.numpy()[session == name], targets[session == name]) for name in np.unique(session)
    ]
    known = [auc for auc in within if not np.isnan(auc)]
    return float(np.mean(known)) if known else None


def _standardised(frames: torch.Tensor) -> torch.Tensor:
    """As ``crops.standardised``, on the device that trains."""
    return (frames.float() - MIDDLE) / LEVELS_PER_SD


def to_onnx(network: SquareNet, size_px: int) -> bytes:
    """Save the network as ONNX: crops (n, 1, size, size) to the probability of selection (n,)."""
    scored = nn.Sequential(network, nn.Sigmoid()).eval()
    example = torch.zeros(2, 1, size_px, size_px)
    with tempfile.TemporaryDirectory() as aside:
        place = Path(aside) / "network.onnx"
        _export(scored, example, place, dynamic_axes={"crops": {0: "n"}, "score": {0: "n"}})
        return place.read_bytes()


def _export(network: nn.Module, example: torch.Tensor, to: Path, **options: Any) -> None:
    """Trace the network; the newer exporter is slower and writes the paths of its machine into the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network, (example,), to, dynamo=False, input_names=["crops"], output_names=["score"], **options
        )


def _pools(size_px: int) -> int:
    edge, pools = size_px, 0
    while edge > HEAD_PX and pools < len(KERNELS):
        edge, pools = (edge - 1) // 2, pools + 1
    if edge != HEAD_PX:
        raise ValueError(f"{size_px} px does not halve down to {HEAD_PX} px; 30, 60, 120 and 240 px do.")
    return pools


def _held_out(session: NDArray, selected: NDArray[np.bool_], options: CnnOptions) -> NDArray[np.bool_]:
    """Choose whole sessions to hold out, by the seed."""
    names = np.unique(session)
    if len(names) < 2 or selected.all() or not selected.any():
        raise TableError(
            f"{len(names)} sessions with {selected.sum()} selected and {(~selected).sum()} rejected squares: "
            "the network needs two sessions or more, and squares of both kinds."
        )
    count = min(len(names) - 1, max(1, round(options.held_out_share * len(names))))
    rng = np.random.default_rng(options.train.seed)
    return np.isin(session, rng.choice(names, count, replace=False))
