"""Weighing what the network saw at a scale: how much it speaks for that scale."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.holes.lattice_fit import fit_lattices
from ptolemy_kedro.holes.looking import Look

Floats = NDArray[np.float64]

SURE = 0.35
"""Probability, given the size as seen, from which a peak speaks for a scale."""

EVEN = (0.12, 0.2)
"""How far the distances to the two nearest neighbours may be off."""

SCATTERED, BY_CHANCE = 3.0, 0.3
"""What any number of scattered peaks count at most, over one that belongs to a lattice; and the usual vote of
peaks that grain makes at a scale where there is no hole: just above the least that is counted."""

FEW, MOST_PEAKS = 12, 400
"""Points that may be too few to show a lattice; and those that are weighed at most."""

FILLED = 0.4
"""Share of its neighbours that a lattice's point usually has, from which the lattice counts in full."""

LIKED = 2.0
"""What a radius that is expected adds at most to the evidence for it."""

RIGHT_SIZE, SIZE_SD = 0.27, 0.3
"""Log units that a hole's size as seen may be off between two scales tried; and beyond, by how much."""


def evidence(seen: Look, expected_px: float | None = None, least: float = 0.0) -> float:
    """Weigh what a look saw: holes of the right size on a lattice, each by its probability.

    Args:
        seen: The look.
        expected_px: Hole radius that is expected [px of the image], where it is known.
        least: What cannot reach so much is not weighed exactly.
    """
    off = np.maximum(np.abs(seen.log_ratio) - RIGHT_SIZE, 0)
    share = seen.probability * np.exp(-0.5 * (off / SIZE_SD) ** 2)
    sure = np.flatnonzero(share > SURE)
    sure = sure[np.argsort(-share[sure])][:MOST_PEAKS]
    if not len(sure):
        return 0.0
    votes = share[sure] ** 3
    liked = _liking(float(np.median(seen.radius_px[sure])) / seen.scale, expected_px)
    scattered = _scattered(votes)
    if liked * votes.sum() < least:
        return float(liked * scattered)
    in_order = ordered(seen.points[sure], share[sure])
    return float(liked * max(scattered, (votes * in_order).sum() ** 2 / votes.sum()))


def _scattered(votes: Floats) -> float:
    """Weigh peaks without an order, such as a lacey film's, by how much surer than grain they usually are."""
    if len(votes) < FEW:
        return 0.0
    surer = max(float(votes.mean()) - BY_CHANCE, 0) / (2 * BY_CHANCE)
    return float(SCATTERED * (1 - np.exp(-len(votes) * surer**2 / SCATTERED)))


def _liking(radius_px: float, expected_px: float | None) -> float:
    """Weigh a radius by what is expected: never worth more than three times as much."""
    if not expected_px:
        return 1.0
    return float(1 + LIKED * np.exp(-0.5 * (np.log(radius_px / expected_px) / SIZE_SD) ** 2))


def ordered(points: Floats, share: Floats) -> Floats:
    """Say how much each point is part of an order: 1 on a well-filled lattice, less where evenly spread.

    Args:
        points: (row, col) [px], shape (n, 2).
        share: How sure each is, shape (n,).
    """
    order = np.full(len(points), evenness(points) if len(points) <= FEW else 0.0)
    for fit in fit_lattices(points, share):
        order[fit.members] = min(1.0, fit.filled / FILLED)
    return order


def evenness(points: Floats) -> float:
    """Give the share of points whose two nearest neighbours are as far as is usual; .7 for fewer than 4."""
    if len(points) < 4:
        return 0.7
    nearest = cKDTree(points).query(points, 3)[0][:, 1:]
    off = np.abs(nearest / np.median(nearest[:, 0]) - 1)
    return float(np.mean((off < EVEN).all(axis=1)))
