"""The exact outline of squares that were found coarsely: each by a threshold of its own surroundings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.resampling import Image
from ptolemy_kedro.squares.illumination import percentiles
from ptolemy_kedro.squares.mixture import poisson_boundary
from ptolemy_kedro.squares.runs import runs_of

Labels = NDArray[np.int32]

REACH = 0.3
"""How far outside its coarse region a square and its surroundings reach [typical edges]."""

QUANTILE_LEVELS = 2**16
"""Levels over the image's range that quantiles are told apart by."""


@dataclass(frozen=True)
class Zones:
    """The part of the image that belongs to each coarse region.

    Attributes:
        nearest: Number of the nearest region, 0 beyond reach; shape (rows, cols).
        thresholds: Between each region and its surroundings; infinite at index 0; shape (n + 1,).
    """

    nearest: Labels
    thresholds: NDArray[np.float32]


def measure_zones(image: Image, regions: Labels, count: int, edge_px: float) -> Zones:
    """Give each region the pixels nearest to it, and the threshold between it and the bars around it.

    Args:
        image: Intensities; shape (rows, cols).
        regions: 1 .. count inside the coarse regions, 0 outside; shape (rows, cols).
        count: Regions.
        edge_px: Typical edge of a square.
    """
    nearest, squared = _nearest(regions, max(REACH * edge_px, 2))
    floor = float(percentiles(image, [0.5])[0])
    bright = quantile_by_label(image, regions, count, 0.6) - floor
    dark = quantile_by_label(image, np.where(squared > 1, nearest, 0), count, 0.6) - floor
    dark = np.clip(np.nan_to_num(dark, nan=0.0), 0.05 * bright, None)
    thresholds = [np.inf, *(floor + poisson_boundary(d, b) for d, b in zip(dark, bright, strict=True))]
    return Zones(nearest, np.array(thresholds, np.float32))


def _nearest(regions, reach_px):
    """Give each pixel the number of the nearest region within reach, and its distance squared."""
    row, col = ndimage.distance_transform_edt(regions == 0, return_distances=False, return_indices=True)
    rows, cols = (np.arange(side, dtype=np.int32) for side in regions.shape)
    squared = (row - rows[:, None]) ** 2 + (col - cols) ** 2
    nearest = regions.ravel().take(row * np.int32(regions.shape[1]) + col)
    return np.where(squared <= reach_px**2, nearest, 0), squared


def quantile_by_label(image: Image, labels: Labels, count: int, share: float) -> NDArray[np.float64]:
    """Find a quantile of the intensities in each region; not a number in an empty one; shape (count,)."""
    inside = labels > 0
    label, value = labels[inside], image[inside]
    if not len(value):
        return np.full(count, np.nan)
    low, step = float(value.min()), float(np.ptp(value)) / (QUANTILE_LEVELS - 1) or 1.0
    key = label.astype(np.int64) * QUANTILE_LEVELS + ((value - low) / step).astype(np.int64)
    key.sort()
    starts = np.searchsorted(key, np.arange(1, count + 2) * QUANTILE_LEVELS)
    size = np.diff(starts)
    at = np.minimum(starts[:-1] + (share * size).astype(np.intp), len(value) - 1)
    return np.where(size > 0, low + step * (key[at] % QUANTILE_LEVELS), np.nan)


def draw_outlines(image: Image, regions: Labels, zones: Zones, smooth_px: int) -> Labels:
    """Draw each region as what is brighter than its threshold, connected with it.

    Args:
        image: Intensities; shape (rows, cols).
        regions: The coarse regions; shape (rows, cols).
        zones: Of the coarse regions; same shape.
        smooth_px: Specks and necks narrower than about half of this vanish.
    """
    nearest = zones.nearest
    above = image > zones.thresholds.take(nearest)
    if smooth_px > 1:
        above = _most_around(above, smooth_px)
    above &= (nearest > 0) & ~_seams(nearest)
    pieces, count = ndimage.label(above)
    wanted = np.zeros(count + 1, bool)
    wanted[pieces[regions > 0]] = True
    wanted[0] = False
    return np.where(wanted.take(pieces), nearest, 0).astype(np.int32, copy=False)


def _most_around(mask, size_px):
    """Tell where most of the size x size pixels around are in a mask; size is odd."""
    padded = np.pad(mask.astype(np.uint16), size_px // 2, mode="edge")
    rows, cols = mask.shape
    down, around = np.zeros((rows, padded.shape[1]), np.uint16), np.zeros(mask.shape, np.uint16)
    for start in range(size_px):
        down += padded[start : start + rows]
    for start in range(size_px):
        around += down[:, start : start + cols]
    return 2 * around > size_px**2


def fill_holes(labels: Labels) -> Labels:
    """Fill what lies between pixels of one region both along its row and along its column."""
    filled, gapped = labels.copy(), _gapped(labels)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None or not gapped[number]:
            continue
        inside = labels[box] == number
        between = _between(inside, 0) & _between(inside, 1)
        filled[box][between & (labels[box] == 0)] = number
    return filled


def _gapped(labels):
    """Tell which regions have several runs in some row; shape (regions + 1,)."""
    runs = runs_of(labels)
    line = runs.row * (int(labels.max(initial=0)) + 1) + runs.label
    line.sort()
    gapped = np.zeros(int(labels.max(initial=0)) + 1, bool)
    gapped[line[1:][line[1:] == line[:-1]] % len(gapped)] = True
    return gapped


def _between(inside, axis):
    forward = np.logical_or.accumulate(inside, axis=axis)
    backward = np.flip(np.logical_or.accumulate(np.flip(inside, axis), axis=axis), axis)
    return forward & backward


def _seams(nearest):
    """Mark pixels where two zones meet, so that their regions do not connect."""
    seams = np.zeros(nearest.shape, bool)
    seams[1:] |= (nearest[1:] != nearest[:-1]) & (nearest[1:] > 0) & (nearest[:-1] > 0)
    seams[:, 1:] |= (nearest[:, 1:] != nearest[:, :-1]) & (nearest[:, 1:] > 0) & (nearest[:, :-1] > 0)
    return seams
