"""Reading hole centres off the localiser's maps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Peaks:
    """Maxima of a map, most likely first.

    Attributes:
        points: (row, col) [px of the map], between pixels; shape (n, 2).
        mass: Sum of the map about each: the number of clicks expected there; shape (n,).
        log_radius: Natural log of the radius over the one that the network works at; shape (n,).
    """

    points: Floats
    mass: Floats
    log_radius: Floats

    def __len__(self) -> int:
        """Count the maxima."""
        return len(self.mass)

    def __getitem__(self, chosen: NDArray | slice) -> "Peaks":
        """Take some of them."""
        return Peaks(self.points[chosen], self.mass[chosen], self.log_radius[chosen])


def find_peaks(maps: NDArray[np.float32], reach_px: float, least_mass: float = 0.02) -> Peaks:
    """Find the maxima of a map of centres.

    Args:
        maps: Density of centres, and log radius; shape (2, rows, cols).
        reach_px: Radius about a maximum within which the map counts for it [px of the map]. A maximum has no
            other within round(reach_px) rows and cols of it, 1 at least.
        least_mass: Maxima with less about them are left out.
    """
    density, log_radius = maps
    size = 2 * max(1, round(reach_px)) + 1
    highest = ndimage.maximum_filter(density, size, mode="constant")
    maxima = np.argwhere((density >= highest) & (density > least_mass / (4 * reach_px**2)))
    near, weights = _about(density, maxima, reach_px)
    mass = weights.sum(axis=1)
    share = weights / np.maximum(mass, 1e-12)[:, None]
    points = (share[..., None] * near).sum(axis=1)
    at = tuple(np.moveaxis(np.clip(near, 0, np.array(density.shape) - 1), -1, 0))
    radius = (share * log_radius[at]).sum(axis=1)
    order = np.argsort(-mass, kind="stable")
    order = order[mass[order] >= least_mass]
    return Peaks(points[order], mass[order], radius[order])


def mass_at(density: NDArray[np.float32], points: Floats, reach_px: float) -> Floats:
    """Sum a map about points (row, col) [px of the map], shape (n, 2), within a reach."""
    nearest = np.round(np.asarray(points, float).reshape(-1, 2)).astype(int)
    return _about(density, nearest, reach_px)[1].sum(axis=1)


def _about(
    density: NDArray[np.float32], pixels: NDArray[np.int64], reach_px: float
) -> tuple[NDArray[np.int64], Floats]:
    """Give the pixels of the disc about each, shape (n, k, 2), and the map there, 0 outside, shape (n, k)."""
    near = pixels[:, None] + _disc(reach_px)
    inside = np.all((near >= 0) & (near < density.shape), axis=-1)
    at = tuple(np.moveaxis(np.clip(near, 0, np.array(density.shape) - 1), -1, 0))
    return near, np.where(inside, density[at], 0.0).astype(float)


def _disc(reach_px: float) -> NDArray[np.int64]:
    edge = int(reach_px)
    offsets = np.argwhere(np.ones((2 * edge + 1, 2 * edge + 1))) - edge
    return offsets[np.hypot(*offsets.T) <= reach_px]
