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
from ptolemy_kedro.holes.examples import FramesAndNumbers, centre_and_spread, known_holes, turned
from ptolemy_kedro.holes.sight import SIZE_PX, shipped_sight
from ptolemy_kedro.holes.trees import fit_trees, joined_onnx
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

    What the shipped sight sees is joined to the descriptors where the frames are of its size; it
    stays as it is.

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
    sight = shipped_sight() if options.size_px == SIZE_PX else None
    numbers = np.concatenate([numbers, sight.see(frames, numbers)], axis=1) if sight else numbers
    targets = torch.from_numpy(known.selected.astype(np.float32))
    pixels, values = torch.from_numpy(frames), torch.from_numpy(numbers)
    learn, judge = (
        FramesAndNumbers(pixels, targets, torch.from_numpy(places), values)
        for places in (known.learn, known.judge)
    )
    torch.manual_seed(options.train.seed)
    network = ContextNet(options, *centre_and_spread(values[learn.rows]))
    loss = nn.functional.binary_cross_entropy_with_logits
    curve = train(network, learn, judge, loss, options.train, turned(options.size_px), None, checkpoint)
    trees = fit_trees(numbers[known.learn], known.selected[known.learn], options.trees, options.train.seed)
    averaged = (_logits(network, judge) + trees.decision_function(numbers[known.judge])) / 2
    scale, shift = platt(averaged, known.selected[known.judge].astype(float))
    shift += log_odds(known.selected[np.r_[known.learn, known.judge]]) - log_odds(known.selected[known.judge])
    config = {
        "kind": KIND,
        "crop": {"size_px": options.size_px},
        "descriptors": list(DESCRIPTORS),
        "class_prior": known.class_prior,
        "calibration": {"scale": scale, "shift": shift},
        "parameters": sum(p.numel() for p in network.parameters()),
        "trees": options.trees,
        "sight": sight.digest if sight else None,
    }
    onnx = joined_onnx(network, trees, scale, shift, sight)
    return TrainedModel(onnx, config, known.sessions, curve)


@torch.no_grad()
def _logits(network: nn.Module, judged: FramesAndNumbers) -> NDArray[np.float64]:
    batches = judged.batches(torch.arange(len(judged)), 1024)
    return torch.cat([network(rows) for rows, _ in batches]).double().numpy()


def log_odds(selected: NDArray[np.bool_]) -> float:
    """Give the log-odds of the share selected: operators differ, so that of a few sessions says little."""
    return float(np.log(selected.sum() / (~selected).sum()))


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
