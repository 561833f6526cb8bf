"""Which seeds are for what, and one generator a purpose derived from a session's seed."""

from zlib import crc32

import numpy as np

TRAINING = range(0, 10_000)
"""Sessions that the shipped weights are trained on."""

DEMO = range(10_000, 20_000)
EVALUATION = range(20_000, 30_000)

RELEASE = range(30_000, 40_000)
"""Measure the shipped weights, once, after every choice was made; the next weights take the next ones."""

CLOSING = range(90_000, 100_000)
"""Opened by the closing benchmark only: neither trained on, nor tuned on, nor looked at before."""


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """Make the generator of one purpose, e.g. ``generator(seed, "grid", 2)``; no two share a stream."""
    words = [crc32(part.encode()) if isinstance(part, str) else part for part in purpose]
    return np.random.default_rng([seed, *words])
