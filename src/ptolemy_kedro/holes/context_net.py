"""Our network for holes: convolutions over an upright frame, joined with the hole's descriptors."""

import torch
from torch import nn

from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions
from ptolemy_kedro.stored_crops import LEVELS_PER_SD, MIDDLE

KERNELS = (5, 3, 3)

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
        layers: list[nn.Module] = []
        for number, kernel in enumerate(KERNELS):
            layers += _layer(width if number else 1, width, kernel)
        self.pixels = nn.Sequential(*layers)
        self.numbers = nn.Sequential(
            nn.Linear(len(mean), options.hidden), nn.ReLU(), nn.Dropout(options.dropout)
        )
        self.joined = nn.Sequential(
            nn.Linear(2 * width + options.hidden, options.hidden),
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


class Beside(nn.Module):
    """A network of logits that hands its descriptors on, for the trees."""

    def __init__(self, network: ContextNet):
        """Wrap it."""
        super().__init__()
        self.network = network

    def forward(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Give logits (n,) and descriptors (n, d)."""
        return self.network(rows), rows[:, self.network.size_px**2 :]


def _layer(inward: int, outward: int, kernel: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(inward, outward, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outward),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )
