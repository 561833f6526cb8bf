"""The lattices of an image's holes, fitted to points of which many are missing and some are false."""

from dataclasses import dataclass as plain_dataclass

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

GROWTH_ROUNDS = 14
"""Rounds in which a lattice grows over the image; each reaches two steps further."""

REACH = 2
"""Steps from a site with a point within which the next point is looked for."""


@dataclass(frozen=True, config={"extra": "forbid"})
class LatticeOptions:
    """Fitting lattices to the centres of holes."""

    tolerance: float = Field(default=0.2, gt=0, lt=0.5)  # a hole lies so near its site, in spacings
    min_evidence: float = Field(default=9.0, ge=0)  # log likelihood over no lattice, a patch
    min_holes: int = Field(default=5, ge=3)  # a lattice has at least so many
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
    left, fits = np.arange(len(points)), []
    while len(left) >= options.min_holes and len(fits) < options.max_lattices:
        fit = _strongest(points[left], weights[left], options, hints)
        if fit is None:
            break
        members = left[fit.members]
        fits.append(LatticeFit(fit.lattice, fit.bend, members, fit.indices, fit.jitter_px, fit.evidence))
        left = np.setdiff1d(left, members)
    return sorted(fits, key=lambda f: -len(f.members))


def _strongest(
    points: Points, weights: Floats, options: LatticeOptions, hints: Floats | None
) -> LatticeFit | None:
    """Find the lattice with most members that starts in any of a few patches."""
    best = None
    for patch in _patches(points):
        found = search_lattice(points[patch], weights[patch], hints)
        if found is None or found.evidence < options.min_evidence:
            continue
        fit = _grown(points, weights, patch, found, options)
        if fit is not None and (best is None or len(fit.members) > len(best.members)):
            best = fit
        if best is not None and len(best.members) > 0.7 * len(points):
            break
    return best


def _patches(points: Points) -> list[Indices]:
    """Choose the points to search together: all where they are few, else those about a few seeds."""
    patches: list[Indices] = [np.arange(len(points))] if len(points) <= PATCHES[0] else []
    tree = cKDTree(points)
    for size in PATCHES:
        if len(points) > size:
            reach, near = tree.query(points, min(size, 12))
            order, seeds = np.argsort(reach[:, -1]), []
            for at in order:
                if all(np.linalg.norm(points[at] - points[s]) > 3 * reach[at, -1] for s in seeds):
                    seeds.append(at)
                if len(seeds) == SEEDS:
                    break
            patches += [tree.query(points[s], size)[1] for s in seeds]
    return patches


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
    steps, _ = cKDTree(known).query(indices, p=np.inf)
    near = np.flatnonzero((off < tolerance_px) & (steps <= REACH))
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
        off = np.linalg.norm(points[members] - lattice.sites(indices) - bend.at(indices), axis=1)
        jitter = max(float(np.median(off)) / 1.177, 0.01 * found.lattice.spacing_px)
        share = weights[members] * np.clip(1 - (off / (6 * jitter)) ** 2, 0, 1) ** 2 + 1e-6
    return LatticeFit(lattice, bend, members, indices, jitter, found.evidence)
