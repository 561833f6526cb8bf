"""Smooth things computed on few pixels and spread over all: what keeps medium images fast."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def spread(small: Floats, shape: tuple[int, ...], step: float) -> Floats:
    """Interpolate linearly from every ``step``-th pixel to all; ``small`` starts at pixel (0, 0)."""
    if step == 1 and small.shape == tuple(shape):
        return small
    rows, cols = small.shape
    large = weights(shape[0], rows, step) @ small @ weights(shape[1], cols, step).T
    return large.astype(np.float32, copy=False)


@lru_cache(maxsize=32)
def weights(size: int, count: int, step: float) -> Floats:
    """Weights of linear interpolation from ``count`` points ``step`` pixels apart; shape (size, count)."""
    at = np.minimum(np.arange(size, dtype=np.float32) / np.float32(step), count - 1)
    return np.maximum(1 - np.abs(at[:, None] - np.arange(count, dtype=np.float32)), 0)


def cloud(rng: np.random.Generator, shape: tuple[int, ...], cell_px: float) -> Floats:
    """Draw smooth noise of about unit sd with features of ``cell_px`` pixels; shape (rows, cols)."""
    cell_px = round(max(cell_px, 1.0), 1)
    rows, cols = (int(np.ceil(edge / cell_px)) + 2 for edge in shape)
    small = rng.standard_normal((rows + 2, cols + 2), dtype=np.float32)
    along_rows, along_cols = _spline(shape[0], rows + 2, cell_px), _spline(shape[1], cols + 2, cell_px)
    smooth = along_rows @ small @ along_cols.T * np.float32(2.1)  # splines take half of the sd
    return smooth.astype(np.float32, copy=False)


@lru_cache(maxsize=32)
def _spline(size: int, count: int, step: float) -> Floats:
    """Weights of cubic B-splines ``step`` pixels apart, the second at pixel 0; shape (size, count)."""
    at = np.arange(size, dtype=np.float32) / np.float32(step) + 1
    away = np.abs(at[:, None] - np.arange(count, dtype=np.float32))
    near, far = 2 / 3 - away**2 + away**3 / 2, np.maximum(2 - away, 0) ** 3 / 6
    return np.where(away < 1, near, far).astype(np.float32)
