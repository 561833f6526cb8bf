"""The smallest rectangle around each region of a label image, at any rotation, all regions at once."""

import numpy as np
from numpy.typing import NDArray

ANGLES_DEG = np.arange(90.0)
"""Rotations that are tried; a rectangle repeats after 90 degrees."""

OWN_ROTATION = 0.04
"""A region turns away from the common rotation only where that saves this share of area per 45 degrees."""


def fit_rectangles(
    labels: NDArray[np.int32], count: int, whole: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a rectangle to each region.

    A round region has no rotation of its own, and one that the border cuts shows a wrong one. So each leans
    towards the rotation that makes the rectangles of all whole regions smallest together; cut ones take it.

    Args:
        labels: 1 .. count inside the regions, 0 outside; shape (rows, cols). Each region has pixels.
        count: Regions.
        whole: Which lie wholly in the image; shape (count,).

    Returns:
        Corners (row, col) [px], clockwise on the screen from the uppermost, shape (count, 4, 2), and
        rotations [deg] in 0 .. 90, counter-clockwise from +col, shape (count,).
    """
    if not count:
        return np.empty((0, 4, 2)), np.empty(0)
    points, region = _ends_of_runs(labels)
    extents = _extents(points, region, count)
    areas = (extents[..., 1] - extents[..., 0]).prod(axis=2)
    relative = areas / areas.min(axis=1, keepdims=True)
    common = int(np.argmin(relative[whole].sum(axis=0) if whole.any() else relative.sum(axis=0)))
    away = np.abs((ANGLES_DEG - ANGLES_DEG[common] + 45) % 90 - 45) / 45
    leaning = relative * (1 + np.where(whole[:, None], OWN_ROTATION, 1e3) * away)
    best = np.argmin(leaning, axis=1)
    return _corners(extents[np.arange(count), best], ANGLES_DEG[best]), ANGLES_DEG[best]


def edges_of(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure the longer and the shorter edge of rectangles (n, 4, 2) [px]; shape (n, 2)."""
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)[:, :2]
    return np.stack([sides.max(axis=1), sides.min(axis=1)], axis=1)


def _ends_of_runs(labels):
    """Give (row, col) and label of the ends of each run in a row: the hull lies among them."""
    padded = np.pad(labels, ((0, 0), (1, 1)))
    changes = padded[:, 1:] != padded[:, :-1]
    starts = np.argwhere(changes[:, :-1] & (labels > 0))
    ends = np.argwhere(changes[:, 1:] & (labels > 0))
    points = np.concatenate([starts, ends])
    return points, labels[points[:, 0], points[:, 1]] - 1


def _extents(points, region, count):
    """Measure each region's extent along and across every rotation; shape (count, angles, 2, [low, high])."""
    order = np.argsort(region, kind="stable")
    row, col = points[order].T.astype(np.float32)
    starts = np.searchsorted(region[order], np.arange(count))
    turn = np.deg2rad(ANGLES_DEG)[:, None].astype(np.float32)
    along = col * np.cos(turn) - row * np.sin(turn)
    across = col * np.sin(turn) + row * np.cos(turn)
    extents = [
        [np.minimum.reduceat(axis, starts, axis=1) - 0.5, np.maximum.reduceat(axis, starts, axis=1) + 0.5]
        for axis in (along, across)
    ]
    return np.transpose(np.array(extents, dtype=float), (3, 2, 0, 1))


def _corners(extents, angles_deg):
    turn = np.deg2rad(angles_deg)[:, None]
    along = extents[:, 0, [0, 1, 1, 0]]
    across = extents[:, 1, [0, 0, 1, 1]]
    row = across * np.cos(turn) - along * np.sin(turn)
    col = along * np.cos(turn) + across * np.sin(turn)
    corners = np.stack([row, col], axis=2)
    first = np.argmin(np.round(corners[..., 0], 6), axis=1)
    order = (first[:, None] + np.arange(4)) % 4
    return np.take_along_axis(corners, order[..., None], axis=1)
