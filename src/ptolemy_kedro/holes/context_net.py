"""Our network for holes: strided convolutions over an upright frame, joined with the hole's descriptors."""

import torch
from torch import nn

from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions
from ptolemy_kedro.stored_crops import LEVELS_PER_SD, MIDDLE

FARTHEST = 4.0
"""Descriptors count up to so many standard deviations from their mean."""


class ContextNet(nn.Module):
    """Rows of stored levels and descriptors (n, size * size + d) to logits of selection (n,)."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, options: HoleClassifierOptions, mean: torch.Tensor, std: torch.Tensor):
        """Build it; descriptors are standardised by ``mean`` and ``std``, shape (d,), kept in the network."""
        super().__init__()
        self.size_px = options.size_px
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        width = options.channels
        self.pixels = nn.Sequential(
            *_strided(1, width), *_strided(width, 2 * width), *_strided(2 * width, 4 * width)
        )
        self.numbers = nn.Sequential(
            nn.Linear(len(mean), options.hidden), nn.ReLU(), nn.Dropout(options.dropout)
        )
        self.joined = nn.Sequential(
            nn.Linear(8 * width + options.hidden, options.hidden),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(options.hidden, 1),
        )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Give a logit a hole."""
        levels = rows[:, : self.size_px**2].reshape(-1, 1, self.size_px, self.size_px)
        features = self.pixels((levels - MIDDLE) / LEVELS_PER_SD)
        numbers = ((rows[:, self.size_px**2 :] - self.mean) / self.std).clamp(-FARTHEST, FARTHEST)
        seen = [features.mean((2, 3)), features.amax((2, 3)), self.numbers(numbers)]
        return self.joined(torch.cat(seen, dim=1)).flatten()


class Calibrated(nn.Module):
    """A network's logits, scaled and shifted, as probabilities."""

    def __init__(self, network: nn.Module, scale: float, shift: float):
        """Wrap a network of logits."""
        super().__init__()
        self.network, self.scale, self.shift = network, scale, shift

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Give a probability an example."""
        return torch.sigmoid(self.scale * self.network(rows) + self.shift)


def _strided(inward: int, outward: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(inward, outward, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(outward),
        nn.ReLU(),
    )
