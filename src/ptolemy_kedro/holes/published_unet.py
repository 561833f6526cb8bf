"""The published localiser: a U-Net of nine levels of 64 channels at one pixel size, 886,977 parameters.

One 3x3 convolution and ReLU a level, max pool 2 inward, nearest upsampling outward; the image is z-scored;
the target is the operators' clicks, and the output is smoothed by a Gaussian whose sigma is learned. It is
read off by a threshold: blobs become centres.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import nn
from torch.nn import functional

from ptolemy_kedro.holes.fit_localiser import grey, held_out_examples
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.holes.patches import STRIDE, Patches
from ptolemy_kedro.holes.resample import Pyramid, from_scaled, scaled_shape
from ptolemy_kedro.holes.unet import blurred
from ptolemy_kedro.training.loop import Loss, train

LEVELS, CHANNELS = 9, 64
MULTIPLE = 2 ** (LEVELS - 1)


class PublishedNet(nn.Module):
    """Images (n, 1, rows, cols) to maps (n, 2, rows / 2, cols / 2): clicks a pixel of 2 x 2, and nothing."""

    def __init__(self, rate: float = 1e-3):
        """Build it; ``rate`` is the number of clicks a pixel that it starts from."""
        super().__init__()
        self.inward = nn.ModuleList(_level(CHANNELS if i else 1) for i in range(LEVELS))
        self.outward = nn.ModuleList(_level(2 * CHANNELS) for _ in range(LEVELS - 1))
        self.head = nn.Conv2d(CHANNELS, 1, 3, padding=1)
        self.log_sigma = nn.Parameter(torch.tensor(0.0))
        with torch.no_grad():
            self.head.bias[0] = float(np.log(rate))  # type: ignore[index]
        for level in (*self.inward, *self.outward):
            nn.init.kaiming_normal_(level[0].weight, nonlinearity="relu")  # so that it learns sooner
            nn.init.zeros_(level[0].bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give the maps; rows and cols are multiples of 256."""
        values, skipped = images, []
        for level, block in enumerate(self.inward):
            values = _row_by_row(block(functional.max_pool2d(values, 2) if level else values))
            skipped.append(values)
        skipped.pop()
        for block in self.outward:
            joined = _over_both(block[0], values, skipped.pop())  # type: ignore[index]
            values = _row_by_row(functional.relu(joined))
        with torch.autocast(images.device.type, enabled=False):
            marks = torch.sigmoid(self.head.float()(values.float()))
            clicks = blurred(functional.avg_pool2d(marks, STRIDE) * STRIDE**2, self.log_sigma.exp())
        return torch.cat([clicks, torch.zeros_like(clicks)], dim=1)


def z_scored(pixels: torch.Tensor) -> torch.Tensor:
    """Bring each patch, kept as bytes, to mean 0 and standard deviation 1."""
    values = grey(pixels)
    mean, spread = values.mean(dim=(2, 3), keepdim=True), values.std(dim=(2, 3), keepdim=True)
    return (values - mean) / (spread + 1e-3)


def as_seen(image: NDArray, scale: float, multiple: int) -> torch.Tensor:
    """Bring an image to a scale, to mean 0 and standard deviation 1, its edges to a multiple [px].

    Args:
        image: Shape (rows, cols), any type.
        scale: Edge of the image as seen over its edge.
        multiple: What rows and cols are filled up to, by the last pixels.

    Returns:
        Shape (1, 1, rows, cols).
    """
    seen = Pyramid(image).at(scale)
    padded = np.pad(seen, [(0, -size % multiple) for size in seen.shape], mode="edge")
    return torch.from_numpy((padded - seen.mean()) / (seen.std() + 1e-3))[None, None]


def fit_published(
    network: nn.Module,
    loss: Loss,
    patches: Patches,
    options: LocaliserOptions,
    checkpoint: Path | None = None,
) -> pd.DataFrame:
    """Train a published network in place, by its loss, on patches at its one pixel size; the loop's curve."""
    learn, judge = held_out_examples(patches, options)
    return train(network, learn, judge, loss, options.train, None, z_scored, checkpoint)


def is_flat(losses: Sequence[float], patience: int, min_gain: float) -> bool:
    """Whether the held-out loss of a training, an epoch each, fell by less than a gain in its last epochs."""
    if len(losses) <= patience:
        return False
    return min(losses[:-patience]) - min(losses[-patience:]) < min_gain


@dataclass(frozen=True)
class PublishedLocaliser:
    """A published network at work: as ``HoleLocaliser``, but for one pixel size.

    Attributes:
        network: Trained, in eval mode.
        pixel_size_a: That every image is brought to [A].
        threshold: Clicks a pixel of the map, from which a blob is a hole.
        config: Further facts.
    """

    network: nn.Module
    pixel_size_a: float
    threshold: float
    config: Mapping[str, Any]

    @torch.no_grad()
    def density(self, image: NDArray, pixel_size_a: float) -> tuple[NDArray[np.float32], float]:
        """Give the map of clicks, and the scale of the image it was made of; a pixel of the map is 2 wide."""
        scale = pixel_size_a / self.pixel_size_a
        maps = self.network(as_seen(image, scale, MULTIPLE))[0, 0].numpy()
        rows, cols = scaled_shape((image.shape[0], image.shape[1]), scale)
        return maps[: -(-rows // STRIDE), : -(-cols // STRIDE)], scale

    def find(self, image: NDArray, pixel_size_a: float) -> NDArray[np.float64]:
        """Find holes: the middles of the blobs above the threshold (row, col) [px]; shape (n, 2)."""
        density, scale = self.density(image, pixel_size_a)
        points = blobs(density, self.threshold)
        return from_scaled(points * STRIDE + (STRIDE - 1) / 2, scale)


def blobs(density: NDArray[np.float32], threshold: float) -> NDArray[np.float64]:
    """Find the middles of the connected regions above a threshold, each weighted by the map; shape (n, 2)."""
    labels, count = ndimage.label(density > threshold)
    if not count:
        return np.zeros((0, 2))
    return np.array(ndimage.center_of_mass(density.astype(float), labels, np.arange(1, count + 1)))


def _over_both(convolution: nn.Conv2d, coarse: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
    """Convolve ``coarse``, made twice as large by its nearest pixels, and ``fine``, side by side.

    What is made twice as large repeats itself: a kernel of 4 x 4 on the coarse pixels comes to the same as
    3 x 3 on the fine ones, with 4/9 of the work.
    """
    sums = convolution.weight.new_tensor([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
    over_coarse, over_fine = convolution.weight.split(CHANNELS, dim=1)
    kernel = torch.einsum("pi,oxij,qj->xopq", sums, over_coarse, sums)
    return functional.conv_transpose2d(coarse, kernel, stride=2, padding=1) + functional.conv2d(
        fine, over_fine, convolution.bias, padding=1
    )


def _row_by_row(values: torch.Tensor) -> torch.Tensor:
    """Keep images and their gradients a channel after the other in memory.

    Beside a layer of one channel, which looks the same in either layout, torch turns to the other one.
    """
    values = values.contiguous()
    if values.requires_grad:
        values.register_hook(torch.Tensor.contiguous)
    return values


def _level(inward: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inward, CHANNELS, 3, padding=1), nn.ReLU())
