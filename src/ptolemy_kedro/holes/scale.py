"""Choosing the scale to look at: the one where the network is surest, and sees holes of its own size."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.holes.lattice_fit import fit_lattices
from ptolemy_kedro.holes.localiser import HoleLocaliser
from ptolemy_kedro.holes.looking import Look, look
from ptolemy_kedro.holes.resample import Pyramid

Floats = NDArray[np.float64]

STEP = 1.7
"""Between the hole radii that are tried: less than the network tolerates."""

SMALLEST_PX, LARGEST_SHARE = 2.5, 0.45
"""Hole radii tried: from so many pixels to so much of the image's shorter side."""

MOST_PIXELS = 8e6
"""Pixels of an image as the network sees it."""

SURE = 0.35
"""Probability, given the size as seen, from which a peak speaks for a scale."""

EVEN = (0.12, 0.2)
"""How far the distances to the two nearest neighbours may be off."""

SCATTERED = 0.6
"""What any number of scattered peaks count at most, over one that belongs to a lattice."""

FEW, MOST_PEAKS = 12, 400
"""Points that may be too few to show a lattice; and those that are weighed at most."""

FILLED = 0.4
"""Share of its neighbours that a lattice's point usually has, from which the lattice counts in full."""

RIGHT_SIZE, SIZE_SD = 0.5 * np.log(STEP), 0.3
"""Log units that a hole's size as seen may be off between two scales tried; and beyond, by how much."""

STRONG, FAR_DOWN, NOTHING = 4.0, 0.35, 0.15
"""Once a scale's evidence is strong, so much of it twice in a row, or nearly none once, ends the search."""

CERTAIN, DOWN = 12.0, 0.5
"""Once it is beyond doubt, so much of it once does."""

AS_GOOD = 0.9
"""Evidence of the second look, over that of the first, from which it is preferred."""

NEAR_ENOUGH = 0.1
"""Log units of the size as seen that need no second look."""


def best_look(image: Pyramid, localiser: HoleLocaliser, expected_px: float | None = None) -> Look:
    """Look at an image at one scale after the other, from coarse to fine, and again at the best.

    Args:
        image: What to look at.
        localiser: The network.
        expected_px: Hole radius that is expected [px], where it is known; a scale that shows it is preferred.
    """
    best: Look | None = None
    weights: list[float] = []
    for radius_px in _radii(image.shape, localiser, expected_px):
        seen = look(image, localiser, localiser.radius_px / radius_px)
        weights.append(evidence(seen, expected_px, least=FAR_DOWN * max(weights, default=0)))
        best = seen if weights[-1] == max(weights) else best
        if _is_over(weights):
            break
    assert best is not None
    return _again(image, localiser, best, max(weights), expected_px)


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
    scattered = SCATTERED * votes.mean() * (1 - np.exp(-len(sure) / FEW))
    if liked * votes.sum() < least:
        return float(liked * scattered)
    in_order = ordered(seen.points[sure], share[sure])
    return float(liked * max(scattered, (votes * in_order).sum() ** 2 / votes.sum()))


def _liking(radius_px: float, expected_px: float | None) -> float:
    """Weigh a radius by what is expected: never worth more than half as much again."""
    if not expected_px:
        return 1.0
    return float(1 + 0.5 * np.exp(-0.5 * (np.log(radius_px / expected_px) / SIZE_SD) ** 2))


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


def _radii(shape: tuple[int, ...], localiser: HoleLocaliser, expected_px: float | None) -> Iterator[float]:
    """List the hole radii to try [px], falling."""
    finest = localiser.radius_px * np.sqrt(np.prod(shape) / MOST_PIXELS)
    last = max(SMALLEST_PX, finest)
    radius = max(LARGEST_SHARE * min(shape), last)
    while radius > last * np.sqrt(STEP):
        yield radius
        radius /= STEP
    yield last


def _is_over(weights: list[float]) -> bool:
    best = max(weights)
    if best < STRONG:
        return False
    if best > CERTAIN and weights[-1] < DOWN * best:
        return True
    return weights[-1] < NOTHING * best or all(weight < FAR_DOWN * best for weight in weights[-2:])


def _again(
    image: Pyramid, localiser: HoleLocaliser, seen: Look, weight: float, expected_px: float | None
) -> Look:
    """Look at the scale that the sizes seen ask for; keep what is better."""
    sure = seen.probability > SURE
    if not sure.any():
        return seen
    off = float(np.median(seen.log_ratio[sure]))
    scale = seen.scale * np.exp(-off)
    if abs(off) < NEAR_ENOUGH or np.prod(image.shape) * scale**2 > MOST_PIXELS:
        return seen
    other = look(image, localiser, scale)
    return other if evidence(other, expected_px) >= AS_GOOD * weight else seen
