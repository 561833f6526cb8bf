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
    return weights(shape[0], rows, step) @ small @ weights(shape[1], cols, step).T


@lru_cache(maxsize=32)
def weights(size: int, count: int, step: float) -> Floats:
    """Weights of linear interpolation from ``count`` points ``step`` pixels apart; shape (size, count)."""
    at = np.minimum(np.arange(size, dtype=np.float32) / np.float32(step), count - 1)
    return np.maximum(1 - np.abs(at[:, None] - np.arange(count, dtype=np.float32)), 0)


def cloud(rng: np.random.Generator, shape: tuple[int, ...], cell_px: float) -> Floats:
    """Draw smooth noise of about unit sd with features of ``cell_px`` pixels; shape (rows, cols)."""
    cell_px = round(max(cell_px, 1.0), 1)
    rows, cols = (int(np.ceil(edge / cell_px)) + 2 for edge in shape)
    small = rng.standard_normal((rows, cols), dtype=np.float32)
    return spread(small, shape, cell_px) * np.float32(1.5)  # linear interpolation takes a third of the sd
