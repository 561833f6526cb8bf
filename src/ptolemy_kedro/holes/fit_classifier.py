"""Training our hole classifier: a network on pixels and descriptors, trees beside it, both calibrated."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions
from ptolemy_kedro.holes.context import DESCRIPTORS, matrix
from ptolemy_kedro.holes.context_net import ContextNet
from ptolemy_kedro.holes.crops import HoleCrops
from ptolemy_kedro.holes.examples import FramesAndNumbers, known_holes
from ptolemy_kedro.holes.trees import fit_trees, joined_onnx
from ptolemy_kedro.training.augment import turn_and_flip
from ptolemy_kedro.training.loop import train
from ptolemy_kedro.training.model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd

KIND = "hole-context"


def fit_hole_classifier(
    holes: "pd.DataFrame",
    crops: HoleCrops,
    options: HoleClassifierOptions = HoleClassifierOptions(),  # noqa: B008
    checkpoint: Path | None = None,
) -> TrainedModel:
    """Train our network on the holes whose label is known.

    Args:
        holes: One row a hole: ``session_id``, ``label`` and a column a descriptor.
        crops: Of the same holes, in their order.
        options: Of network and training.
        checkpoint: File that a killed training goes on from.

    Raises:
        TableError: Fewer than two sessions, or one of the labels is missing.
    """
    numbers = matrix({name: holes[name].to_numpy() for name in DESCRIPTORS})
    frames = crops.frames(options.size_px)
    return fit_on_frames(frames, numbers, holes["label"], holes["session_id"], options, checkpoint)


def fit_on_frames(
    frames: NDArray[np.uint8],
    numbers: NDArray[np.float32],
    labels: ArrayLike,
    sessions: ArrayLike,
    options: HoleClassifierOptions = HoleClassifierOptions(),  # noqa: B008
    checkpoint: Path | None = None,
) -> TrainedModel:
    """Train our network on frames that are there; they are never copied whole.

    Args:
        frames: ``HoleCrops.frames(options.size_px)``; shape (n, 1, size, size).
        numbers: Descriptors in the order of ``DESCRIPTORS``; shape (n, d).
        labels: ``selected``, ``rejected`` or ``unknown``; shape (n,).
        sessions: Session ids; shape (n,).
        options: Of network and training.
        checkpoint: File that a killed training goes on from.

    Raises:
        TableError: Fewer than two sessions, or one of the labels is missing.
    """
    known = known_holes(labels, sessions, options.held_out_share, options.train.seed)
    targets = torch.from_numpy(known.selected.astype(np.float32))
    pixels, values = torch.from_numpy(frames), torch.from_numpy(numbers)
    learn, judge = (
        FramesAndNumbers(pixels, targets, torch.from_numpy(places), values)
        for places in (known.learn, known.judge)
    )
    torch.manual_seed(options.train.seed)
    network = ContextNet(options, *_centre_and_spread(values[learn.rows]))
    loss = nn.functional.binary_cross_entropy_with_logits
    curve = train(network, learn, judge, loss, options.train, _turned(options.size_px), None, checkpoint)
    trees = fit_trees(numbers[known.learn], known.selected[known.learn], options.trees, options.train.seed)
    averaged = (_logits(network, judge) + trees.decision_function(numbers[known.judge])) / 2
    scale, shift = platt(averaged, known.selected[known.judge].astype(float))
    config = {
        "kind": KIND,
        "crop": {"size_px": options.size_px},
        "descriptors": list(DESCRIPTORS),
        "class_prior": known.class_prior,
        "calibration": {"scale": scale, "shift": shift},
        "parameters": sum(p.numel() for p in network.parameters()),
        "trees": options.trees,
    }
    return TrainedModel(joined_onnx(network, trees, scale, shift), config, known.sessions, curve)


@torch.no_grad()
def _logits(network: nn.Module, judged: FramesAndNumbers) -> NDArray[np.float64]:
    batches = judged.batches(torch.arange(len(judged)), 1024)
    return torch.cat([network(rows) for rows, _ in batches]).double().numpy()


def platt(logits: NDArray[np.float64], targets: NDArray[np.float64]) -> tuple[float, float]:
    """Fit ``sigmoid(scale * logit + shift)``, pulled a little to scale 1 and shift 0; it rises."""
    from scipy.optimize import minimize

    columns = np.stack([logits, np.ones_like(logits)], axis=1)
    start = np.array([1.0, 0.0])

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        values = columns @ at
        off = at - start
        slope = columns.T @ (1 / (1 + np.exp(-np.clip(values, -500, 500))) - targets)
        return float((np.logaddexp(0, values) - targets * values).sum() + off @ off / 2), slope + off

    scale, shift = minimize(loss, start, jac=True, bounds=[(0.05, None), (None, None)]).x
    return float(scale), float(shift)


def _centre_and_spread(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Median and spread of each descriptor; the spread of a constant one is so wide that it says nothing."""
    low, middle, high = np.quantile(values.numpy(), [0.1, 0.5, 0.9], axis=0)
    spread = np.maximum((high - low) / 2.563, values.numpy().std(axis=0) / 4)
    spread = np.where(spread > 1e-6, spread, 1e9)
    return torch.from_numpy(middle.astype(np.float32)), torch.from_numpy(spread.astype(np.float32))


def _turned(size_px: int):  # type: ignore[no-untyped-def]
    def augment(rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        frames = rows[:, : size_px**2].reshape(-1, 1, size_px, size_px)
        return torch.cat([turn_and_flip(frames, generator).flatten(1), rows[:, size_px**2 :]], dim=1)

    return augment
