"""Bringing an image to the scale and grey levels that the localiser works at.

Apart from ``ptolemy_kedro.resampling``, which fits crops into a shape and drops what is left over at the far
edges: here a point of the image has one exact place at any scale, and pixels at the edges are all kept.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ptolemy_kedro.resampling import SAMPLED, usable

Image = NDArray[np.float32]
Floats = NDArray[np.float64]

DARKEST_PERCENT, BRIGHTEST_PERCENT = 0.5, 99.5
FLATTEST = 1e-4
"""Contrast, over the brightest level, below which an image is flat."""


class Pyramid:
    """An image at any scale, in grey levels 0 (dark) to 1 (bright); each halving is computed once."""

    def __init__(self, image: NDArray, grey: tuple[float, float] | None = None):
        """Take an image.

        Args:
            image: Shape (rows, cols), any type.
            grey: Level of 0, and the levels from there to 1; of the image itself if None.

        Raises:
            ImageError: The pixels cannot be used.
        """
        self._levels = [usable(image)]
        self._grey = grey or _range(self._levels[0])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and cols of the image."""
        rows, cols = self._levels[0].shape
        return rows, cols

    def part(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> "Pyramid":
        """Take the pixels from ``low`` to before ``high`` (row, col), in the grey levels of the whole."""
        return Pyramid(self._levels[0][low[0] : high[0], low[1] : high[1]], self._grey)

    def at(self, scale: float) -> Image:
        """Give the image ``scale`` times as large, as ``scaled`` does."""
        halvings = 0
        while scale <= 0.5:
            halvings, scale = halvings + 1, 2 * scale
        while len(self._levels) <= halvings:
            self._levels.append(_averaged(self._levels[-1], 2))
        return _clipped(scaled(self._levels[halvings], scale), *self._grey)


def stretched(image: NDArray) -> Image:
    """Bring grey levels to 0 (dark) and 1 (bright), with a few pixels a little outside.

    Args:
        image: Shape (rows, cols), any type.

    Raises:
        ImageError: The pixels cannot be used.
    """
    pixels = usable(image)
    return _clipped(pixels, *_range(pixels))


def _range(pixels: Image) -> tuple[float, float]:
    """Give the level of 0, and the levels from there to 1."""
    some = pixels.ravel()[:: max(1, pixels.size // SAMPLED)]
    low, high = np.percentile(some, [DARKEST_PERCENT, BRIGHTEST_PERCENT])
    return float(low), float(max(high - low, FLATTEST * max(abs(low), abs(high)), 1e-30))


def _clipped(pixels: Image, low: float, span: float) -> Image:
    return np.clip((pixels - np.float32(low)) / np.float32(span), np.float32(-0.25), np.float32(1.25))


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
    rows, cols = (_weights(have, want, scale) for have, want in zip(image.shape, shape, strict=True))
    return np.ascontiguousarray((cols @ np.ascontiguousarray((rows @ image).T)).T)


def to_scaled(points: Floats, scale: float) -> Floats:
    """Take points of an image to the image made ``scale`` times as large."""
    return (points + 0.5) * scale - 0.5


def from_scaled(points: Floats, scale: float) -> Floats:
    """Take points of the image made ``scale`` times as large back."""
    return (points + 0.5) / scale - 0.5


def _averaged(image: Image, block: int) -> Image:
    """Average blocks of a number of pixels; what is left over at the far edges repeats the last pixels."""
    short = [-size % block for size in image.shape]
    if any(short):
        image = np.pad(image, [(0, size) for size in short], mode="edge")
    rows = np.zeros((len(image) // block, image.shape[1]), np.float32)
    for start in range(block):
        rows += image[start::block]
    blocks = np.zeros((len(rows), image.shape[1] // block), np.float32)
    for start in range(block):
        blocks += rows[:, start::block]
    blocks /= block * block
    return blocks


def _weights(have: int, want: int, scale: float) -> csr_matrix:
    """Give what each pixel of a line counts in those of the line scaled; shape (want, have)."""
    at: Floats = (np.arange(want, dtype=np.float64) + 0.5) / scale - 0.5
    half = max(0.5 / scale - 0.5, 0.0)  # an area wider than a pixel: its middle and two ends, to first order
    taps = ((at, 1.0),) if half == 0 else ((at, 0.5), (at - half, 0.25), (at + half, 0.25))
    entries = [entry for where, weight in taps for entry in _linear(where, have, weight)]
    weights, places = (np.stack(values, axis=1).ravel() for values in zip(*entries, strict=True))
    starts = np.arange(0, len(weights) + 1, len(entries))
    return csr_matrix((weights.astype(np.float32), places, starts), shape=(want, have))


def _linear(at: Floats, have: int, weight: float) -> list[tuple[Floats, NDArray[np.int64]]]:
    """Give the weights and places of the two pixels that a point lies between."""
    inside = np.clip(np.asarray(at, np.float64), 0, have - 1)
    low = np.minimum(inside.astype(np.int64), max(have - 2, 0))
    share = inside - low
    return [(weight * (1 - share), low), (weight * share, np.minimum(low + 1, have - 1))]
