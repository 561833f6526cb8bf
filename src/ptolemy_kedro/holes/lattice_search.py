"""The search for a lattice in a handful of points: spectrum of the points, then a likelihood.

Points on a lattice add up in phase at its reciprocal vectors, however many sites are missing; so the peaks of
``|sum exp(2 pi i k.p)|`` propose bases, long before distances between neighbours show any. Which proposal is
right the likelihood says: a point lies at a site (a normal of one jitter about each, every site as likely as
the next) or anywhere. A lattice with more sites thus pays for each, and one with too few
leaves points over: neither half nor twice the spacing can win by being finer or coarser.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.lattice import Floats, Lattice, reduce_basis

FEWEST_SITES = 3.0
"""Sites that a lattice has at least within the extent of its points."""

PEAKS = 18
"""Reciprocal vectors kept; each two of them are a proposal."""

FINEST = 0.28
"""Shortest spacing looked for, in units of the side of the area that one point has."""

STEPS_A_PEAK = 2.4
"""Samples of the points' spectrum within the width of a peak (1 / the points' extent)."""

KEPT = 14
"""Proposals refined."""

ROUNDS = 7
"""Rounds of expectation and maximisation for them."""

JITTERS = (0.015, 0.16)
"""Range of the points' jitter about their sites, as a share of the shorter spacing."""

STRAY = (0.02, 0.8)
"""Range of the share of points that lie on no site."""

RELATIVES = tuple(
    np.array(m, float)
    for m in (
        [[2, 0], [0, 1]], [[1, 0], [0, 2]], [[1, 1], [1, -1]],
        [[3, 0], [0, 1]], [[1, 0], [0, 3]], [[1, 1], [-1, 2]], [[1, -1], [1, 2]],
    )
)  # fmt: skip
"""The lattices of two and three times the cell, as integer combinations of the steps; their inverses are finer."""


@dataclass(frozen=True)
class Scored:
    """A lattice with what the points say of it.

    Attributes:
        lattice: Reduced.
        evidence: Log likelihood of the points over that of no lattice at all.
        jitter_px: Standard deviation of the points about their sites, each axis [px].
        belonging: Probability of each point to lie on a site; shape (n,).
    """

    lattice: Lattice
    evidence: float
    jitter_px: float
    belonging: Floats


def search_lattice(points: Points, weights: Floats, hints: Floats | None = None) -> Scored | None:
    """Find the lattice that explains some points best; no more than some hundred, in one coherent patch.

    Args:
        points: (row, col) [px]; shape (n, 2).
        weights: What each point counts, 0 .. 1; shape (n,).
        hints: Bases to try beside those the points propose [px]; shape (k, 2, 2).

    Returns:
        The best, however weak its evidence; None where the points propose nothing.
    """
    if len(points) < 3:
        return None
    centre = points.mean(axis=0)
    local = points - centre
    bases = _proposals(local, weights)
    if hints is not None and len(hints):
        bases = np.concatenate([bases, np.stack([reduce_basis(b) for b in hints])])
    if not len(bases):
        return None
    best = _best(local, weights, bases)
    family = np.stack([best.lattice.basis, *_relatives(best.lattice.basis)])
    best = max(best, _best(local, weights, family), key=lambda s: s.evidence)
    lattice = Lattice(best.lattice.origin + centre, best.lattice.basis)
    return Scored(lattice, best.evidence, best.jitter_px, best.belonging)


def _relatives(basis: Floats) -> list[Floats]:
    """List the lattices of 1/3, 1/2, 2 and 3 times the cell."""
    return [reduce_basis(change @ basis) for m in RELATIVES for change in (m, np.linalg.inv(m).T)]


def _proposals(points: Points, weights: Floats) -> Floats:
    """Propose bases by pairs of peaks of the points' spectrum; shape (k, 2, 2)."""
    peaks = _peaks(points, weights)
    first, second = np.triu_indices(len(peaks), 1)
    pairs = np.stack([peaks[first], peaks[second]], axis=1)
    lengths = np.linalg.norm(pairs, axis=2)
    area = np.abs(np.linalg.det(pairs))
    sites = area * np.ptp(points, axis=0).prod()
    pairs = pairs[(area > 0.3 * lengths.prod(axis=1)) & (sites > FEWEST_SITES)]
    return np.stack([reduce_basis(np.linalg.inv(p).T) for p in pairs]) if len(pairs) else np.empty((0, 2, 2))


def _peaks(points: Points, weights: Floats) -> Floats:
    """Find the strongest reciprocal vectors (row, col) [1/px] in a half plane; shape (m, 2)."""
    extent = np.maximum(np.ptp(points, axis=0), 1e-6)
    extent = np.maximum(extent, 0.15 * extent.max())
    side = np.sqrt(extent.prod() / len(points))
    limit = 1 / (FINEST * side)
    step = 1 / (STEPS_A_PEAK * extent)
    count = np.minimum(np.ceil(limit / step), 160).astype(int)
    rows, cols = np.arange(0, count[0] + 1) * step[0], np.arange(-count[1], count[1] + 1) * step[1]
    waves = np.exp(-2j * np.pi * rows[:, None] * points[:, 0]) * weights
    power = np.abs(waves @ np.exp(-2j * np.pi * points[:, 1, None] * cols))
    ring = np.hypot(rows[:, None] / step[0], cols / step[1])
    power[(ring < 0.8 * STEPS_A_PEAK) | (np.hypot(rows[:, None], cols) > limit)] = 0
    power[0, : count[1]] = 0
    tops = np.flatnonzero((power == maximum_filter(power, 3)) & (power > 0))
    tops = tops[np.argsort(-power.flat[tops])][:PEAKS]
    at = np.stack(np.unravel_index(tops, power.shape), axis=1)
    return _sharpened(points, weights, np.stack([rows[at[:, 0]], cols[at[:, 1]]], axis=1))


def _sharpened(points: Points, weights: Floats, peaks: Floats) -> Floats:
    """Move each reciprocal vector to the top of its peak: the slope of the phase over the points, three times."""
    for _ in range(3):
        turns = points @ peaks.T
        phase = np.angle((weights[:, None] * np.exp(2j * np.pi * turns)).sum(axis=0)) / (2 * np.pi)
        off = (turns - phase + 0.5) % 1 - 0.5
        near = weights[:, None] * np.exp(-0.5 * (off / 0.15) ** 2)
        inertia = np.einsum("nm,ni,nj->mij", near, points, points) + 1e-9 * np.eye(2)
        peaks = peaks - np.linalg.solve(inertia, np.einsum("nm,nm,ni->mi", near, off, points)[..., None])[..., 0]
    return peaks


def _best(points: Points, weights: Floats, bases: Floats) -> Scored:
    """Refine the more likely of some bases, and return the best."""
    origins = _origins(points, weights, bases)
    rough = np.full(len(bases), 0.1) * np.linalg.norm(bases, axis=2).min(axis=1)
    evidence = _mixture(points, weights, origins, bases, rough, np.full(len(bases), 0.2))[0]
    kept = np.argsort(-evidence)[:KEPT]
    return _refined(points, weights, origins[kept], bases[kept], rough[kept])


def _origins(points: Points, weights: Floats, bases: Floats) -> Floats:
    """Find the origin of each basis by the mean phase of the points; shape (k, 2)."""
    turns = np.einsum("ni,kij->knj", points, np.linalg.inv(bases))
    waves = (weights[:, None] * np.exp(2j * np.pi * turns)).sum(axis=1)
    return np.einsum("kj,kji->ki", np.angle(waves) / (2 * np.pi), bases)


def _mixture(
    points: Points, weights: Floats, origins: Floats, bases: Floats, jitter: Floats, stray: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Score lattices: evidence (k,), probability to belong (k, n), indices (k, n, 2), squared distance (k, n)."""
    fractions = np.einsum("kni,kij->knj", points - origins[:, None], np.linalg.inv(bases))
    indices = np.rint(fractions)
    off = np.einsum("kni,kij->knj", fractions - indices, bases)
    distance2 = (off**2).sum(axis=2)
    cell = np.abs(np.linalg.det(bases))
    height = ((1 - stray) * cell / (2 * np.pi * jitter**2))[:, None]
    at_site = height * np.exp(-0.5 * distance2 / jitter[:, None] ** 2)
    total = at_site + stray[:, None]
    return (weights * np.log(total)).sum(axis=1), at_site / total, indices, distance2


def _refined(points: Points, weights: Floats, origins: Floats, bases: Floats, jitter: Floats) -> Scored:
    """Fit several lattices side by side by expectation and maximisation, and return the best."""
    stray, cell = np.full(len(bases), 0.2), np.abs(np.linalg.det(bases))
    low, high = (share * np.linalg.norm(bases, axis=2).min(axis=1) for share in JITTERS)
    for _ in range(ROUNDS):
        _, belonging, indices, distance2 = _mixture(points, weights, origins, bases, jitter, stray)
        share = weights * belonging
        mass = share.sum(axis=1)
        spread = np.sqrt((share * distance2).sum(axis=1) / (2 * np.maximum(mass - 3, 1)))
        jitter = np.clip(spread, low, high)
        stray = np.clip(1 - mass / weights.sum(), *STRAY)
        origins, bases = _least_squares(points, share, indices, origins, bases, cell)
    evidence, belonging, _, _ = _mixture(points, weights, origins, bases, jitter, stray)
    top = int(np.argmax(evidence))
    lattice = Lattice(origins[top], bases[top]).reduced()
    return Scored(lattice, float(evidence[top]), float(jitter[top]), belonging[top])


def _least_squares(
    points: Points, share: Floats, indices: Floats, origins: Floats, bases: Floats, cell: Floats
) -> tuple[Floats, Floats]:
    """Solve for origins and bases by weighted least squares, leaning a little on those at hand.

    A lattice whose cell would become another than it set out with (``cell`` [px^2], shape (k,)) stays as it is.
    """
    design = np.concatenate([np.ones((*indices.shape[:2], 1)), indices], axis=2)
    old = np.concatenate([origins[:, None], bases], axis=1)
    lean = 1e-3 * np.eye(3)
    normal = np.einsum("kn,kni,knj->kij", share, design, design) + lean
    right = np.einsum("kn,kni,nj->kij", share, design, points) + lean @ old
    new = np.linalg.solve(normal, right)
    good = np.abs(np.log(np.abs(np.linalg.det(new[:, 1:])) / cell + 1e-9)) < np.log(1.5)
    new = np.where(good[:, None, None], new, old)
    return new[:, 0], new[:, 1:]
