"""What lies inside each square's pixels: sums along the runs of the mask."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.resampling import Image
from ptolemy_kedro.squares.runs import Runs, runs_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interiors:
    """The pixels inside all squares, run after run.

    Attributes:
        value: Their intensities; shape (pixels,).
        runs: The mask's runs.
        start: Where each run begins in ``value``; shape (runs,).
        size: One more than the highest number in the mask.
    """

    value: Image
    runs: Runs
    start: NDArray[np.intp]
    size: int

    def sums(self, of_pixels: NDArray) -> Floats:
        """Add up a number of each pixel by square; shape (size,)."""
        of_runs = np.add.reduceat(of_pixels, self.start) if len(self.start) else np.empty(0)
        return self.runs.total(of_runs, self.size - 1)

    def histogram(self, bins: int) -> tuple[NDArray, Floats]:
        """Count the pixels of each square by level; shape (size, bins), and the levels; shape (bins,)."""
        low, step = float(self.value.min()), float(np.ptp(self.value)) / (bins - 1) or 1.0
        key = ((self.value - np.float32(low)) * np.float32(1 / step) + np.float32(0.5)).astype(np.int32)
        key += np.repeat(self.runs.label * np.int32(bins), self.runs.length)
        counts = np.bincount(key, minlength=self.size * bins).reshape(self.size, bins)
        return counts, low + step * np.arange(bins, dtype=np.float64)


def read_interiors(pixels: Image, mask: NDArray[np.int32]) -> Interiors:
    """Read the pixels inside all squares.

    Args:
        pixels: Intensities; shape (rows, cols).
        mask: Number of the square each pixel lies in, 0 outside, not so everywhere; shape (rows, cols).
    """
    runs = runs_of(mask)
    start = np.cumsum(runs.length) - runs.length
    return Interiors(pixels[mask > 0], runs, start, int(runs.label.max()) + 1)


def count_mean_variance(inside: Interiors) -> tuple[Floats, Floats, Floats]:
    """Count, average and variance of the intensities of each square; the count is never 0."""
    runs = inside.runs
    count = np.maximum(runs.total(runs.length, inside.size - 1), 1)
    offset = np.float32(inside.value.mean(dtype=np.float64))
    mean = inside.sums(inside.value - offset) / count + float(offset)
    off = inside.value - np.repeat(mean.astype(np.float32)[runs.label], runs.length)
    return count, mean, inside.sums(np.square(off, out=off)) / count


def texture(inside: Interiors) -> Floats:
    """Mean difference between adjacent pixels of a row, by square; 0 where there are none."""
    runs = inside.runs
    steps = np.empty_like(inside.value)
    np.abs(np.subtract(inside.value[1:], inside.value[:-1], out=steps[:-1]), out=steps[:-1])
    steps[inside.start - 1] = 0  # from one run to the next is no step
    pairs = np.maximum(runs.total(runs.length - 1, inside.size - 1), 1)
    return inside.sums(steps) / pairs


def centre_over_rim(inside: Interiors, centre: Floats, radius: Floats) -> Floats:
    """Mean intensity within a circle less that beyond it, by square; 0 where either has no pixel.

    Args:
        inside: The squares' pixels.
        centre: Of the circles, (row, col) [px]; shape (size, 2).
        radius: Of the circles [px]; shape (size,).
    """
    runs = inside.runs
    about, reach = centre[runs.label], radius[runs.label]
    half = np.sqrt(np.maximum(reach**2 - (runs.row - about[:, 0]) ** 2, 0))
    first = np.maximum(np.floor(about[:, 1] - half).astype(np.intp) + 1, runs.first)
    length = np.maximum(np.minimum(np.ceil(about[:, 1] + half).astype(np.intp) - 1, runs.last) - first + 1, 0)
    whole, middle = inside.sums(inside.value), np.zeros(len(first))
    some = length > 0
    at = (inside.start + first - runs.first)[some]
    parts = np.stack([at, at + length[some]], axis=1).ravel()
    middle[some] = np.add.reduceat(np.append(inside.value, np.float32(0)), parts)[::2] if some.any() else 0
    near, middle = runs.total(length, inside.size - 1), runs.total(middle, inside.size - 1)
    beyond = runs.total(runs.length, inside.size - 1) - near
    difference = middle / np.maximum(near, 1) - (whole - middle) / np.maximum(beyond, 1)
    return np.where((near > 0) & (beyond > 0), difference, 0)
