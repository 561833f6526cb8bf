"""A lattice of holes: two free steps and an origin. Square, hexagonal, sheared and tilted foils alike."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from ptolemy_kedro.errors import PtolemyError
from ptolemy_kedro.geometry import Points

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

one_thread = ThreadpoolController().wrap(limits=1, user_api="blas")
"""Keeps a function's algebra to one thread: its matrices are small, and several would mostly wait."""

MAX_SITES = 1_000_000
"""Sites listed in one image at most: more would be a spacing under two pixels in the largest montage."""


@dataclass(frozen=True)
class Lattice:
    """The sites ``origin + i * basis[0] + j * basis[1]`` for all integers i, j.

    Attributes:
        origin: The site of indices (0, 0), (row, col) [px]; shape (2,).
        basis: The two steps, one a row, each (row, col) [px]; shape (2, 2). Not parallel.
    """

    origin: Floats
    basis: Floats

    @cached_property
    def spacing_px(self) -> float:
        """Length of the shortest step between two sites [px]."""
        return float(np.linalg.norm(reduce_basis(self.basis), axis=1).min())

    @cached_property
    def cell_px2(self) -> float:
        """Area of the foil that belongs to one site [px^2]."""
        return float(abs(np.linalg.det(self.basis)))

    def sites(self, indices: NDArray[np.generic]) -> Points:
        """Place indices (i, j), shape (n, 2), in the image (row, col) [px]; shape (n, 2)."""
        return self.origin + np.asarray(indices, float).reshape(-1, 2) @ self.basis

    def fractions_of(self, points: Points) -> Floats:
        """Express points (row, col) [px], shape (n, 2), in steps: indices with a fraction, shape (n, 2)."""
        return (np.asarray(points, float).reshape(-1, 2) - self.origin) @ np.linalg.inv(self.basis)

    def indices_of(self, points: Points) -> Indices:
        """Find the indices of the site at each of some points (row, col) [px]; both of shape (n, 2).

        The nearest site wherever the basis is reduced and the point within a third of a spacing of it.
        """
        return np.rint(self.fractions_of(points)).astype(np.intp)

    def indices_within(self, shape: tuple[int, int], margin_px: float = 0.0) -> Indices:
        """List the indices of the sites in an image, ordered by index.

        Args:
            shape: Image (rows, cols) [px].
            margin_px: Sites so far outside its border are listed too; negative leaves some inside out [px].

        Returns:
            Indices (i, j); shape (n, 2), n may be 0.

        Raises:
            PtolemyError: The lattice is finer than an image can show.
        """
        low, high = -0.5 - margin_px, np.array(shape) - 0.5 + margin_px
        if (high <= low).any():
            return np.empty((0, 2), np.intp)
        if (high - low).prod() / max(self.cell_px2, 1e-12) > MAX_SITES:
            raise PtolemyError(
                f"A lattice of {self.spacing_px:.3g} px has too many sites in {shape[0]} x {shape[1]} px. "
                "Give the spacing of the holes, or a larger image."
            )
        corners = np.array([[r, c] for r in (low, high[0]) for c in (low, high[1])])
        reach = self.fractions_of(corners)
        first, last = np.floor(reach.min(axis=0)).astype(int), np.ceil(reach.max(axis=0)).astype(int)
        grid = np.mgrid[first[0] : last[0] + 1, first[1] : last[1] + 1].reshape(2, -1).T
        sites = self.sites(grid)
        return grid[((sites >= low) & (sites < high)).all(axis=1)].astype(np.intp)

    def sites_within(self, shape: tuple[int, int], margin_px: float = 0.0) -> Points:
        """List the sites (row, col) [px] in an image of (rows, cols), ordered by index; shape (n, 2)."""
        return self.sites(self.indices_within(shape, margin_px))

    def reduced(self) -> "Lattice":
        """Describe the same sites by their two shortest steps, in the order that ``reduce_basis`` fixes."""
        return Lattice(self.origin, reduce_basis(self.basis))


def reduce_basis(basis: Floats) -> Floats:
    """Find the two shortest steps of a lattice (Gauss's reduction), in a fixed order.

    The first step is the one closer to the direction +col, and points that way; the second is turned from the
    first towards +row. A small change of a lattice thus leaves its frame alone, whichever step is the
    shorter; only a foil turned by about 45 degrees can swap.

    Args:
        basis: Two steps (row, col) [px]; shape (2, 2).

    Returns:
        The same lattice's steps; shape (2, 2).
    """
    return reduce_bases(np.asarray(basis, float)[None])[0]


def reduce_bases(bases: Floats) -> Floats:
    """Reduce several bases as ``reduce_basis`` does one; shape (k, 2, 2)."""
    short, long = bases[:, 0].copy(), bases[:, 1].copy()
    for _ in range(64):
        swap = ((short**2).sum(axis=1) > (long**2).sum(axis=1))[:, None]
        short, long = np.where(swap, long, short), np.where(swap, short, long)
        times = np.rint((short * long).sum(axis=1) / np.maximum((short**2).sum(axis=1), 1e-300))
        if not times.any():
            break
        long = long - times[:, None] * short
    return _in_order(np.stack([short, long], axis=1))


def _in_order(bases: Floats) -> Floats:
    """Order the steps of bases (k, 2, 2) and choose their signs."""
    along = np.abs(bases[..., 1]) / np.maximum(np.linalg.norm(bases, axis=2), 1e-300)
    swap = (along[:, 0] < along[:, 1])[:, None]
    first, second = np.where(swap, bases[:, 1], bases[:, 0]), np.where(swap, bases[:, 0], bases[:, 1])
    first = first * np.where(first[:, 1:] >= 0, 1.0, -1.0)
    turned = first[:, 1] * second[:, 0] - first[:, 0] * second[:, 1]
    return np.stack([first, second * np.where(turned >= 0, 1.0, -1.0)[:, None]], axis=1)
