"""Points on random lattices, as bad as a detector and a tilted foil can make them, with their truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.lattice import Lattice, reduce_basis

JITTER, MISSING, FALSE = 0.05, 0.6, 0.1
"""Standard deviation of a point about its site on each axis, in shorter projected spacings; shares of sites
that have no point, and of points that have no site."""

FEWEST, MOST = 12, 100
"""Points, false ones included; drawn evenly on a log scale."""

MOST_SHEAR, MOST_TILT_DEG = 0.3, 60.0


@dataclass(frozen=True)
class Draw:
    """Points and the lattice that they were drawn from.

    Attributes:
        points: (row, col) [px]; shape (n, 2).
        lattice: The truth.
        shape: Image (rows, cols) [px].
        layout: square, hexagonal or rectangular, before shear and tilt.
    """

    points: Points
    lattice: Lattice
    shape: tuple[int, int]
    layout: str


def draw_points(seed: int, count: int | None = None) -> Draw:
    """Draw points: a layout, sheared, turned, tilted about any axis; some sites kept, jitter, false points.

    Args:
        seed: Everything follows from it.
        count: Points; drawn where None.
    """
    rng = np.random.default_rng(seed)
    layout = str(rng.choice(["square", "hexagonal", "rectangular"]))
    basis = _tilt(rng) @ _turn(rng) @ _shear(rng) @ _foil(layout, rng)
    basis = rng.uniform(8, 80) * basis.T
    count = count or round(float(np.exp(rng.uniform(np.log(FEWEST), np.log(MOST)))))
    false = round(FALSE * count)
    lattice, shape = _window(basis, (count - false) / (1 - MISSING), rng)
    sites = lattice.sites_within(shape)
    kept = sites[rng.choice(len(sites), count - false, replace=False)]
    spread = JITTER * np.linalg.norm(reduce_basis(basis), axis=1).min()
    points = np.concatenate([kept + rng.normal(0, spread, kept.shape), rng.uniform(0, shape, (false, 2))])
    return Draw(rng.permutation(points), lattice, shape, layout)


def site_error(found: Lattice | None, draw: Draw) -> float | None:
    """Measure how far the found sites lie from the true ones, in shorter projected spacings.

    Returns:
        Root mean square over the true sites in the image; None where the basis is not the true one up to
        a unimodular change, or a site of the image is another's.
    """
    if found is None:
        return None
    change = np.rint(draw.lattice.basis @ np.linalg.inv(found.basis))
    if abs(round(float(np.linalg.det(change)))) != 1:
        return None
    sites = draw.lattice.sites_within(draw.shape)
    fractions = found.fractions_of(sites)
    whole = np.rint(fractions)
    if np.ptp(whole - draw.lattice.indices_of(sites) @ change, axis=0).any():
        return None
    off = (fractions - whole) @ found.basis
    return float(np.sqrt((off**2).sum(axis=1).mean()) / draw.lattice.spacing_px)


def _foil(layout: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a layout's two steps, as columns (row, col), the first of length 1."""
    if layout == "hexagonal":
        return np.array([[0, np.sqrt(0.75)], [1, 0.5]])
    return np.array([[0, 1.0 if layout == "square" else rng.uniform(1, 1.5)], [1, 0]])


def _shear(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.array([[1, rng.uniform(-MOST_SHEAR, MOST_SHEAR)], [0, 1]])


def _turn(rng: np.random.Generator) -> NDArray[np.float64]:
    turn = rng.uniform(0, 2 * np.pi)
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def _tilt(rng: np.random.Generator) -> NDArray[np.float64]:
    """Shorten across an axis of tilt, by up to a half."""
    axis, tilt = rng.uniform(0, np.pi), np.deg2rad(rng.uniform(0, MOST_TILT_DEG))
    across = np.array([np.cos(axis), np.sin(axis)])
    return np.eye(2) - (1 - np.cos(tilt)) * np.outer(across, across)


def _window(
    basis: NDArray[np.float64], sites: float, rng: np.random.Generator
) -> tuple[Lattice, tuple[int, int]]:
    """Choose an image with about so many sites, and not fewer."""
    side, aspect = np.sqrt(sites * abs(np.linalg.det(basis))), rng.uniform(0.7, 1.4)
    while True:
        shape = (round(side * aspect), round(side / aspect))
        lattice = Lattice(rng.uniform(0, shape), basis)
        if len(lattice.indices_within(shape)) >= sites:
            return lattice, shape
        side *= 1.01
