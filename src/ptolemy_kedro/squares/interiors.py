"""What lies inside each square's pixels: running totals along the runs of the mask, each pixel read once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.squares.illumination import Image
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

    @property
    def label(self) -> NDArray[np.intp]:
        """Number of the square of each pixel; shape (pixels,)."""
        return np.repeat(self.runs.label.astype(np.intp), self.runs.length)

    def sums(self, of_pixels: NDArray, first: NDArray[np.intp], length: NDArray[np.intp]) -> Floats:
        """Add up a number of each pixel over a part of each run, by square; shape (size,).

        Args:
            of_pixels: The number; shape (pixels,).
            first: Where each part begins in ``value``; shape (runs,).
            length: Pixels of each part, 0 or more; shape (runs,).
        """
        running = np.empty(len(of_pixels) + 1)
        running[0] = 0
        np.cumsum(of_pixels, out=running[1:])
        return self.runs.total(running[first + length] - running[first], self.size - 1)


def read_interiors(pixels: Image, mask: NDArray[np.int32]) -> Interiors:
    """Read the pixels inside all squares.

    Args:
        pixels: Intensities; shape (rows, cols).
        mask: Number of the square each pixel lies in, 0 outside; shape (rows, cols).
    """
    runs = runs_of(mask)
    start = np.cumsum(runs.length) - runs.length
    return Interiors(pixels[mask > 0], runs, start, int(runs.label.max(initial=0)) + 1)


def count_mean_variance(inside: Interiors) -> tuple[Floats, Floats, Floats]:
    """Count, average and variance of the intensities of each square; the count is never 0."""
    runs = inside.runs
    count = np.maximum(runs.total(runs.length, inside.size - 1), 1)
    offset = np.float32(inside.value.mean(dtype=np.float64)) if len(inside.value) else np.float32(0)
    level = inside.value - offset
    mean, square = (
        inside.sums(part, inside.start, runs.length) / count for part in (level, np.square(level))
    )
    return count, mean + float(offset), np.maximum(square - mean**2, 0)


def texture(inside: Interiors) -> Floats:
    """Mean difference between adjacent pixels of a row, by square; 0 where there are none."""
    runs = inside.runs
    steps = np.abs(np.diff(inside.value, append=np.float32(0)))
    pairs = np.maximum(runs.total(runs.length - 1, inside.size - 1), 1)
    return inside.sums(steps, inside.start, runs.length - 1) / pairs


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
    at = inside.start + np.minimum(first - runs.first, runs.length)
    near, middle = runs.total(length, inside.size - 1), inside.sums(inside.value, at, length)
    whole = inside.sums(inside.value, inside.start, runs.length)
    beyond = runs.total(runs.length, inside.size - 1) - near
    difference = middle / np.maximum(near, 1) - (whole - middle) / np.maximum(beyond, 1)
    return np.where((near > 0) & (beyond > 0), difference, 0)
