"""The rectangle around each region, turned as its outline and its neighbours say."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.squares.runs import Runs

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]

NEIGHBOURS = 12
"""Nearest whole regions whose rotation a region shares where it shows none of its own."""

LATTICE = 0.5
"""Weight of the directions to the nearest regions beside that of the outlines, in a common rotation."""

LEAN, LEAN_PX = 0.1, 3.0
"""Pull of the common rotation beside a sharp square's own: a share, and more at fewer pixels an edge."""

OWN_GAIN, OWN_GAIN_PX = 0.03, 0.6
"""A region keeps its own rotation where that saves this share of its rectangle, more if it is small."""


def fit_rectangles(runs: Runs, count: int, whole: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Fit a rectangle to each region.

    A round region has no rotation of its own, a small one shows it badly, and one that the border cuts
    shows a wrong one. So each leans towards the rotation that the whole regions around it have together.

    Args:
        runs: Of the label image of the regions; each of 1 .. count has some.
        count: Regions.
        whole: Which lie wholly in the image; shape (count,).

    Returns:
        Corners (row, col) [px], clockwise on the screen from the uppermost, shape (count, 4, 2), and
        rotations [deg] in 0 .. 90, counter-clockwise from +col, shape (count,).
    """
    if not count:
        return np.empty((0, 4, 2)), np.empty(0)
    area, centre, squareness = _squareness(runs, count)
    common = _common(centre, squareness, whole if whole.any() else ~whole)
    lean = LEAN + LEAN_PX / np.sqrt(area)
    own = np.where(whole, squareness + lean * common, common)
    turns = np.stack([np.angle(common), np.angle(own)]) / 4
    extents = np.stack([_extents(runs, count, turn) for turn in turns])
    areas = (extents[..., 1] - extents[..., 0]).prod(axis=2)
    gain = OWN_GAIN + OWN_GAIN_PX / np.sqrt(area)
    best = np.where(areas[1] < (1 - gain) * areas[0], 1, 0)
    turn, extents = (
        np.take_along_axis(a, best.reshape(1, -1, *[1] * (a.ndim - 2)), 0)[0] for a in (turns, extents)
    )
    return _corners(extents, turn), np.rad2deg(turn) % 90


def edges_of(corners: Floats) -> Floats:
    """Measure the longer and the shorter edge of rectangles (n, 4, 2) [px]; shape (n, 2)."""
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)[:, :2]
    return np.stack([sides.max(axis=1), sides.min(axis=1)], axis=1)


def _squareness(runs: Runs, count: int) -> tuple[Floats, Floats, Complex]:
    """Measure area, centre and, by moments, how square each region is and which way it is turned.

    With z = x + iy from the centre, ``60 (1.8 <z^2>^2 - <z^4>) / area^2`` is exp(4i turn) for every
    rectangle, and about 0 for every ellipse.
    """
    region, length = runs.label.astype(np.intp) - 1, runs.length
    area = np.asarray(np.bincount(region, length, count), float)
    row = np.bincount(region, length * runs.row, count) / area
    col = np.bincount(region, length * (runs.first + runs.last) / 2, count) / area
    height = 1j * (row[region] - runs.row)
    left, right = (x - col[region] + height for x in (runs.first - 0.5, runs.last + 0.5))
    second, fourth = (
        _bincount(region, (right ** (n + 1) - left ** (n + 1)) / (n + 1), count) / area for n in (2, 4)
    )
    return area, np.stack([row, col], axis=1), 60 * (1.8 * second**2 - fourth) / area**2


def _common(centre: Floats, squareness: Complex, whole: NDArray[np.bool_]) -> Complex:
    """Average exp(4i turn) over the whole regions about each region; of length 1."""
    trusted = squareness[whole] / np.maximum(np.abs(squareness[whole]), 1)
    votes = trusted + LATTICE * _lattice(centre[whole])
    nearest = cKDTree(centre[whole]).query(centre, min(NEIGHBOURS, len(votes)))[1].reshape(len(centre), -1)
    common = votes[nearest].mean(axis=1) + 0.5 * votes.mean()
    return common / np.maximum(np.abs(common), 1e-12)


def _lattice(centre: Floats) -> Complex:
    """Average exp(4i direction) over each region's nearest neighbours; 0 where it stands alone."""
    if len(centre) < 2:
        return np.zeros(len(centre), complex)
    gaps, others = cKDTree(centre).query(centre, min(5, len(centre)))
    step = centre[others[:, 1:]] - centre[:, None]
    nearest = gaps[:, 1:] < 1.2 * gaps[:, 1:2]
    direction = (step[..., 1] - 1j * step[..., 0]) / np.maximum(gaps[:, 1:], 1e-9)
    return (nearest * direction**4).sum(axis=1) / nearest.sum(axis=1).clip(1)


def _bincount(at: NDArray[np.intp], weights: Complex, count: int) -> Complex:
    return np.bincount(at, weights.real, count) + 1j * np.bincount(at, weights.imag, count)


def _extents(runs: Runs, count: int, turn: Floats) -> Floats:
    """Measure each region's extent along and across its rotation; shape (count, 2, [low, high])."""
    region = runs.label.astype(np.intp) - 1
    cos, sin = np.cos(turn)[region], np.sin(turn)[region]
    extents = np.stack([np.full((count, 2), np.inf), np.full((count, 2), -np.inf)], axis=2)
    for col in (runs.first, runs.last):
        for axis, at in enumerate((col * cos - runs.row * sin, col * sin + runs.row * cos)):
            np.minimum.at(extents[:, axis, 0], region, at - 0.5)
            np.maximum.at(extents[:, axis, 1], region, at + 0.5)
    return extents


def _corners(extents: Floats, turn: Floats) -> Floats:
    along, across = extents[:, 0, [0, 1, 1, 0]], extents[:, 1, [0, 0, 1, 1]]
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    corners = np.stack([across * cos - along * sin, along * cos + across * sin], axis=2)
    first = np.argmin(np.round(corners[..., 0], 6), axis=1)
    order = (first[:, None] + np.arange(4)) % 4
    return np.take_along_axis(corners, order[..., None], axis=1)
