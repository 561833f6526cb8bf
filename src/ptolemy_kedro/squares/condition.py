"""The condition of each square, read off its crop: specks, cracks, tears, pools, and how evenly light passes.

Levels are shares of the light: 0 behind a bar, 1 behind nothing, both taken from all crops of the image. What
is finer than a twelfth of a square counts beside its surroundings, so that ice and illumination drop out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.resampling import centred_into
from ptolemy_kedro.squares.crops import Crops

Floats = NDArray[np.float32]

MOST_PX = 128
"""Larger crops are looked at within so many pixels a side, after shrinking."""

REACH = 0.78
"""Share of the half edges that counts as inside; the rim of ice and the rounded corners stay out."""

SURROUNDINGS = 1 / 12
"""Half the window that a pixel is compared with, as a share of an edge."""

OUTLYING = 2.5
"""A pixel is a speck or a crack where it lies so many tails beyond its square's 5th or 95th percentile."""

LEAST_STEP = 0.06
"""Nothing fainter than this share of its surroundings counts."""

BINS, LOWEST, HIGHEST = 256, -1.0, 1.5
"""Of the histograms of pixels beside their surroundings."""

CONDITIONS: tuple[str, ...] = (
    "speck_count",  # log of 1 and the number of dark specks
    "speck_share",  # of the pixels inside
    "speck_depth",  # light that they take, a pixel inside
    "darkest",  # darkest pixel beside its surroundings, below the 5th percentile
    "crack_count",  # log of 1 and the number of bright spots
    "crack_share",
    "crack_length",  # of the longest [edges]
    "brightest",  # brightest pixel beside its surroundings, above the 95th percentile
    "grain",  # spread of pixels beside their surroundings: foil with holes, or noise
    "depth_least",  # optical depth (log of the light's share) where most light passes: the holes' ice
    "depth_usual",
    "depth_most",
    "unevenness",  # spread of the smoothed optical depth
    "pool_depth",  # deepest of the smoothed optical depth over the usual
    "pool_share",  # share well deeper than usual
    "torn_share",  # share through which nearly all the light passes, all around too
)
"""Names of what is read off a crop."""


@dataclass(frozen=True)
class _Stack:
    """Crops side by side.

    Attributes:
        light: Share of the light; shape (n, rows, cols).
        inside: Which pixels count; shape (n, rows, cols).
        edge_px: Mean edge of each square in its crop; shape (n,).
    """

    light: Floats
    inside: NDArray[np.bool_]
    edge_px: NDArray[np.float64]


def describe_condition(crops: Crops, margin: float = 0.08) -> dict[str, NDArray[np.float64]]:
    """Read the condition of an image's squares off their crops.

    Args:
        crops: Of one image.
        margin: Rim around the rectangles that they were cut out with, as a share of the edges.

    Returns:
        Each of ``CONDITIONS``, finite, shape (n,).
    """
    if not len(crops):
        return {name: np.empty(0) for name in CONDITIONS}
    dark, full = extremes(crops.pixels)
    parts = [
        _read(_stack(crops, rows, dark, full, margin))
        for rows in np.array_split(np.arange(len(crops)), -(-len(crops) // 64))
    ]
    return {name: np.concatenate([part[name] for part in parts]).astype(float) for name in CONDITIONS}


def extremes(crops: Sequence[NDArray[np.uint8]]) -> tuple[float, float]:
    """Take the levels behind bars and behind nothing: nearly the darkest and brightest pixels of all."""
    levels = np.cumsum(np.bincount(np.concatenate([crop.ravel() for crop in crops]), minlength=256))
    dark, full = (int(np.searchsorted(levels, share * levels[-1])) for share in (0.01, 0.998))
    return float(dark), float(max(full, dark + 4))


def _stack(crops: Crops, rows: NDArray[np.intp], dark: float, full: float, margin: float) -> _Stack:
    pixels = [_at_most(crops.pixels[i]) for i in rows]
    side = max(max(crop.shape) for crop in pixels)
    light = np.zeros((len(rows), side, side), np.float32)
    inside = np.zeros(light.shape, bool)
    for frame, within, crop in zip(light, inside, pixels, strict=True):
        centred_into(frame, (crop.astype(np.float32) - np.float32(dark)) / np.float32(full - dark))
        centred_into(within, _within(crop.shape, margin))
    edges = np.array([np.mean(crop.shape) for crop in pixels]) / (1 + 2 * margin)
    return _Stack(light, inside, edges)


def _at_most(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Leave out rows and columns of a large crop evenly: specks stay as sharp as they are."""
    step = -(-max(crop.shape) // MOST_PX)
    return crop[::step, ::step]


def _within(shape: tuple[int, int], margin: float) -> NDArray[np.bool_]:
    """Mark a rounded square within the rectangle."""
    reach = REACH / (1 + 2 * margin)
    row, col = ((np.arange(side) + 0.5) * 2 / side - 1 for side in shape)
    return (row[:, None] / reach) ** 4 + (col[None] / reach) ** 4 < 1


def _read(stack: _Stack) -> dict[str, NDArray]:
    mask = stack.inside.astype(np.float32)
    count = np.maximum(stack.inside.sum(axis=(1, 2)), 1)
    window = max(3, 2 * round(SURROUNDINGS * float(np.median(stack.edge_px))) + 1)
    around = _smooth(np.maximum(stack.light, 0) * mask, window) / np.maximum(_smooth(mask, window), 0.05)
    beside = np.where(stack.inside, stack.light / np.maximum(around, 0.02) - 1, 0).clip(LOWEST, HIGHEST)
    low, high, spread, least, most = _tails(beside, stack.inside)
    read = _components(beside, (beside < low[:, None, None]) & stack.inside, "speck", count, stack.edge_px)
    read |= _components(beside, (beside > high[:, None, None]) & stack.inside, "crack", count, stack.edge_px)
    return read | {"grain": spread, "darkest": least, "brightest": most} | _depths(stack, around, count)


def _smooth(image: Floats, window: int) -> Floats:
    return ndimage.uniform_filter(image, (0, window, window), mode="constant")


def _tails(beside: Floats, inside: NDArray[np.bool_]) -> tuple[NDArray, ...]:
    """Find where each square's tails end; its spread; how far its extremes lie beyond where tails begin."""
    share, levels = _cumulated(beside, inside, LOWEST, HIGHEST)
    q = {
        percent: levels[(share < percent / 100).sum(axis=1).clip(0, BINS - 1)] for percent in (5, 20, 80, 95)
    }
    low = q[5] - np.maximum(OUTLYING * (q[20] - q[5]), LEAST_STEP)
    high = q[95] + np.maximum(OUTLYING * (q[95] - q[80]), LEAST_STEP)
    least, most = q[5] - beside.min(axis=(1, 2)), beside.max(axis=(1, 2)) - q[95]
    return low, high, q[80] - q[20], least, most


def _cumulated(values: Floats, inside: NDArray[np.bool_], low: float, high: float) -> tuple[NDArray, NDArray]:
    """Share of each square's inside pixels up to each of ``BINS`` levels; shape (n, BINS), and the levels."""
    n = len(values)
    which = np.broadcast_to(np.arange(n)[:, None, None], values.shape)[inside]
    at = ((values[inside] - low) * ((BINS - 1) / (high - low)) + 0.5).astype(np.int64).clip(0, BINS - 1)
    counts = np.bincount(which * BINS + at, minlength=n * BINS).reshape(n, BINS).cumsum(axis=1)
    return counts / np.maximum(counts[:, -1:], 1), np.linspace(low, high, BINS)


def _components(
    beside: Floats, hit: NDArray[np.bool_], name: str, count: NDArray, edge_px: NDArray
) -> dict[str, NDArray]:
    """Count and measure the spots of each square."""
    n = len(beside)
    spots, found = ndimage.label(hit, np.stack([np.zeros((3, 3)), np.ones((3, 3)), np.zeros((3, 3))]))
    which, row, col = np.nonzero(spots)
    spot = spots[which, row, col]
    area = np.maximum(np.bincount(spot, minlength=found + 1), 1)
    owner = np.zeros(found + 1, np.intp)
    owner[spot] = which
    read = {
        f"{name}_count": np.log1p(np.bincount(owner[1:], minlength=n)),
        f"{name}_share": np.bincount(which, minlength=n) / count,
    }
    if name == "speck":
        return read | {"speck_depth": np.bincount(which, -beside[hit], minlength=n) / count}
    mean_row, mean_col = (np.bincount(spot, at, found + 1) / area for at in (row, col))
    variance = np.bincount(spot, (row - mean_row[spot]) ** 2 + (col - mean_col[spot]) ** 2, found + 1) / area
    longest = np.zeros(n)
    np.maximum.at(longest, owner[1:], np.sqrt(12 * variance[1:]))
    return read | {"crack_length": longest / edge_px}


def _depths(stack: _Stack, around: NDArray, count: NDArray) -> dict[str, NDArray]:
    """Read the optical depth: of single pixels, and smoothed."""
    depth = -np.log(np.maximum(stack.light, 0.02))
    share, levels = _cumulated(depth, stack.inside, -0.5, 4.0)
    least, usual, most = (levels[(share < q).sum(axis=1).clip(0, BINS - 1)] for q in (0.1, 0.5, 0.9))
    smooth = -np.log(np.maximum(around, 0.02))
    over = np.where(stack.inside, smooth - usual[:, None, None], 0)
    mean = over.sum(axis=(1, 2)) / count
    spread = np.sqrt(np.maximum((over**2).sum(axis=(1, 2)) / count - mean**2, 0))
    return {
        "depth_least": least,
        "depth_usual": usual,
        "depth_most": most,
        "unevenness": spread,
        "pool_depth": over.max(axis=(1, 2)),
        "pool_share": (over > 0.15).sum(axis=(1, 2)) / count,
        "torn_share": ((around > 0.9) & stack.inside).sum(axis=(1, 2)) / count,
    }
