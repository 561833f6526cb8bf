"""How a bent foil departs from its lattice: a smooth field over the indices, of low order."""

from dataclasses import dataclass, field

import numpy as np

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.lattice import Floats, Indices, Lattice

ORDERS = (2, 3)
"""Degrees of the field that are tried."""

POINTS_A_TERM = 3
"""Points needed for each term of the field."""

EVIDENCE = 6.0
"""What a field must gain over none by the Bayesian information criterion (natural log units)."""

STIFFEST = 1e-3
"""Pull of each term towards nothing: keeps a field that the points do not fix flat."""


@dataclass(frozen=True)
class Bend:
    """Displacement of sites, a polynomial in ``(indices - middle) / reach``.

    Beyond the points that fixed it, it stays what it is at their edge.

    Attributes:
        terms: Displacement (row, col) [px] a monomial; shape (m, 2). No rows: a flat foil.
        middle: Indices of the middle of the points that fixed it; shape (2,).
        reach: Half their extent, in indices; shape (2,).
    """

    terms: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    middle: Floats = field(default_factory=lambda: np.zeros(2))
    reach: Floats = field(default_factory=lambda: np.ones(2))

    def at(self, indices: Floats) -> Points:
        """Displace the sites of indices, whole or not, shape (n, 2): (row, col) [px], shape (n, 2)."""
        scaled = np.clip((np.asarray(indices, float).reshape(-1, 2) - self.middle) / self.reach, -1, 1)
        return _monomials(scaled, _order(len(self.terms))) @ self.terms


def fit_bend(lattice: Lattice, indices: Indices, points: Points, share: Floats) -> tuple[Lattice, Bend]:
    """Fit origin, basis and, where the points call for it, a bend to points with known indices.

    Args:
        lattice: Where to start; decides nothing where the points do.
        indices: Of each point; shape (n, 2), n at least 1.
        points: (row, col) [px]; shape (n, 2).
        share: What each point counts, 0 .. 1; shape (n,).

    Returns:
        Lattice, and its bend; flat unless a field of order two or three is worth its terms.
    """
    middle = np.round((indices.max(axis=0) + indices.min(axis=0)) / 2)
    reach = np.maximum(np.ptp(indices, axis=0) / 2, 1.0)
    scaled = (indices - middle) / reach
    best, best_cost = None, np.inf
    for order in (1, *ORDERS):
        design = np.concatenate(
            [np.ones((len(points), 1)), scaled, _monomials(scaled, order if order > 1 else 0)], axis=1
        )
        if order > 1 and share.sum() < POINTS_A_TERM * design.shape[1]:
            break
        terms, cost = _solve(design, points, share, lattice, middle, reach)
        if cost < best_cost - (EVIDENCE if order > 1 else 0):
            best, best_cost = terms, cost
    assert best is not None
    steps = best[1:3] / reach[:, None]
    return Lattice(best[0] - middle @ steps, steps), Bend(best[3:], middle, reach)


def _solve(
    design: Floats, points: Points, share: Floats, lattice: Lattice, middle: Floats, reach: Floats
) -> tuple[Floats, float]:
    """Solve for the terms by least squares; with the information criterion's cost, up to a constant."""
    start = np.zeros((design.shape[1], 2))
    start[0] = lattice.sites(middle)[0]
    start[1:3] = lattice.basis * reach[:, None]
    rest = points - design @ start
    normal = (share[:, None] * design).T @ design + STIFFEST * np.eye(design.shape[1])
    terms = start + np.linalg.solve(normal, (share[:, None] * design).T @ rest)
    off = ((points - design @ terms) ** 2).sum(axis=1)
    count = max(float(share.sum()), 1.0)
    variance = (share @ off) / (2 * count) + (0.005 * lattice.spacing_px) ** 2
    return terms, count * np.log(variance) + design.shape[1] * np.log(count)


def _order(terms: int) -> int:
    return {0: 0, 3: 2, 7: 3}[terms]


def _monomials(scaled: Floats, order: int) -> Floats:
    """Evaluate the monomials of degree 2 to ``order`` at (n, 2); shape (n, m), m of 0, 3 or 7."""
    u, v = scaled.T
    columns = [u**i * v ** (degree - i) for degree in range(2, order + 1) for i in range(degree + 1)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(scaled), 0))
