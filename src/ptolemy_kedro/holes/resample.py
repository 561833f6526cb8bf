"""Bringing an image to the scale and grey levels that the localiser works at."""

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ImageError

Image = NDArray[np.float32]

DARKEST_PERCENT, BRIGHTEST_PERCENT = 0.5, 99.5
SAMPLED = 250_000
"""Pixels that percentiles are taken of."""


def stretched(image: NDArray) -> Image:
    """Bring grey levels to 0 (dark) and 1 (bright), with a few pixels a little outside.

    Args:
        image: Shape (rows, cols), any type; pixels that are no number become the median.

    Raises:
        ImageError: It is no image, or has no finite pixel.
    """
    if image.ndim != 2 or image.size == 0:
        raise ImageError(f"An image has rows and columns; this one's shape is {image.shape}.")
    values = image.astype(np.float32)
    some = values.ravel()[:: max(1, values.size // SAMPLED)]
    some = some[np.isfinite(some)]
    if not len(some):
        raise ImageError("None of the image's pixels is a finite number.")
    low, middle, high = np.percentile(some, [DARKEST_PERCENT, 50, BRIGHTEST_PERCENT])
    values[~np.isfinite(values)] = middle
    return np.clip((values - low) / max(high - low, 1e-6 * abs(high), 1e-30), -0.25, 1.25).astype(np.float32)


def scaled_shape(shape: tuple[int, int], scale: float) -> tuple[int, int]:
    """Give the (rows, cols) of an image of a shape, ``scale`` times as large."""
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def scaled(image: Image, scale: float) -> Image:
    """Make an image ``scale`` times as large: area averages where it shrinks, linear where it grows.

    A point p of the image is at ``(p + 0.5) * scale - 0.5`` of the result.
    """
    block = int(1 / scale) if scale < 1 else 1
    if block > 1:
        image, scale = _averaged(image, block), scale * block
    shape = scaled_shape(image.shape, scale)
    for axis in (0, 1):
        image = _along(np.swapaxes(image, 0, axis), shape[axis], scale).swapaxes(0, axis)
    return np.ascontiguousarray(image)


def to_scaled(points: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """Take points of an image to the image made ``scale`` times as large."""
    return (points + 0.5) * scale - 0.5


def from_scaled(points: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """Take points of the image made ``scale`` times as large back."""
    return (points + 0.5) / scale - 0.5


def _averaged(image: Image, block: int) -> Image:
    """Average blocks of a number of pixels; what is left over at the far edges repeats the last pixels."""
    short = [-size % block for size in image.shape]
    if any(short):
        image = np.pad(image, [(0, size) for size in short], mode="edge")
    total = sum(image[i::block] for i in range(block))
    total = sum(total[:, j::block] for j in range(block))
    return total / np.float32(block * block)


def _along(image: Image, size: int, scale: float) -> Image:
    """Resample the first axis."""
    if size == len(image) and scale == 1:
        return image
    at = (np.arange(size) + 0.5) / scale - 0.5
    if scale >= 1:
        return _between(image, at)
    half = 0.5 / scale - 0.5  # an area wider than a pixel: its two ends and its middle, to first order
    return 0.5 * _between(image, at) + 0.25 * (_between(image, at - half) + _between(image, at + half))


def _between(image: Image, at: NDArray[np.float64]) -> Image:
    at = np.clip(at, 0, len(image) - 1)
    low = np.minimum(at.astype(int), max(len(image) - 2, 0))
    share = (at - low).astype(np.float32)[:, None]
    return image[low] * (1 - share) + image[np.minimum(low + 1, len(image) - 1)] * share
