"""The spectrum of points: its peaks are the reciprocal vectors of the lattices they may lie on."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.lattice import Floats

PEAKS = 18
"""Reciprocal vectors kept; each two of them are a proposal."""

FINEST = 0.28
"""Shortest spacing looked for, in units of the side of the area that one point has."""

STEPS_A_PEAK = 2.4
"""Samples of the points' spectrum within the width of a peak (1 / the points' extent)."""

MOST_STEPS = 160
"""Samples of the spectrum along each axis, from the middle out, at most."""


def reciprocal_peaks(points: Points, weights: Floats) -> Floats:
    """Find where the spectrum of points is strongest, in a half plane.

    Args:
        points: (row, col) [px], about their mean; shape (n, 2).
        weights: What each counts; shape (n,).

    Returns:
        Reciprocal vectors (row, col) [1/px], strongest first; shape (m, 2).
    """
    extent = np.maximum(np.ptp(points, axis=0), 1e-6)
    extent = np.maximum(extent, 0.15 * extent.max())
    limit = 1 / (FINEST * np.sqrt(extent.prod() / len(points)))
    step = 1 / (STEPS_A_PEAK * extent)
    count = np.minimum(np.ceil(limit / step), MOST_STEPS).astype(int)
    rows, cols = np.arange(0, count[0] + 1) * step[0], np.arange(-count[1], count[1] + 1) * step[1]
    power = np.abs((_waves(rows, points[:, 0]) * weights.astype(np.float32)) @ _waves(cols, points[:, 1]).T)
    ring = (rows[:, None] / step[0]) ** 2 + (cols / step[1]) ** 2
    power[(ring < (0.8 * STEPS_A_PEAK) ** 2) | (rows[:, None] ** 2 + cols**2 > limit**2)] = 0
    power[0, : count[1]] = 0
    tops = np.flatnonzero((power == maximum_filter(power, 3)) & (power > 0))
    tops = tops[np.argsort(-power.flat[tops])][:PEAKS]
    at = np.stack(np.unravel_index(tops, power.shape), axis=1)
    return _sharpened(points, weights, np.stack([rows[at[:, 0]], cols[at[:, 1]]], axis=1))


def _waves(frequencies: Floats, places: Floats) -> NDArray[np.complex64]:
    """Evaluate exp(2 pi i frequency place); shape (frequencies, places)."""
    turns = frequencies[:, None] * places
    angle = (2 * np.pi * (turns - np.rint(turns))).astype(np.float32)
    return (np.cos(angle) + 1j * np.sin(angle)).astype(np.complex64)


def _sharpened(points: Points, weights: Floats, peaks: Floats) -> Floats:
    """Move each reciprocal vector to the top of its peak, by the slope of the phase over the points."""
    squares = np.stack([points[:, 0] ** 2, points[:, 0] * points[:, 1], points[:, 1] ** 2])
    for _ in range(3):
        turns = peaks @ points.T
        phase = np.angle(np.exp(2j * np.pi * turns) @ weights) / (2 * np.pi)
        off = turns - phase[:, None]
        off -= np.rint(off)
        near = weights * np.exp(-0.5 * (off / 0.15) ** 2)
        inertia = (near @ squares.T)[:, [0, 1, 1, 2]].reshape(-1, 2, 2) + 1e-9 * np.eye(2)
        peaks = peaks - np.linalg.solve(inertia, ((near * off) @ points)[..., None])[..., 0]
    return peaks
