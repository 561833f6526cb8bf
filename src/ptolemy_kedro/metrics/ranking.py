"""How well scores rank what operators selected, by session and pooled, with a bootstrap over sessions.

Sites of one session share a specimen, an operator and a microscope; resampling sites would take that for
knowledge. So whole sessions are drawn, and every figure carries its interval and the base rate beside it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Figure = dict[str, float | None]
"""A measure's ``value``, and the ``low`` and ``high`` end of its 95 % interval; None where undefined."""


@dataclass(frozen=True)
class _Ranked:
    """Sites from the lowest score up, and where each run of equal scores starts."""

    selected: NDArray[np.bool_]
    session: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def by_score(cls, scores: ArrayLike, selected: ArrayLike, session: NDArray[np.int64]) -> "_Ranked":
        scores = np.asarray(scores, dtype=float)
        order = np.argsort(scores, kind="stable")
        ordered = scores[order]
        starts = (
            np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, int)
        )
        return cls(np.asarray(selected, dtype=bool)[order], session[order], starts)

    def masses(self, weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sum the weights of selected and of other sites over each run of equal scores."""
        selected = np.add.reduceat(weight * self.selected, self.starts)
        return selected, np.add.reduceat(weight * ~self.selected, self.starts)


def evaluate(
    scores: ArrayLike, selected: ArrayLike, sessions: ArrayLike, seed: int, draws: int = 1000
) -> dict[str, int | Figure]:
    """Measure a ranking of sites whose fate is known.

    Args:
        scores: Score of each site, shape (n,); n may be 0.
        selected: Did an operator select it, shape (n,), bool. Leave unknown sites out.
        sessions: Session id of each site, shape (n,).
        seed: Of the bootstrap.
        draws: Of the bootstrap.

    Returns:
        Counts ``sites``, ``sessions``, ``selected``; then ``base_rate``, ``roc_auc`` (pooled),
        ``roc_auc_within_session`` (mean over the sessions that hold both kinds) and
        ``average_precision`` (pooled), each a ``Figure``.
    """
    names, session = np.unique(np.asarray(sessions, dtype=str), return_inverse=True)
    ranked = _Ranked.by_score(scores, selected, session)
    within = _within_session(ranked, len(names))
    rng = np.random.default_rng(seed)
    drawn = (
        np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names)) for _ in range(draws)
    )
    measured = [_measure(ranked, within, counts.astype(float)) for counts in drawn] if len(names) else []
    values = _measure(ranked, within, np.ones(len(names)))
    return {
        "sites": len(ranked.selected),
        "sessions": len(names),
        "selected": int(ranked.selected.sum()),
        **{name: interval(value, [m[name] for m in measured]) for name, value in values.items()},
    }


def roc_auc(scores: ArrayLike, selected: ArrayLike) -> float:
    """Give the chance that a selected site outranks another one, a tie half; NaN without both kinds."""
    ranked = _Ranked.by_score(scores, selected, np.zeros(len(np.asarray(scores)), int))
    return _auc(*ranked.masses(np.ones(len(ranked.selected)))) if len(ranked.selected) else np.nan


def average_precision(scores: ArrayLike, selected: ArrayLike) -> float:
    """Average the precision over the selected sites, best first; chance is the base rate. NaN without any."""
    ranked = _Ranked.by_score(scores, selected, np.zeros(len(np.asarray(scores)), int))
    return _precision(*ranked.masses(np.ones(len(ranked.selected)))) if len(ranked.selected) else np.nan


def _within_session(ranked: _Ranked, sessions: int) -> NDArray[np.float64]:
    weights = (np.where(ranked.session == index, 1.0, 0.0) for index in range(sessions))
    return np.array([_auc(*ranked.masses(weight)) for weight in weights])


def _measure(ranked: _Ranked, within: NDArray[np.float64], counts: NDArray[np.float64]) -> dict[str, float]:
    if not len(ranked.selected):
        return dict.fromkeys(("base_rate", "roc_auc", "roc_auc_within_session", "average_precision"), np.nan)
    selected, others = ranked.masses(counts[ranked.session])
    defined = np.where(np.isnan(within), 0.0, counts)
    return {
        "base_rate": float(selected.sum() / (selected.sum() + others.sum())),
        "roc_auc": _auc(selected, others),
        "roc_auc_within_session": float(np.nansum(within * defined) / defined.sum())
        if defined.any()
        else np.nan,
        "average_precision": _precision(selected, others),
    }


def _auc(selected: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    pairs = selected.sum() * others.sum()
    below = np.cumsum(others) - others / 2
    return float((selected * below).sum() / pairs) if pairs else np.nan


def _precision(selected: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    hits = np.cumsum(selected[::-1])
    taken = hits + np.cumsum(others[::-1])
    precision = np.divide(hits, taken, out=np.zeros_like(hits), where=taken > 0)
    return float((precision * selected[::-1]).sum() / hits[-1]) if hits[-1] else np.nan


def interval(value: float, drawn: list[float]) -> Figure:
    """Put a value together with the 95 % interval of what the bootstrap drew; NaN is undefined."""
    known = np.array([d for d in drawn if not np.isnan(d)])
    if np.isnan(value) or not len(known):
        return {"value": None if np.isnan(value) else value, "low": None, "high": None}
    low, high = np.percentile(known, [2.5, 97.5])
    return {"value": value, "low": float(low), "high": float(high)}
