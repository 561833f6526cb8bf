"""The search for a lattice in a handful of points: spectrum of the points, then a likelihood.

Points on a lattice add up in phase at its reciprocal vectors, however many sites are missing; so the peaks of
``|sum exp(2 pi i k.p)|`` propose bases, long before distances between neighbours show any. Which proposal is
right the likelihood says: a point lies at a site (a normal of one jitter about each, every site as likely as
the next) or anywhere. A lattice with more sites thus pays for each, and one with too few
leaves points over: neither half nor twice the spacing can win by being finer or coarser.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.lattice import Floats, Lattice, reduce_bases
from ptolemy_kedro.holes.point_spectrum import reciprocal_peaks

FEWEST_POINTS, FEWEST_HINTED = 5, 3
"""Points that can propose a lattice, and that can support one proposed by something else."""

HINT = 12.0
"""What the evidence of a basis known beforehand gains over one that was searched for: about the log of the
number of lattices that the points alone could have meant."""

FEWEST_SITES = 3.0
"""Sites that a lattice has at least within the extent of its points."""

KEPT = 14
"""Proposals refined."""

ROUNDS = 7
"""Rounds of expectation and maximisation for them."""

UNEVEN = 2.0
"""What a lattice pays for steps of unequal length: so much for each factor e between them.

In natural log units. Foils are square or hexagonal, and a tilt of 60 degrees makes a factor of two at most;
it settles ties only.
"""

FEW_STRAY = 3.0
"""What a lattice pays for points on no site: so much for each factor e by which they thin the others."""

LEAST_JITTER, MOST_JITTER = 0.02, 0.16
"""Range of the points' jitter about their sites: in usual distances between neighbours, so that a finer
lattice cannot claim to be more exact; and in shorter spacings of the lattice."""

STRAY = (0.02, 0.8)
"""Range of the share of points that lie on no site."""

_COARSER = np.array(
    [[[2, 0], [0, 1]], [[1, 0], [0, 2]], [[1, 1], [1, -1]],
     [[3, 0], [0, 1]], [[1, 0], [0, 3]], [[1, 1], [-1, 2]], [[1, -1], [1, 2]]], float
)  # fmt: skip
RELATIVES = np.concatenate([_COARSER, np.linalg.inv(_COARSER).transpose(0, 2, 1)])
"""The lattices of 2, 3, 1/2 and 1/3 times the cell, as combinations of the steps; shape (14, 2, 2)."""


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
    centre = points.mean(axis=0)
    local, found = points - centre, []
    if len(points) >= FEWEST_POINTS:
        found.append(_best(local, weights, *_proposals(local, weights)))
    if hints is not None and len(hints) and len(points) >= FEWEST_HINTED:
        bases = reduce_bases(np.asarray(hints, float))
        hinted = _best(local, weights, _origins(local, weights, bases), bases)
        found.append(hinted and replace(hinted, evidence=hinted.evidence + HINT))
    best = max((s for s in found if s), key=lambda s: s.evidence, default=None)
    if best is None:
        return None
    family = reduce_bases(RELATIVES @ best.lattice.basis)
    other = _best(local, weights, _origins(local, weights, family), family)
    if other is not None and other.evidence > best.evidence:
        best = other
    return replace(best, lattice=Lattice(best.lattice.origin + centre, best.lattice.basis))


def _proposals(points: Points, weights: Floats) -> tuple[Floats, Floats]:
    """Propose lattices by pairs of peaks of the points' spectrum: origins (k, 2), reduced bases (k, 2, 2)."""
    peaks = reciprocal_peaks(points, weights)
    phases = np.angle(np.exp(2j * np.pi * peaks @ points.T) @ weights) / (2 * np.pi)
    first, second = np.triu_indices(len(peaks), 1)
    pairs = np.stack([peaks[first], peaks[second]], axis=1)
    area = np.abs(np.linalg.det(pairs))
    sites = area * np.ptp(points, axis=0).prod()
    good = (area > 0.3 * np.linalg.norm(pairs, axis=2).prod(axis=1)) & (sites > FEWEST_SITES)
    bases = np.linalg.inv(pairs[good]).transpose(0, 2, 1)
    turns = np.stack([phases[first], phases[second]], axis=1)[good]
    origins, bases = (turns[:, None] @ bases)[:, 0], reduce_bases(bases)
    _, once = np.unique(
        np.rint(bases / (0.04 * np.sqrt(np.abs(np.linalg.det(bases))))[:, None, None]),
        axis=0,
        return_index=True,
    )
    return origins[once], bases[once]


def _best(points: Points, weights: Floats, origins: Floats, bases: Floats) -> Scored | None:
    """Refine the more likely of some lattices, and return the best; None of none."""
    if not len(bases):
        return None
    rough = 0.1 * np.linalg.norm(bases, axis=2).min(axis=1)
    evidence = _mixture(points, weights, origins, bases, rough, np.full(len(bases), 0.2))[0]
    kept = np.argsort(-evidence)[:KEPT]
    return _refined(points, weights, origins[kept], bases[kept], rough[kept])


def _origins(points: Points, weights: Floats, bases: Floats) -> Floats:
    """Find the origin of each basis by the mean phase of the points; shape (k, 2)."""
    waves = weights @ np.exp(2j * np.pi * (points @ np.linalg.inv(bases)))
    return ((np.angle(waves) / (2 * np.pi))[:, None] @ bases)[:, 0]


def _mixture(
    points: Points, weights: Floats, origins: Floats, bases: Floats, jitter: Floats, stray: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Score lattices.

    Returns:
        Evidence, shape (k,); of each point the probability to belong, shape (k, n), the indices, shape
        (k, n, 2), and the squared distance from its site [px^2], shape (k, n).
    """
    fractions = (points - origins[:, None]) @ np.linalg.inv(bases)
    indices = np.rint(fractions)
    off = (fractions - indices) @ bases
    distance2 = off[..., 0] ** 2 + off[..., 1] ** 2
    cell = np.abs(np.linalg.det(bases))
    height = ((1 - stray) * cell / (2 * np.pi * jitter**2))[:, None]
    at_site = height * np.exp(distance2 * (-0.5 / jitter**2)[:, None])
    total = at_site + stray[:, None]
    return np.log(total) @ weights, at_site / total, indices, distance2


def _refined(points: Points, weights: Floats, origins: Floats, bases: Floats, jitter: Floats) -> Scored:
    """Fit several lattices side by side by expectation and maximisation, and return the best."""
    stray, cell = np.full(len(bases), 0.2), np.abs(np.linalg.det(bases))
    high = MOST_JITTER * np.linalg.norm(bases, axis=2).min(axis=1)
    low = np.minimum(LEAST_JITTER * np.median(cKDTree(points).query(points, 2)[0][:, 1]), high)
    for _ in range(ROUNDS):
        _, belonging, indices, distance2 = _mixture(points, weights, origins, bases, jitter, stray)
        share = weights * belonging
        mass = share.sum(axis=1)
        spread = np.sqrt((share * distance2).sum(axis=1) / (2 * np.maximum(mass - 3, 1)))
        jitter = np.clip(spread, low, high)
        stray = np.clip(1 - mass / weights.sum(), *STRAY)
        origins, bases = _least_squares(points, share, indices, origins, bases, cell)
    evidence, belonging, _, _ = _mixture(points, weights, origins, bases, jitter, stray)
    evidence = evidence + _prior(bases, stray)
    top = int(np.argmax(evidence))
    lattice = Lattice(origins[top], bases[top]).reduced()
    return Scored(lattice, float(evidence[top]), float(jitter[top]), belonging[top])


def _prior(bases: Floats, stray: Floats) -> Floats:
    """Weigh what foils and detectors are like: steps of one length, few points on no site; shape (k,)."""
    lengths = np.linalg.norm(reduce_bases(bases), axis=2)
    return -UNEVEN * np.log(lengths.max(axis=1) / lengths.min(axis=1)) + FEW_STRAY * np.log1p(-stray)


def _least_squares(
    points: Points, share: Floats, indices: Floats, origins: Floats, bases: Floats, cell: Floats
) -> tuple[Floats, Floats]:
    """Solve for origins and bases by weighted least squares, leaning a little on those at hand.

    A lattice whose cell would become another than it set out with (``cell`` [px^2], shape (k,))
    stays as it is.
    """
    design = np.concatenate([np.ones((*indices.shape[:2], 1)), indices], axis=2)
    old = np.concatenate([origins[:, None], bases], axis=1)
    lean = 1e-3 * np.eye(3)
    weighted = (share[..., None] * design).transpose(0, 2, 1)
    normal, right = weighted @ design + lean, weighted @ points + lean @ old
    new = np.linalg.solve(normal, right)
    good = np.abs(np.log(np.abs(np.linalg.det(new[:, 1:])) / cell + 1e-9)) < np.log(1.5)
    new = np.where(good[:, None, None], new, old)
    return new[:, 0], new[:, 1:]
