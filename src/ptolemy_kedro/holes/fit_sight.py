"""Training what sees holes: a network on pixels and descriptors, told the truth of simulated sessions."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ptolemy_kedro.holes.context import DESCRIPTORS
from ptolemy_kedro.holes.context_net import FARTHEST
from ptolemy_kedro.holes.examples import FramesAndNumbers, centre_and_spread, turned
from ptolemy_kedro.holes.sight import SEEN, SIZE_PX, STATES
from ptolemy_kedro.stored_crops import LEVELS_PER_SD, MIDDLE
from ptolemy_kedro.training.export import to_onnx
from ptolemy_kedro.training.loop import train
from ptolemy_kedro.training.model import TrainedModel
from ptolemy_kedro.training.options import TrainOptions

if TYPE_CHECKING:
    import pandas as pd

KIND = "hole-sight"
WIDTHS, JOINED = (32, 64, 96), 128
"""Channels of its layers, and numbers that pixels and descriptors come down to."""

UNSEEN = ("found_probability", "on_lattice")
"""Descriptors that say how a hole was found, which no truth does."""

USUAL_ICE, ICE_SPREAD = 3.8, 0.8
"""Of the logarithm of ice [nm] in simulated sessions; together with the next, they weigh what is learnt."""

SHARE_WEIGHT, STATE_WEIGHT = 3.0, 2.0

OPTIONS = TrainOptions(
    epochs=14, patience=4, batch_size=128, learning_rate=1e-3, weight_decay=0.03, last_rate=0.02
)


class SightNet(nn.Module):
    """Rows of stored levels and descriptors (n, size * size + d) to measures and logits of states (n, k)."""

    mean: torch.Tensor
    std: torch.Tensor
    used: torch.Tensor

    def __init__(self, mean: torch.Tensor, std: torch.Tensor):
        """Build it; descriptors are standardised by ``mean`` and ``std``, shape (d,), kept in the network."""
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.register_buffer("used", torch.tensor([float(name not in UNSEEN) for name in DESCRIPTORS]))
        layers: list[nn.Module] = []
        for number, width in enumerate(WIDTHS):
            kernel, inward = (3, WIDTHS[number - 1]) if number else (5, 1)
            layers += [nn.Conv2d(inward, width, kernel, padding=kernel // 2, bias=False)]
            layers += [nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        left = WIDTHS[-1] * (SIZE_PX // 2 ** len(WIDTHS)) ** 2
        self.pixels = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(left, JOINED), nn.ReLU(), nn.Dropout(0.2)
        )
        self.numbers = nn.Sequential(nn.Linear(len(mean), JOINED), nn.ReLU())
        self.joined = nn.Sequential(
            nn.Linear(2 * JOINED, JOINED), nn.ReLU(), nn.Dropout(0.2), nn.Linear(JOINED, len(SEEN))
        )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """See holes."""
        levels = rows[:, : SIZE_PX**2].reshape(-1, 1, SIZE_PX, SIZE_PX)
        numbers = ((rows[:, SIZE_PX**2 :] - self.mean) / self.std).clamp(-FARTHEST, FARTHEST) * self.used
        pixels = self.pixels((levels - MIDDLE) / LEVELS_PER_SD)
        return self.joined(torch.cat([pixels, self.numbers(numbers)], dim=1))


class Told(nn.Module):
    """What a sight network sees, in the units of ``sight.SEEN``."""

    def __init__(self, network: SightNet):
        """Wrap it."""
        super().__init__()
        self.network = network

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Give (n, len(SEEN))."""
        seen, measures = self.network(rows), len(SEEN) - len(STATES)
        ice = seen[:, :1] * ICE_SPREAD + USUAL_ICE
        shares = seen[:, 1:measures] / SHARE_WEIGHT
        return torch.cat([ice, shares, seen[:, measures:].softmax(dim=1)], dim=1)


def fit_sight(
    frames: NDArray[np.uint8],
    numbers: NDArray[np.float32],
    truth: "pd.DataFrame",
    sessions: NDArray[np.str_],
    options: TrainOptions = OPTIONS,
    checkpoint: Path | None = None,
) -> TrainedModel:
    """Train a network to see what holes are like; a tenth of the sessions tells when to stop.

    Args:
        frames: ``HoleCrops.frames(SIZE_PX)``; shape (n, 1, SIZE_PX, SIZE_PX).
        numbers: Descriptors in the order of ``DESCRIPTORS``; shape (n, d).
        truth: Of each hole: ``ice_nm``, ``rank``, ``dirt``, ``around``, ``bar``, ``state``.
        sessions: Session ids; shape (n,).
        options: Of the loop.
        checkpoint: File that a killed training goes on from.
    """
    names = np.unique(sessions)
    aside = np.random.default_rng(options.seed).choice(names, max(1, len(names) // 10), replace=False)
    held_out = np.isin(sessions, aside)
    pixels, values, targets = torch.from_numpy(frames), torch.from_numpy(numbers), _targets(truth)
    learn, judge = (
        FramesAndNumbers(pixels, targets, torch.from_numpy(np.flatnonzero(which)), values)
        for which in (~held_out, held_out)
    )
    torch.manual_seed(options.seed)
    network = SightNet(*centre_and_spread(values[learn.rows]))
    curve = train(network, learn, judge, _loss, options, turned(SIZE_PX), None, checkpoint)
    config = {
        "kind": KIND,
        "meaning": "It sees what a hole is like, as far as pixels tell; no operator was asked.",
        "crop": {"size_px": SIZE_PX},
        "descriptors": list(DESCRIPTORS),
        "seen": list(SEEN),
        "parameters": sum(p.numel() for p in network.parameters()),
    }
    onnx = to_onnx(Told(network), (torch.zeros(2, SIZE_PX**2 + numbers.shape[1]),))
    return TrainedModel(onnx, config, tuple(names.tolist()), curve)


def _targets(truth: "pd.DataFrame") -> torch.Tensor:
    """Measures in the network's units, then the number of the state; shape (n, 6)."""
    ice = np.log(np.maximum(truth["ice_nm"], 3.0))
    near_bar = np.exp(-np.maximum(truth["bar"] - 1, 0) / 1.5)
    dirt, around = (np.sqrt(np.clip(truth[name], 0, 1)) for name in ("dirt", "around"))
    shares = [SHARE_WEIGHT * share for share in (truth["rank"], dirt, around, near_bar)]
    state = [STATES.index(state) for state in truth["state"]]
    columns = [(ice - USUAL_ICE) / ICE_SPREAD, *shares, state]
    return torch.from_numpy(np.stack(columns, axis=1).astype(np.float32))


def _loss(seen: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    measures = len(SEEN) - len(STATES)
    off = nn.functional.smooth_l1_loss(seen[:, :measures], targets[:, :measures], beta=0.5)
    states = nn.functional.cross_entropy(seen[:, measures:], targets[:, measures].long())
    return 0.5 * measures * off + STATE_WEIGHT * states
