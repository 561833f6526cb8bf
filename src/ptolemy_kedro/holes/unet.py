"""Our localiser's network: a small U-Net at half the scale, its clicks blurred by a learned sigma."""

import itertools
import math

import torch
from torch import nn
from torch.nn import functional

COARSE, WINDOW = 4, 13
"""Local brightness and contrast are taken over 13 averages of 4 px each way: about a hole's spacing."""

FIRST_SIGMA_PX = 1.0


class HoleNet(nn.Module):
    """Images (n, 1, rows, cols), 0 to 1, to maps (n, 2, rows / 2, cols / 2): clicks a pixel, log radius."""

    def __init__(self, channels: tuple[int, ...] = (16, 24, 32, 64), rate: float = 1e-3):
        """Build it; few convolutions where pixels are many. ``rate``: clicks a pixel that it starts from."""
        super().__init__()
        first, levels = channels[0], list(itertools.pairwise(channels))
        self.stem = nn.Sequential(nn.Conv2d(2, first, 5, stride=2, padding=2, bias=False), _norm(first))
        self.inward = nn.ModuleList(_double(i, o) for i, o in levels)
        shallower = [_double(i + o, i) for i, o in reversed(levels[1:])]
        self.outward = nn.ModuleList([*shallower, _single(first + channels[1], first)])
        self.head = nn.Conv2d(first, 2, 1)
        with torch.no_grad():
            self.head.bias[0] = math.log(rate)  # type: ignore[index]
        self.log_sigma = nn.Parameter(torch.tensor(math.log(FIRST_SIGMA_PX)))

    @property
    def sigma_px(self) -> float:
        """Standard deviation of the clicks about the centres that the network marks [px of the maps]."""
        return float(self.log_sigma.detach().exp())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give the maps; rows and cols are multiples of 2 to the number of levels."""
        values = functional.relu(self.stem(flattened(images)))
        skipped = []
        for block in self.inward:
            skipped.append(values)
            values = block(functional.max_pool2d(values, 2))
        for block in self.outward:
            larger = functional.interpolate(values, scale_factor=2.0, mode="nearest")
            values = block(torch.cat([larger, skipped.pop()], dim=1))
        marks, log_radius = self.head(values).float().split(1, dim=1)
        with torch.autocast(images.device.type, enabled=False):
            density = blurred(functional.softplus(marks), self.log_sigma.exp())
        return torch.cat([density, log_radius], dim=1)


def flattened(images: torch.Tensor) -> torch.Tensor:
    """Put beside an image its local contrast: less the local mean, over the local standard deviation."""
    mean = _local(images)
    spread = (_local((images - mean).square()) + 1e-4).sqrt()
    return torch.cat([images - 0.5, (images - mean) / (spread + 0.02)], dim=1)


def blurred(density: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Blur maps (n, 1, rows, cols) by a Gaussian whose sigma [px] takes part in the learning."""
    reach = 8
    at = torch.arange(-reach, reach + 1, dtype=density.dtype, device=density.device)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    kernel = kernel / kernel.sum()
    rows = functional.conv2d(density, kernel.view(1, 1, -1, 1), padding=(reach, 0))
    return functional.conv2d(rows, kernel.view(1, 1, 1, -1), padding=(0, reach))


def _local(values: torch.Tensor) -> torch.Tensor:
    means = functional.avg_pool2d(values, COARSE)
    for rows, cols in ((WINDOW, 1), (1, WINDOW)):
        pads = (rows // 2, cols // 2)
        means = functional.avg_pool2d(means, (rows, cols), 1, pads, count_include_pad=False)
    return functional.interpolate(means, scale_factor=float(COARSE), mode="bilinear")


def _double(inward: int, outward: int) -> nn.Sequential:
    return nn.Sequential(*_single(inward, outward), *_single(outward, outward))


def _single(inward: int, outward: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inward, outward, 3, padding=1, bias=False), _norm(outward), nn.ReLU())


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels)
