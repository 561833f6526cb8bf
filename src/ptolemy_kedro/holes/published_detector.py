"""A one-stage detector in the manner of YOLOv3, at one pixel size and one scale of cells.

The network divides an image into cells; each says whether a hole's centre lies in it, where in the cell, and
how large the hole is. Overlapping answers are thinned, the most certain first.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import nn
from torch.nn import functional

from ptolemy_kedro.holes.patches import RADIUS_BYTES, STRIDE
from ptolemy_kedro.holes.published_unet import as_seen
from ptolemy_kedro.holes.resample import from_scaled

CELL_PX = 8
CELL = CELL_PX // STRIDE
"""Pixels of the maps of what is known, a cell."""

EMPTY_WEIGHT, PLACE_WEIGHT = 0.5, 5.0
"""Weights of cells without a hole and of the place in a cell, as in YOLO's first paper."""


class DetectorNet(nn.Module):
    """Images (n, 1, rows, cols) to (n, 4, rows / 8, cols / 8): log odds of a hole, row, col, log radius."""

    def __init__(self, channels: int = 32):
        """Build it; each halving of the edge doubles the channels."""
        super().__init__()
        layers: list[nn.Module] = [_convolution(1, channels, 1)]
        for width in (channels, 2 * channels, 4 * channels):
            layers += [_convolution(width, 2 * width, 2), _Residual(2 * width)]
        self.features = nn.Sequential(*layers, _Residual(8 * channels))
        self.head = nn.Conv2d(8 * channels, 4, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give the cells' answers; rows and cols are multiples of 8."""
        return self.head(self.features(images)).float()


def detector_loss(answers: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Compare the cells' answers with what is known, as ``patches.target_maps`` draws it.

    Args:
        answers: Of the network, shape (n, 4, rows, cols).
        known: Shape (n, 3, 4 * rows, 4 * cols).
    """
    clicks, weight, radius = (known[:, i : i + 1].float() for i in range(3))
    clicks, mean = clicks / 255, functional.avg_pool2d
    held = mean(clicks, CELL) * CELL**2
    hole, sure = held > 0.5, -functional.max_pool2d(-weight, CELL) > 127
    at = (torch.arange(clicks.shape[-1], device=known.device) % CELL + 0.5) / CELL
    row = mean(clicks * at.view(1, 1, -1, 1), CELL) * CELL**2 / held.clamp_min(1e-6)
    col = mean(clicks * at.view(1, 1, 1, -1), CELL) * CELL**2 / held.clamp_min(1e-6)
    log_radius = (functional.max_pool2d(radius, CELL) - 128) / RADIUS_BYTES
    odds, places, size = answers[:, :1], answers[:, 1:3], answers[:, 3:]
    certain = functional.binary_cross_entropy_with_logits(odds, hole.float(), reduction="none")
    empty = EMPTY_WEIGHT * certain[~hole & sure].sum()
    off = (torch.sigmoid(places) - torch.cat([row, col], dim=1)).square().sum(dim=1, keepdim=True)
    there = (certain + PLACE_WEIGHT * off + (size - log_radius).square())[hole].sum()
    return (empty + there) / hole.sum().clamp_min(1)


@dataclass(frozen=True)
class OneStageDetector:
    """A detector at work.

    Attributes:
        network: Trained, in eval mode.
        pixel_size_a: That every image is brought to [A].
        threshold: Probability from which a cell's hole is reported.
        radius_px: Of a hole of log radius 0 [px at that pixel size].
    """

    network: nn.Module
    pixel_size_a: float
    threshold: float
    radius_px: float

    def find(self, image: NDArray, pixel_size_a: float) -> NDArray[np.float64]:
        """Find holes (row, col) [px], most certain first; shape (n, 2)."""
        return self.chosen(self.answers(image, pixel_size_a), image.shape, pixel_size_a)

    @torch.no_grad()
    def answers(self, image: NDArray, pixel_size_a: float) -> NDArray[np.float32]:
        """Give the cells' answers, as the network does; shape (4, rows / 8, cols / 8)."""
        return self.network(as_seen(image, pixel_size_a / self.pixel_size_a, CELL_PX))[0].numpy()

    def chosen(
        self, answers: NDArray[np.float32], shape: tuple[int, ...], pixel_size_a: float
    ) -> NDArray[np.float64]:
        """Choose the holes (row, col) [px] in an image of a shape, most certain first; shape (n, 2)."""
        points, probability, radius = _read(answers)
        likely = probability >= self.threshold
        points, probability = points[likely], probability[likely]
        kept = thinned(points, probability, self.radius_px * np.exp(radius[likely]))
        holes = from_scaled(points[kept] - 0.5, pixel_size_a / self.pixel_size_a)
        return holes[((holes >= -0.5) & (holes < np.array(shape) - 0.5)).all(axis=1)]


def thinned(
    points: NDArray[np.float64], probability: NDArray[np.float64], radius_px: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Choose, the most certain first, those whose centre lies in no hole chosen before; their places."""
    order = np.argsort(-probability, kind="stable")
    if not len(order):
        return order
    tree, left = cKDTree(points), np.ones(len(points), bool)
    kept = []
    for place in order:
        if left[place]:
            kept.append(place)
            left[tree.query_ball_point(points[place], radius_px[place])] = False
    return np.array(kept, np.int64)


def _read(
    answers: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Turn cells into points (row, col) [px], probabilities and log radii."""
    odds, row, col, radius = answers.astype(float)
    cells = np.indices(odds.shape)
    rows = (cells[0] + 1 / (1 + np.exp(-row))) * CELL_PX
    cols = (cells[1] + 1 / (1 + np.exp(-col))) * CELL_PX
    return np.stack([rows.ravel(), cols.ravel()], axis=1), 1 / (1 + np.exp(-odds.ravel())), radius.ravel()


class _Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width // 2, 1, bias=False),
            nn.BatchNorm2d(width // 2),
            nn.LeakyReLU(0.1),
            _convolution(width // 2, width, 1),
        )

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values + self.layers(values)


def _convolution(inward: int, outward: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(inward, outward, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outward), nn.LeakyReLU(0.1))
