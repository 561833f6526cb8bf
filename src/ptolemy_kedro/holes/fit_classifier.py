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
from ptolemy_kedro.holes.examples import FramesAndNumbers, Known, centre_and_spread, known_holes, turned
from ptolemy_kedro.holes.sight import SIZE_PX, shipped_sight
from ptolemy_kedro.holes.trees import fit_trees, joined_onnx
from ptolemy_kedro.training.loop import train
from ptolemy_kedro.training.model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier

KIND = "hole-context"

USUAL_HOLES = 10.0
"""Holes of the usual share selected that a session's own share is pulled by, so that none weighs too much."""


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
    stays as it is. Holes count by ``even_weights``; the scores are calibrated on holes that count alike.

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
    weights = np.zeros(len(numbers))
    weights[known.both] = even_weights(known.selected[known.both], np.asarray(sessions, str)[known.both])
    learn, judge = _examples(frames, numbers, known, weights)
    torch.manual_seed(options.train.seed)
    network = ContextNet(options, *centre_and_spread(learn.numbers[learn.rows]))
    curve = train(
        network, learn, judge, _weighted_loss, options.train, turned(options.size_px), None, checkpoint
    )

    def trees_of(part: NDArray[np.int64]) -> "HistGradientBoostingClassifier":
        seed = options.train.seed
        return fit_trees(numbers[part], known.selected[part], weights[part], options.trees, seed)

    said_by_trees = trees_of(known.learn).decision_function(numbers[known.judge])
    share, scale, shift = _calibrated(_logits(network, judge), said_by_trees, known, weights)
    config = {
        "kind": KIND,
        "crop": {"size_px": options.size_px},
        "descriptors": list(DESCRIPTORS),
        "class_prior": known.class_prior,
        "calibration": {"scale": scale, "shift": shift},
        "parameters": sum(p.numel() for p in network.parameters()),
        "trees": options.trees,
        "network_share": share,
        "sight": sight.digest if sight else None,
    }
    # The trees need no one to tell when to stop: what is saved has learnt from all sessions.
    onnx = joined_onnx(network, trees_of(known.both), (scale * share, scale * (1 - share)), shift, sight)
    return TrainedModel(onnx, config, known.sessions, curve)


def _examples(
    frames: NDArray[np.uint8], numbers: NDArray[np.float32], known: Known, weights: NDArray[np.float64]
) -> tuple[FramesAndNumbers, FramesAndNumbers]:
    """Give what is learnt from and what is held out; a target is what was selected, and its weight."""
    targets = torch.from_numpy(np.stack([known.selected, weights], axis=1).astype(np.float32))
    pixels, values = torch.from_numpy(frames), torch.from_numpy(numbers)
    learn, judge = (
        FramesAndNumbers(pixels, targets, torch.from_numpy(places), values)
        for places in (known.learn, known.judge)
    )
    return learn, judge


def _calibrated(
    network: NDArray[np.float64], trees: NDArray[np.float64], known: Known, weights: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Find the network's share, and scale and shift of both together, on the logits of holes held out."""
    selected = known.selected[known.judge]
    share = network_share(network, trees, selected.astype(float), weights[known.judge])
    scale, shift = platt(share * network + (1 - share) * trees, selected.astype(float))
    return share, scale, shift + log_odds(known.selected[known.both]) - log_odds(selected)


def even_weights(selected: NDArray[np.bool_], sessions: NDArray[np.str_]) -> NDArray[np.float64]:
    """Weigh holes so that a session's share of selected ones, and its number of holes, say little.

    One operator takes a third of what another takes all of; which of a session's holes are better is what
    a model can learn. In each session selected and rejected holes come to the usual share of all sessions,
    and the session counts by the root of its number of holes.

    Args:
        selected: Of each hole; shape (n,).
        sessions: Session id of each; shape (n,).

    Returns:
        Mean 1, shape (n,).
    """
    _, of = np.unique(sessions, return_inverse=True)
    holes = np.bincount(of).astype(float)
    usual = float(selected.mean())
    share = (np.bincount(of, selected) + USUAL_HOLES * usual) / (holes + USUAL_HOLES)
    weights = np.where(selected, usual / share[of], (1 - usual) / (1 - share[of])) / np.sqrt(holes[of])
    return weights / weights.mean()


def _weighted_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of what was selected (column 0), each hole by its weight (column 1)."""
    return nn.functional.binary_cross_entropy_with_logits(logits, targets[:, 0], targets[:, 1])


@torch.no_grad()
def _logits(network: nn.Module, judged: FramesAndNumbers) -> NDArray[np.float64]:
    batches = judged.batches(torch.arange(len(judged)), 1024)
    return torch.cat([network(rows) for rows, _ in batches]).double().numpy()


def log_odds(selected: NDArray[np.bool_]) -> float:
    """Give the log-odds of the share selected: operators differ, so that of a few sessions says little."""
    return float(np.log(selected.sum() / (~selected).sum()))


def network_share(
    network: NDArray[np.float64],
    trees: NDArray[np.float64],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> float:
    """Find the share of the network, beside the trees, with which both together tell most of holes held out.

    Args:
        network: Logits of the network; shape (n,).
        trees: Of the trees.
        targets: 1 for the selected ones.
        weights: Of each hole.

    Returns:
        0 to 1.
    """
    from scipy.optimize import minimize_scalar

    def loss(share: float) -> float:
        values = share * network + (1 - share) * trees
        return float((weights * (np.logaddexp(0, values) - targets * values)).sum())

    return float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)


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
