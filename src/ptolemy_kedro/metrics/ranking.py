"""How well scores rank what operators selected, by session and pooled, with a bootstrap over sessions.

Sites of one session share a specimen, an operator and a microscope; resampling sites would take that for
knowledge. So whole sessions are drawn, and every figure carries its interval and the base rate beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Figure = dict[str, float | None]
"""A measure's ``value``, and the ``low`` and ``high`` end of its 95 % interval; None where undefined."""


BINS = 10
"""Of calibration, a tenth of the scores' range each."""

HUNDRED = 100


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


class Ranking:
    """Sites whose fate is known, with their scores; measured under any weights of the sessions.

    Args:
        scores: Score of each site, 0 to 1, shape (n,); n may be 0.
        selected: Did an operator select it, shape (n,), bool. Leave unknown sites out.
        sessions: Session id of each site, shape (n,).

    Attributes:
        sessions: Their ids, sorted; shape (s,).
    """

    def __init__(self, scores: ArrayLike, selected: ArrayLike, sessions: ArrayLike) -> None:
        self.sessions, session = np.unique(np.asarray(sessions, dtype=str), return_inverse=True)
        self._ranked = _Ranked.by_score(scores, selected, session)
        self._within = _within_session(self._ranked, len(self.sessions))
        self._bins = _bins(np.asarray(scores, float), np.asarray(selected, bool), session, len(self.sessions))

    def __len__(self) -> int:
        return len(self._ranked.selected)

    @property
    def selected(self) -> int:
        """How many sites were selected."""
        return int(self._ranked.selected.sum())

    @property
    def both(self) -> NDArray[np.str_]:
        """Sessions that hold both selected and other sites, and so tell something of the ranking."""
        return self.sessions[~np.isnan(self._within)]

    def by_session(self) -> dict[str, float]:
        """Give the ROC AUC of each session that holds both kinds."""
        values = zip(self.sessions.tolist(), self._within.tolist(), strict=True)
        return {name: value for name, value in values if not np.isnan(value)}

    def measure(self, counts: ArrayLike | None = None) -> dict[str, float]:
        """Measure the ranking; NaN where a measure is undefined.

        Args:
            counts: How often each session counts, shape (s,); once each if None.
        """
        if not len(self):
            return dict.fromkeys(MEASURES, np.nan)
        counts = np.ones(len(self.sessions)) if counts is None else np.asarray(counts, float)
        selected, others = self._ranked.masses(counts[self._ranked.session])
        return {
            "base_rate": float(selected.sum() / (selected.sum() + others.sum())),
            "roc_auc": _auc(selected, others),
            "roc_auc_within_session": _mean(self._within, counts),
            "average_precision": _precision(selected, others),
            "calibration_error": _calibration_error(self._bins, counts),
            "needed_for_hundred": _needed(selected, others),
        }

    def calibration(self) -> NDArray[np.float64]:
        """Give sites, mean score and share selected of each bin of the scores; shape (``BINS``, 3)."""
        sites, scores, selected = self._bins.sum(axis=1)
        full = np.where(sites > 0, sites, np.nan)
        return np.stack([sites, scores / full, selected / full], axis=1)


MEASURES = (
    "base_rate",
    "roc_auc",
    "roc_auc_within_session",
    "average_precision",
    "calibration_error",
    "needed_for_hundred",
)


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
        Counts ``sites``, ``sessions``, ``selected``; then, each a ``Figure``, ``base_rate``, ``roc_auc``
        (pooled), ``roc_auc_within_session`` (mean over the sessions that hold both kinds),
        ``average_precision`` (pooled), ``calibration_error`` (mean distance of score and share selected, by
        tenths of the score) and ``needed_for_hundred`` (sites to visit, best first, until a hundred of the
        selected are among them; until half of them where there are fewer than two hundred).
    """
    ranking = Ranking(scores, selected, sessions)
    several = len(ranking.sessions) > 1  # drawing one session again and again would call it certain
    weights = drawn(len(ranking.sessions), seed, draws if several else 0)
    measured = [ranking.measure(counts) for counts in weights]
    return {
        "sites": len(ranking),
        "sessions": len(ranking.sessions),
        "selected": ranking.selected,
        **{name: interval(value, [m[name] for m in measured]) for name, value in ranking.measure().items()},
    }


def drawn(sessions: int, seed: int, draws: int) -> Iterator[NDArray[np.float64]]:
    """Draw sessions with replacement: how often each counts, shape (sessions,); nothing without any."""
    rng = np.random.default_rng(seed)
    for _ in range(draws if sessions else 0):
        yield np.bincount(rng.integers(sessions, size=sessions), minlength=sessions).astype(float)


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


def _mean(values: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    defined = np.where(np.isnan(values), 0.0, counts)
    return float(np.nansum(values * defined) / defined.sum()) if defined.any() else np.nan


def _bins(
    scores: NDArray[np.float64], selected: NDArray[np.bool_], session: NDArray[np.int64], sessions: int
) -> NDArray[np.float64]:
    """Sum sites, scores and selected sites by session and bin; shape (3, sessions, ``BINS``)."""
    cell = session * BINS + np.clip(scores * BINS, 0, BINS - 1).astype(int)
    sums = [np.bincount(cell, weight, sessions * BINS) for weight in (np.ones(len(cell)), scores, selected)]
    return np.stack(sums).astype(float).reshape(3, sessions, BINS)


def _calibration_error(bins: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    sites, scores, selected = counts @ bins
    return float(np.abs(scores - selected).sum() / sites.sum())


def _needed(selected: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Count the sites to visit, best first; of a run of equal scores as large a part as is needed."""
    hits = np.r_[0.0, np.cumsum(selected[::-1])]
    visited = hits + np.r_[0.0, np.cumsum(others[::-1])]
    wanted = min(HUNDRED, hits[-1] / 2)
    if not wanted:
        return np.nan
    last = int(np.searchsorted(hits, wanted))
    part = (wanted - hits[last - 1]) / (hits[last] - hits[last - 1])
    return float(visited[last - 1] + part * (visited[last] - visited[last - 1]))


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
