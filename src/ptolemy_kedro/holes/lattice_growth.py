"""A lattice that grows from where it was found over the whole foil, refitted as it goes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.distortion import Bend, fit_bend
from ptolemy_kedro.holes.lattice import Floats, Indices, Lattice
from ptolemy_kedro.holes.lattice_search import Scored

GROWTH_ROUNDS = 20
"""Rounds in which a lattice grows over the image, at most."""

REACH, REACH_SHARE = 2.0, 0.2
"""A round looks for points within so many steps of those it has, or within this share of their extent."""

GOES_ON = 0.8
"""Share of a lattice's points that lie on another's sites where the two are one."""


@dataclass(frozen=True)
class LatticeFit:
    """A lattice in an image, and the points that lie on it.

    Attributes:
        lattice: Flat, with a reduced basis.
        bend: What the foil departs from it.
        members: Places of its points among those given; shape (m,).
        indices: Their indices, each once; shape (m, 2).
        jitter_px: Standard deviation of the members about their sites, each axis [px].
        evidence: Log likelihood of the patch it was found in over that of no lattice.
    """

    lattice: Lattice
    bend: Bend
    members: Indices
    indices: Indices
    jitter_px: float
    evidence: float

    @property
    def filled(self) -> float:
        """Usual share of a member's eight neighbours that are members too.

        Near 1 for a whole foil, .5 for a handful of holes, .4 where 60 % are missed; well under that where
        the points are not a foil's holes but, say, false ones always on the same sides of each.
        """
        at = self.indices - self.indices.min(axis=0) + 1
        grid = np.zeros(np.ptp(self.indices, axis=0) + 3)
        grid[*at.T] = 1
        around = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
        return float(np.mean([grid[at[:, 0] + i, at[:, 1] + j] for i, j in around]))

    def sites(self, indices: NDArray[np.generic]) -> Points:
        """Place indices (n, 2), whole or not, on the foil as it is bent (row, col) [px]; shape (n, 2)."""
        return self.lattice.sites(indices) + self.bend.at(np.asarray(indices, float))

    def fractions_of(self, points: Points) -> Floats:
        """Express points (row, col) [px], shape (n, 2), in steps along the bent foil; shape (n, 2)."""
        fractions = self.lattice.fractions_of(points)
        for _ in range(4 if len(self.bend.terms) else 0):
            fractions = self.lattice.fractions_of(points - self.bend.at(fractions))
        return fractions

    def indices_within(self, shape: tuple[int, int], margin_px: float = 0.0) -> Indices:
        """List the indices of the sites in an image of (rows, cols), ordered by index; shape (n, 2)."""
        most = np.abs(self.bend.terms).sum() if len(self.bend.terms) else 0.0
        indices = self.lattice.indices_within(shape, margin_px + most)
        sites = self.sites(indices)
        low, high = -0.5 - margin_px, np.array(shape) - 0.5 + margin_px
        return indices[((sites >= low) & (sites < high)).all(axis=1)]


def grown(
    points: Points, weights: Floats, patch: Indices, found: Scored, tolerance: float
) -> LatticeFit | None:
    """Grow a lattice from the patch where it was found over all points, refitting as it goes.

    Args:
        points: (row, col) [px]; shape (n, 2).
        weights: What each counts; shape (n,).
        patch: Places of the points that it was found in; shape (k,).
        found: The lattice.
        tolerance: Distance from its site within which a point belongs [spacings].

    Returns:
        The lattice with its points; None where fewer than three are left.
    """
    members = patch[found.belonging > 0.5]
    known = found.lattice.indices_of(points[members])
    fit = LatticeFit(found.lattice, Bend(), members, known, found.jitter_px, found.evidence)
    return _spread(points, weights, fit, tolerance)


def joined(
    points: Points, weights: Floats, one: LatticeFit, other: LatticeFit, tolerance: float
) -> LatticeFit | None:
    """Make one of two lattices of one foil, such as on both sides of a bar; None where they do not agree.

    Args:
        points: (row, col) [px]; shape (n, 2).
        weights: What each counts; shape (n,).
        one: Whose frame is kept.
        other: Whose points may be its.
        tolerance: Distance from its site within which a point belongs [spacings].
    """
    indices = np.rint(one.fractions_of(points[other.members])).astype(np.intp)
    off = np.linalg.norm(points[other.members] - one.sites(indices), axis=1)
    near = off < tolerance * one.lattice.spacing_px
    if near.mean() < GOES_ON:
        return None
    members = np.concatenate([one.members, other.members[near]])
    known = np.concatenate([one.indices, indices[near]])
    fit = _spread(points, weights, _refitted(points, weights, one, members, known), tolerance)
    return fit if fit is not None and len(fit.members) > 0.9 * len(members) else None


def _spread(points: Points, weights: Floats, fit: LatticeFit, tolerance: float) -> LatticeFit | None:
    """Take in the points near those that a lattice has, and refit it, until there are no more."""
    tolerance_px, before = tolerance * fit.lattice.spacing_px, fit
    for _ in range(GROWTH_ROUNDS):
        members, indices = _reached(points, fit, fit.indices, tolerance_px)
        if len(members) < 3:
            return None
        before, fit = fit, _refitted(points, weights, fit, members, indices)
        if np.array_equal(fit.members, before.members):
            break
    return fit


def _reached(points: Points, fit: LatticeFit, known: Indices, tolerance_px: float) -> tuple[Indices, Indices]:
    """Find the points at sites near a known one, the nearest to each site alone: places and indices."""
    fractions = fit.fractions_of(points)
    indices = np.rint(fractions).astype(np.intp)
    off = np.linalg.norm(points - fit.sites(indices), axis=1)
    reach = max(REACH, REACH_SHARE * np.ptp(known, axis=0).max())
    near = np.flatnonzero(off < tolerance_px)
    steps, _ = cKDTree(known).query(indices[near], p=np.inf)
    near = near[steps <= reach]
    near = near[np.argsort(off[near], kind="stable")]
    _, first = np.unique(indices[near], axis=0, return_index=True)
    members = np.sort(near[first])
    return members, indices[members]


def _refitted(
    points: Points, weights: Floats, fit: LatticeFit, members: Indices, indices: Indices
) -> LatticeFit:
    """Fit lattice and bend to members, each counting less the farther it lies off (Tukey's biweight)."""
    share, lattice, bend = weights[members], fit.lattice, fit.bend
    for _ in range(2):
        lattice, bend = fit_bend(lattice, indices, points[members], share)
        sites = lattice.sites(indices) + bend.at(indices.astype(float))
        off = np.linalg.norm(points[members] - sites, axis=1)
        jitter = max(float(np.median(off)) / 1.177, 0.01 * fit.lattice.spacing_px)
        share = weights[members] * np.clip(1 - (off / (6 * jitter)) ** 2, 0, 1) ** 2 + 1e-6
    return LatticeFit(lattice, bend, members, indices, jitter, fit.evidence)
