"""The lattices of an image's holes, fitted to points of which many are missing and some are false."""

from dataclasses import dataclass as plain_dataclass
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from scipy.spatial import cKDTree

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.distortion import Bend, fit_bend
from ptolemy_kedro.holes.lattice import Floats, Indices, Lattice
from ptolemy_kedro.holes.lattice_search import Scored, search_lattice

PATCHES = (100, 40)
"""Points searched at once: so many about a seed. A smaller patch where the larger is bent or torn."""

SEEDS = 3
"""Seeds tried in an image with more points than a patch."""

GROWTH_ROUNDS = 20
"""Rounds in which a lattice grows over the image, at most."""

REACH, REACH_SHARE = 2.0, 0.2
"""A round looks for points within so many steps of those it has, or within this share of their extent."""


ENOUGH = 0.7
"""Share of all the points' weight that ends the search for a better lattice."""

OVERLAP = 2.2
"""Spacings within which three holes of a lattice lie about a point that is amid them."""


@dataclass(frozen=True, config={"extra": "forbid"})
class LatticeOptions:
    """Fitting lattices to the centres of holes."""

    tolerance: float = Field(default=0.2, gt=0, lt=0.5)  # a hole lies so near its site, in spacings
    min_evidence: float = Field(
        default=26.0, ge=0
    )  # log likelihood over no lattice; 26: 1 of 100 random patches
    min_holes: int = Field(default=3, ge=3)  # a lattice has at least so many
    max_lattices: int = Field(default=4, ge=1)  # an image has at most so many


@plain_dataclass(frozen=True)
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


def fit_lattices(
    points: Points,
    weights: Floats | None = None,
    options: LatticeOptions = LatticeOptions(),  # noqa: B008
    hints: Floats | None = None,
) -> list[LatticeFit]:
    """Fit lattices to points: several where a foil is torn, none where there is none to see.

    Args:
        points: Centres of holes, some false, (row, col) [px]; shape (n, 2), n may be 0.
        weights: What each counts, such as its probability, 0 .. 1; shape (n,). All alike where None.
        options: What passes as a lattice.
        hints: Bases worth trying [px], such as those of the image's spectrum; shape (k, 2, 2).

    Returns:
        Lattices, most members first. A point belongs to one at most.
    """
    points = np.asarray(points, float).reshape(-1, 2)
    weights = np.ones(len(points)) if weights is None else np.clip(np.asarray(weights, float), 1e-3, 1)
    left, fits = np.arange(len(points)), list[LatticeFit]()
    while len(left) >= options.min_holes and len(fits) < options.max_lattices:
        fit = _strongest(points[left], weights[left], options, hints)
        if fit is None:
            break
        fit = replace(fit, members=left[fit.members])
        if not any(_overlaps(points[fit.members], points[other.members], other) for other in fits):
            fits.append(fit)
        left = np.setdiff1d(left, fit.members)
    return sorted(fits, key=lambda f: -len(f.members))


def _overlaps(points: Points, others: Points, other: LatticeFit) -> bool:
    """Whether most of some points lie amid the holes of another lattice: a piece of foil has one alone."""
    gaps, _ = cKDTree(others).query(points, min(3, len(others)))
    return bool((gaps[:, -1] < OVERLAP * np.sqrt(other.lattice.cell_px2)).mean() > 0.5)


def _strongest(
    points: Points, weights: Floats, options: LatticeOptions, hints: Floats | None
) -> LatticeFit | None:
    """Find the lattice with most members that starts in any of a few patches."""
    best = None
    for patch in _patches(points, weights):
        found = search_lattice(points[patch], weights[patch], hints)
        if found is None or found.evidence < options.min_evidence:
            continue
        fit = _grown(points, weights, patch, found, options)
        if fit is not None and (best is None or weights[fit.members].sum() > weights[best.members].sum()):
            best = fit
        if best is not None and weights[best.members].sum() > ENOUGH * weights.sum():
            break
    return best


def _patches(points: Points, weights: Floats) -> list[Indices]:
    """Choose points to search together, of those that count: all of few, else those about seeds."""
    strong = _strong(weights)
    patches: list[Indices] = [strong] if len(strong) <= PATCHES[0] else []
    tree = cKDTree(points[strong])
    for size in PATCHES:
        if len(strong) > size:
            patches += [strong[tree.query(seed, size)[1]] for seed in _seeds(points[strong], tree)]
    return patches


def _strong(weights: Floats) -> Indices:
    """Leave out points that count for less than half of what the usual one does: they may be many."""
    order = np.argsort(-weights)
    half = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return np.flatnonzero(weights >= weights[order[min(half, len(order) - 1)]] / 2)


def _seeds(points: Points, tree: cKDTree) -> Points:
    """Choose a few points far apart, about which points lie as densely as they usually do."""
    reach, seeds = tree.query(points, min(len(points), 12))[0][:, -1], list[int]()
    for at in np.argsort(np.abs(reach - np.median(reach)), kind="stable"):
        if all(np.linalg.norm(points[at] - points[s]) > 3 * reach[at] for s in seeds):
            seeds.append(int(at))
        if len(seeds) == SEEDS:
            break
    return points[seeds]


def _grown(
    points: Points, weights: Floats, patch: Indices, found: Scored, options: LatticeOptions
) -> LatticeFit | None:
    """Grow a lattice from the patch where it was found over all points, refitting as it goes."""
    fit = LatticeFit(found.lattice, Bend(), patch[found.belonging > 0.5], np.empty((0, 2), np.intp), 0.0, 0.0)
    if len(fit.members) < 3:
        return None
    before: Indices | None = None
    known = fit.lattice.indices_of(points[fit.members])
    for _ in range(GROWTH_ROUNDS):
        members, indices = _reached(points, fit, known, options.tolerance * found.lattice.spacing_px)
        if len(members) < 3:
            return None
        if before is not None and np.array_equal(members, before):
            break
        before, known = members, indices
        fit = _refitted(points, weights, fit.lattice, members, indices, found)
    return fit if len(fit.members) >= options.min_holes else None


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
    points: Points, weights: Floats, lattice: Lattice, members: Indices, indices: Indices, found: Scored
) -> LatticeFit:
    """Fit lattice and bend to members, each counting less the farther it lies off (Tukey's biweight)."""
    share, bend = weights[members], Bend()
    for _ in range(2):
        lattice, bend = fit_bend(lattice, indices, points[members], share)
        sites = lattice.sites(indices) + bend.at(indices.astype(float))
        off = np.linalg.norm(points[members] - sites, axis=1)
        jitter = max(float(np.median(off)) / 1.177, 0.01 * found.lattice.spacing_px)
        share = weights[members] * np.clip(1 - (off / (6 * jitter)) ** 2, 0, 1) ** 2 + 1e-6
    return LatticeFit(lattice, bend, members, indices, jitter, found.evidence)
