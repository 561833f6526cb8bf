"""How well points found agree with points wanted, by session, with a bootstrap over sessions."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.metrics.ranking import Figure, interval

MEASURES = ("precision", "recall", "f1")


def match_points(found: ArrayLike, wanted: ArrayLike, within_px: float | ArrayLike) -> NDArray[np.int64]:
    """Pair points one to one, the nearest first.

    Args:
        found: Shape (n, 2) [px]; n may be 0.
        wanted: Shape (m, 2) [px]; m may be 0.
        within_px: Largest distance of a pair [px]; one for all, or one a wanted point, shape (m,).

    Returns:
        Places in ``found`` and in ``wanted``, a pair a row, in the order of ``wanted``; shape (k, 2).
    """
    found, wanted = (np.asarray(points, dtype=float).reshape(-1, 2) for points in (found, wanted))
    reach = np.broadcast_to(np.asarray(within_px, dtype=float), len(wanted))
    if not len(found) or not len(wanted):
        return np.zeros((0, 2), np.int64)
    near = cKDTree(wanted).query_ball_point(found, float(reach.max()))
    place = np.array([(i, j) for i, others in enumerate(near) for j in others], np.int64).reshape(-1, 2)
    distance = np.linalg.norm(found[place[:, 0]] - wanted[place[:, 1]], axis=1)
    close = distance <= reach[place[:, 1]]
    return _one_to_one(place[close][np.argsort(distance[close], kind="stable")])


class Detections:
    """Counts of images against what was wanted in them; measured under any weights of the sessions.

    Args:
        hits: Pairs in each image, shape (n,).
        found: Points found in it, shape (n,).
        wanted: Points wanted in it, shape (n,).
        sessions: Session id of each image, shape (n,); n may be 0.

    Attributes:
        sessions: Their ids, sorted; shape (s,).
    """

    def __init__(self, hits: ArrayLike, found: ArrayLike, wanted: ArrayLike, sessions: ArrayLike) -> None:
        self.sessions, session = np.unique(np.asarray(sessions, dtype=str), return_inverse=True)
        counts = [np.asarray(count, float) for count in (hits, found, wanted)]
        self._wanted = int(counts[2].sum())
        self._of = _by_session(*(_sums(session, count, len(self.sessions)) for count in counts))

    def __len__(self) -> int:
        return self._wanted

    @property
    def both(self) -> NDArray[np.str_]:
        """Sessions in which something was wanted, and so tell something of the detections."""
        return self.sessions[~np.isnan(self._of["f1"])]

    def by_session(self) -> dict[str, float]:
        """Give the F1 of each session."""
        values = zip(self.sessions.tolist(), self._of["f1"].tolist(), strict=True)
        return {name: value for name, value in values if not np.isnan(value)}

    def measure(self, counts: ArrayLike | None = None) -> dict[str, float]:
        """Average over sessions, each counted so many times (once if None); NaN where undefined."""
        weights = np.ones(len(self.sessions)) if counts is None else np.asarray(counts, float)
        return {name: _weighted(values, weights) for name, values in self._of.items()}


def evaluate(
    hits: ArrayLike, found: ArrayLike, wanted: ArrayLike, sessions: ArrayLike, seed: int, draws: int = 1000
) -> dict[str, int | Figure]:
    """Measure detections image by image against what was wanted; each session counts once.

    Args:
        hits: Pairs in each image, shape (n,).
        found: Points found in it, shape (n,).
        wanted: Points wanted in it, shape (n,).
        sessions: Session id of each image, shape (n,).
        seed: Of the bootstrap.
        draws: Of the bootstrap.

    Returns:
        Counts ``images``, ``sessions``, ``hits``, ``found``, ``wanted``; then ``precision``, ``recall`` and
        ``f1``, each the mean over the sessions for which it is defined, a ``ranking.Figure``; one session
        alone has no interval.
    """
    names, session = np.unique(np.asarray(sessions, dtype=str), return_inverse=True)
    sums = [_sums(session, count, len(names)) for count in (hits, found, wanted)]
    by_session = _by_session(*sums)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(names), size=(draws if len(names) > 1 else 0, len(names)))
    totals = {name: int(total.sum()) for name, total in zip(("hits", "found", "wanted"), sums, strict=True)}
    figures = {
        name: interval(_mean(values), [_mean(values[chosen]) for chosen in drawn])
        for name, values in by_session.items()
    }
    return {"images": len(session), "sessions": len(names), **totals, **figures}


def _sums(session: NDArray[np.int64], counts: ArrayLike, sessions: int) -> NDArray[np.float64]:
    return np.bincount(session, np.asarray(counts, float), sessions).astype(float)


def _by_session(
    hits: NDArray[np.float64], found: NDArray[np.float64], wanted: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    return {
        "precision": _share(hits, found),
        "recall": _share(hits, wanted),
        "f1": _share(2 * hits, found + wanted),
    }


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def _weighted(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    known = np.where(np.isnan(values), 0.0, weights)
    return float(np.nansum(values * known) / known.sum()) if known.any() else np.nan


def _one_to_one(place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keep of the pairs, in their order, those whose two points were not taken before."""
    taken: tuple[set[int], set[int]] = (set(), set())
    kept = []
    for i, j in place.tolist():
        if i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
            kept.append((i, j))
    return np.array(sorted(kept, key=lambda pair: pair[1]), np.int64).reshape(-1, 2)
