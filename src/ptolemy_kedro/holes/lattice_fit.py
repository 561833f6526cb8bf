"""The lattices of an image's holes, fitted to points of which many are missing and some are false."""

from dataclasses import replace

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from scipy.spatial import cKDTree

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.evidence import amid
from ptolemy_kedro.holes.lattice import Floats, Indices, one_thread
from ptolemy_kedro.holes.lattice_growth import LatticeFit, grown, joined
from ptolemy_kedro.holes.lattice_search import search_lattice

PATCHES = (100, 40)
"""Points searched at once: so many about a seed. A smaller patch where the larger is bent or torn."""

SEEDS = 3
"""Seeds tried in an image with more points than a patch."""

ENOUGH = 0.7
"""Share of all the points' weight that ends the search for a better lattice."""


@dataclass(frozen=True, config={"extra": "forbid"})
class LatticeOptions:
    """Fitting lattices to the centres of holes."""

    tolerance: float = Field(default=0.2, gt=0, lt=0.5)  # a hole lies so near its site, in spacings
    min_evidence: float = Field(
        default=26.0, ge=0
    )  # log likelihood over no lattice; 26: 1 of 100 random patches
    min_holes: int = Field(default=3, ge=3)  # a lattice has at least so many
    max_lattices: int = Field(default=4, ge=1)  # an image has at most so many


@one_thread
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
        left = np.setdiff1d(left, fit.members)
        fits = _with(fits, fit, points, weights, options)
    return sorted(fits, key=lambda f: -len(f.members))


def _with(
    fits: list[LatticeFit], fit: LatticeFit, points: Points, weights: Floats, options: LatticeOptions
) -> list[LatticeFit]:
    """Add a lattice: to one that it goes on, beyond a bar; to none where it lies amid another's holes.

    A piece of foil has one lattice alone.
    """
    if any(amid(other, points[other.members], points[fit.members]).mean() > 0.5 for other in fits):
        return fits
    for number, other in enumerate(fits):
        both = joined(points, weights, other, fit, options.tolerance)
        if both is not None:
            return [*fits[:number], both, *fits[number + 1 :]]
    return [*fits, fit]


def _strongest(
    points: Points, weights: Floats, options: LatticeOptions, hints: Floats | None
) -> LatticeFit | None:
    """Find the lattice with most members that starts in any of a few patches."""
    best = None
    for patch in _patches(points, weights):
        found = search_lattice(points[patch], weights[patch], hints)
        if found is None or found.evidence < options.min_evidence:
            continue
        fit = grown(points, weights, patch, found, options.tolerance)
        if fit is None or len(fit.members) < options.min_holes:
            continue
        if best is None or weights[fit.members].sum() > weights[best.members].sum():
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
