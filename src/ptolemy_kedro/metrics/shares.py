"""Shares pooled over sessions, with a bootstrap over sessions."""

import numpy as np
from numpy.typing import ArrayLike

from ptolemy_kedro.metrics.ranking import Figure, interval


def pooled_share(
    part: ArrayLike, whole: ArrayLike, sessions: ArrayLike, seed: int, draws: int = 1000
) -> Figure:
    """Divide a sum by a sum, and say how far it would move had other sessions been seen.

    Args:
        part: What counts of each row, shape (n,); n may be 0.
        whole: What could count of it, shape (n,).
        sessions: Session id of each, shape (n,).
        seed: Of the bootstrap.
        draws: Of the bootstrap.
    """
    names, session = np.unique(np.asarray(sessions, dtype=str), return_inverse=True)
    parts, wholes = (np.bincount(session, np.asarray(v, float), len(names)) for v in (part, whole))
    drawn = np.random.default_rng(seed).integers(
        len(names) or 1, size=(draws if len(names) > 1 else 0, len(names))
    )
    return interval(
        _ratio(parts.sum(), wholes.sum()), [_ratio(parts[d].sum(), wholes[d].sum()) for d in drawn]
    )


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else np.nan
