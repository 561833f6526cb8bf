"""What varies smoothly over an image, as its holes show it: illumination, a slope of the ice."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TERMS = ((1, 0), (6, 1), (16, 2))
"""Fewest holes for each degree of the surface: a level, a plane, a curved one."""

ROUNDS = 4
SLACK = 1.5
"""A hole counts in full up to so many robust spreads off the surface, and less and less beyond (Huber)."""


def surface(points: Floats, values: Floats) -> Floats:
    """Fit a smooth surface to values at points, few strays aside, and give it there.

    Args:
        points: (row, col) [px]; shape (n, 2), n at least 1.
        values: Finite; shape (n,).
    """
    columns = _columns(points)
    weight = np.ones(len(values))
    fitted = np.full(len(values), np.median(values))
    for _ in range(ROUNDS):
        root = np.sqrt(weight)
        solved = np.linalg.lstsq(columns * root[:, None], values * root, rcond=1e-6)[0]
        fitted = columns @ solved
        off = np.abs(values - fitted)
        slack = SLACK * 1.4826 * np.median(off) + 1e-9
        weight = np.minimum(1, slack / np.maximum(off, slack))
    return fitted


def _columns(points: Floats) -> Floats:
    """Powers of row and col about their middle, as many as there are holes for."""
    degree = max(degree for fewest, degree in TERMS if len(points) >= fewest)
    scaled = (points - points.mean(axis=0)) / max(float(points.std()), 1e-9)
    row, col = scaled.T
    powers = [row**i * col**j for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.stack(powers, axis=1)
