"""Training the networks that see what a square is like, on simulated squares of which all is known."""

import hashlib
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from ptolemy_kedro.squares.classifiers import PORTABLE
from ptolemy_kedro.squares.sight import MEASURED, SIDES_PX, STATES, bright
from ptolemy_kedro.training.model import TrainedModel

SPREADS = (0.85, 0.75, 0.7, 0.06, 0.12)
"""Usual spreads of ``MEASURED``, in which errors count."""

MIDDLES = (4.3, 0.6, 1.2, 0.62, 0.03)

WITHIN = 0.3
"""Errors of the ice beside the rest of the image count in this share of its spread: order matters most."""

MEANING = "What a square is like (``squares.sight.PERCEIVED``); what it is worth is another question."

FURTHEST = 4.0
MOST_OF_AN_IMAGE, STEP = 120, 240
"""Squares of one image that a step takes at most, and of all images together at least."""


@dataclass(frozen=True)
class SightLessons:
    """Squares of known truth.

    Attributes:
        frames: Stored levels; shape (n, side, side).
        light: ``sight.levels_of_light`` of each; shape (n, 2).
        looks: ``sight.looks`` of each; shape (n, inputs).
        measured: True values of ``MEASURED``; shape (n, 5).
        state: Number of each one's state in ``STATES``; shape (n,).
        image: Number of each one's image; shape (n,).
    """

    frames: NDArray[np.uint8]
    light: NDArray[np.float32]
    looks: NDArray[np.float32]
    measured: NDArray[np.float32]
    state: NDArray[np.int64]
    image: NDArray[np.int64]


class Sight(nn.Module):
    """A frame of light, and what goes beside it, to ``PERCEIVED``."""

    middle: torch.Tensor
    spread: torch.Tensor
    unit: torch.Tensor
    zero: torch.Tensor

    def __init__(self, name: str, beside: NDArray[np.float32]):
        """Build the network of one of ``SIDES_PX`` for looks distributed like ``beside``."""
        super().__init__()
        self.side = SIDES_PX[name]
        for buffer, values in (
            ("middle", np.median(beside, axis=0)),
            ("spread", np.maximum(beside.std(axis=0), 1e-6)),
            ("unit", SPREADS),
            ("zero", MIDDLES),
        ):
            self.register_buffer(buffer, torch.tensor(np.asarray(values), dtype=torch.float32))
        if name == "far":
            self.fine, self.coarse = nn.Sequential(_layer(4, 24), _layer(24, 24)), _layer(24, 32, 2)
            channels = 24 + 32
        else:
            self.fine = nn.Sequential(_layer(4, 16), _layer(16, 32, 2), _layer(32, 32))
            self.coarse = nn.Sequential(_layer(32, 48, 2), _layer(48, 48), _layer(48, 64, 2))
            channels = 32 + 64
        self.head = nn.Sequential(
            *(nn.Linear(2 * channels + beside.shape[1], 96), nn.ReLU(), nn.Dropout(0.1)),
            *(nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, len(MEASURED) + len(STATES))),
        )

    def look(self, frames: torch.Tensor, beside: torch.Tensor) -> torch.Tensor:
        """Give what is measured, in spreads, and the states' logits; (n, 12)."""
        fine = self.fine(functional.pixel_unshuffle(frames, 2))
        coarse = self.coarse(fine)
        pooled = [part for image in (fine, coarse) for part in (image.mean((2, 3)), image.amax((2, 3)))]
        scaled = ((beside - self.middle) / self.spread).clamp(-FURTHEST, FURTHEST)
        return self.head(torch.cat([*(part.float() for part in pooled), scaled], dim=1))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Pixels and looks side by side (n, side * side + inputs) to ``PERCEIVED`` (n, 12)."""
        pixels, beside = values[:, : self.side**2], values[:, self.side**2 :]
        seen = self.look(pixels.reshape(-1, 1, self.side, self.side), beside)
        count = len(MEASURED)
        return torch.cat([seen[:, :count] * self.unit + self.zero, seen[:, count:].softmax(dim=1)], dim=1)


def _layer(inputs: int, outputs: int, step: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, step, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def fit_sight(
    name: str, lessons: SightLessons, sessions: tuple[str, ...], epochs: int, seed: int = 0
) -> TrainedModel:
    """Train one of the networks.

    Args:
        name: Which of ``SIDES_PX``.
        lessons: What it learns from; an image's squares are learnt together.
        sessions: That these are of.
        epochs: Over all of them.
        seed: Of first weights, order and turns.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Sight(name, lessons.looks)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=4e-3, weight_decay=0.02)
    images = [np.asarray(rows) for rows in pd.Series(lessons.image).groupby(lessons.image).indices.values()]
    steps = epochs * (1 + sum(1 for _ in _batches(images, np.random.default_rng(0))) + len(images) // 50)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps, pct_start=0.2)
    curve = []
    for epoch in range(epochs):
        started, losses = time.perf_counter(), []
        for rows in _batches(images, rng):
            losses.append(_step(network, optimiser, _loss(network, lessons, rows, turn=int(rng.integers(8)))))
            pace.step()
        seconds = time.perf_counter() - started
        curve.append({"epoch": epoch, "training_loss": float(np.mean(losses)), "seconds": seconds})
        print(f"{name}: epoch {epoch}, loss {np.mean(losses):.3f}, {seconds:.0f} s", flush=True)
    onnx = _to_onnx(network.eval(), lessons)
    config = {
        "kind": "sight",
        "meaning": MEANING,
        "descriptors": list(PORTABLE),
        "side_px": SIDES_PX[name],
        "network": hashlib.sha256(onnx).hexdigest(),
    }
    return TrainedModel(onnx, config, sessions, pd.DataFrame(curve))


def _step(network: Sight, optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> float:
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def _batches(images: list[NDArray], rng: np.random.Generator) -> Iterator[NDArray]:
    """Give the rows of whole images, or of a part of large ones, until a step has enough."""
    gathered: list[NDArray] = []
    for at in rng.permutation(len(images)):
        rows = images[at]
        rows = rng.choice(rows, MOST_OF_AN_IMAGE, replace=False) if len(rows) > MOST_OF_AN_IMAGE else rows
        gathered.append(rows)
        if sum(map(len, gathered)) >= STEP:
            yield np.concatenate(gathered)
            gathered = []


def _loss(network: Sight, lessons: SightLessons, rows: NDArray, turn: int) -> torch.Tensor:
    """Add up what is wrong: ice beside the image's, ice itself, the other measures, the state."""
    frames = torch.from_numpy(bright(lessons.frames[rows], lessons.light[rows]))[:, None]
    frames = torch.rot90(frames, turn % 4, (2, 3))
    frames = (frames.flip(3) if turn >= 4 else frames).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = network.look(frames, torch.from_numpy(lessons.looks[rows])).float()
    true = ((torch.from_numpy(lessons.measured[rows]) - network.zero) / network.unit).clamp(-4, 4)
    state, count = torch.from_numpy(lessons.state[rows]), len(MEASURED)
    holds = (state != STATES.index("empty")).float()[:, None]  # nothing else is to be seen in these
    off = (seen[:, :count] - true) * holds
    image = torch.unique(torch.from_numpy(lessons.image[rows]), return_inverse=True)[1]
    usual = torch.zeros(int(image.max()) + 1).index_add(0, image, off[:, 0]) / torch.bincount(image)
    wrong = functional.smooth_l1_loss
    loss = wrong((off[:, 0] - usual[image]) / WITHIN, torch.zeros(len(rows)))
    weights = torch.tensor([0.5, 1.0, 1.0, 1.0, 0.5])
    loss = loss + (wrong(off, torch.zeros_like(off), reduction="none").mean(dim=0) * weights).sum()
    return loss + functional.cross_entropy(seen[:, count:], state)


def _to_onnx(network: Sight, lessons: SightLessons) -> bytes:
    pixels = bright(lessons.frames[:2], lessons.light[:2]).reshape(2, -1)
    example = np.concatenate([pixels, lessons.looks[:2]], axis=1)
    network = network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    with TemporaryDirectory() as aside, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        place = Path(aside) / "network.onnx"
        torch.onnx.export(
            network,
            (torch.from_numpy(example),),
            place,
            dynamo=False,
            input_names=["values"],
            output_names=["perceived"],
            dynamic_axes={"values": {0: "n"}, "perceived": {0: "n"}},
        )
        return place.read_bytes()
