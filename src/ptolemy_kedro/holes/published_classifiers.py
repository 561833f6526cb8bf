"""The published networks for holes: four convolutions of 128 channels, on crops upright along the lattice.

One averages what is left of the crop, whatever its size, and learns in batches of one size class: 446,721
parameters. The other pads all crops to one size and reads every place of what is left.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import nn

from ptolemy_kedro.holes.classifier_options import PublishedHoleOptions
from ptolemy_kedro.holes.crops import HoleCrops
from ptolemy_kedro.holes.examples import BySizeClass, Known, known_holes
from ptolemy_kedro.stored_crops import LEVELS_PER_SD, MIDDLE, SIZE_CLASSES
from ptolemy_kedro.training.augment import turn_and_flip
from ptolemy_kedro.training.export import to_onnx
from ptolemy_kedro.training.loop import Examples, train
from ptolemy_kedro.training.model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd

CHANNELS = 128
KERNELS = (5, 3, 3, 3)


class HoleNet(nn.Module):
    """Crops (n, 1, side, side) to logits of selection (n,)."""

    def __init__(self, side_px: int | None = None):
        """Build it for padded crops of one side [px], or, without one, for crops of any size to average."""
        super().__init__()
        layers: list[nn.Module] = []
        for i, kernel in enumerate(KERNELS):
            layers.append(nn.Conv2d(CHANNELS if i else 1, CHANNELS, kernel, padding="same", bias=False))
            layers += [nn.BatchNorm2d(CHANNELS), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.averages = side_px is None
        left = 1 if side_px is None else (side_px // 2 ** len(KERNELS)) ** 2
        self.head = nn.Linear(CHANNELS * left, 1)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Give a logit a crop."""
        features = self.features(crops)
        return self.head(features.mean((2, 3)) if self.averages else features.flatten(1)).flatten()


def fit_average_pooling(
    holes: "pd.DataFrame",
    crops: HoleCrops,
    options: PublishedHoleOptions = PublishedHoleOptions(),  # noqa: B008
    checkpoint: Path | None = None,
) -> TrainedModel:
    """Train the network that averages, on the holes whose label is known, in batches of one size class.

    Args:
        holes: One row a hole: ``session_id`` and ``label``.
        crops: Of the same holes, in their order.
        options: Of network and training.
        checkpoint: File that a killed training goes on from.

    Raises:
        TableError: Fewer than two sessions, or one of the labels is missing.
    """
    known = _known(holes, options)
    pixels = crops.limited(options.largest_px).pixels
    targets = torch.from_numpy(known.selected.astype(np.float32))
    learn, judge = (BySizeClass.of(pixels, targets, torch.from_numpy(p)) for p in (known.learn, known.judge))
    return _fit("hole-average-pooling", None, learn, judge, known, options, checkpoint)


def fit_padding(
    holes: "pd.DataFrame",
    crops: HoleCrops,
    options: PublishedHoleOptions = PublishedHoleOptions(),  # noqa: B008
    checkpoint: Path | None = None,
) -> TrainedModel:
    """Train the network that sees crops padded to one size; arguments as for ``fit_average_pooling``.

    Raises:
        TableError: Fewer than two sessions, or one of the labels is missing.
    """
    known = _known(holes, options)
    side = padded_side(options.largest_px)
    frames = torch.from_numpy(crops.limited(options.largest_px).frames(side, rescale=False))
    targets = torch.from_numpy(known.selected.astype(np.float32))
    learn, judge = (Examples(frames, targets, torch.from_numpy(p)) for p in (known.learn, known.judge))
    return _fit("hole-padding", side, learn, judge, known, options, checkpoint)


def padded_side(largest_px: int) -> int:
    """Give the side that crops of up to a size are padded to [px]; at least two places a side are left."""
    return next(side for side in SIZE_CLASSES if side >= max(largest_px, 2 ** (len(KERNELS) + 1)))


def _known(holes: "pd.DataFrame", options: PublishedHoleOptions) -> Known:
    return known_holes(holes["label"], holes["session_id"], options.held_out_share, options.train.seed)


def _fit(
    kind: Literal["hole-average-pooling", "hole-padding"],
    side: int | None,
    learn: Examples,
    judge: Examples,
    known: Known,
    options: PublishedHoleOptions,
    checkpoint: Path | None,
) -> TrainedModel:
    torch.manual_seed(options.train.seed)
    network = HoleNet(side)
    loss = nn.functional.binary_cross_entropy_with_logits
    curve = train(network, learn, judge, loss, options.train, turn_and_flip, _standardised, checkpoint)
    config = {
        "kind": kind,
        "crop": {"largest_px": options.largest_px, "side_px": side},
        "class_prior": known.class_prior,
        "parameters": sum(p.numel() for p in network.parameters()),
    }
    example = torch.zeros(2, 1, side or 32, side or 32)
    network_bytes = to_onnx(nn.Sequential(network, nn.Sigmoid()), (example,), any_size=side is None)
    return TrainedModel(network_bytes, config, known.sessions, curve)


def _standardised(crops: torch.Tensor) -> torch.Tensor:
    """As ``stored_crops.standardised``, on the device that trains."""
    return (crops.float() - MIDDLE) / LEVELS_PER_SD
