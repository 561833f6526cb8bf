"""The published lattice, as a baseline: square, by proposals that the network's mask judges.

After the description of Ptolemy's published method: each centre with each of its nearest neighbours proposes
a square lattice; the one whose sites overlap the network's mask best wins, where missed mask weighs ten times
an empty site, and its sites are the holes. A further threshold on the network's probability at each site
trades recall for precision. What is not published is assumed: how many neighbours, and that a site is a disc
of a blob's size.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.lattice import Floats, Lattice

NEIGHBOURS = 6
"""Nearest neighbours of a centre that propose with it (assumed)."""

MISSED = 10.0
"""Weight of a pixel of the mask that no site covers, over a pixel of a site that the mask does not cover."""

PIXELS = 3000
"""Pixels of the mask that judge, evenly chosen from all."""


def fit_published_lattice(centres: Points, mask: NDArray[np.bool_]) -> Lattice | None:
    """Fit the square lattice whose sites overlap a mask best.

    Args:
        centres: Of the mask's blobs (row, col) [px]; shape (n, 2).
        mask: Where the network sees holes; shape (rows, cols).

    Returns:
        The lattice; None for fewer than two centres, or an empty mask.
    """
    if len(centres) < 2 or not mask.any():
        return None
    radius = _blob_radius(mask)
    pixels = np.argwhere(mask)
    share = min(1.0, PIXELS / len(pixels))
    pixels = pixels[np.linspace(0, len(pixels) - 1, max(1, round(share * len(pixels)))).astype(int)]
    proposals = _proposals(centres, 2 * radius)
    costs = [_cost(proposal, pixels, share, radius, mask.shape) for proposal in proposals]
    return proposals[int(np.argmin(costs))] if proposals else None


def weighed_sites(
    centres: Points, probability: NDArray[np.float32], mask_from: float = 1e-4
) -> tuple[Points, Floats]:
    """List the sites of the lattice in a map, and what the network says of each.

    Args:
        centres: Of the blobs (row, col) [px of the map]; shape (n, 2).
        probability: The network's map; shape (rows, cols).
        mask_from: Probability from which a pixel belongs to the mask.

    Returns:
        Sites in the map (row, col) [px], shape (m, 2), and the map there, shape (m,); where there is no
        lattice the centres themselves, beyond any threshold.
    """
    lattice = fit_published_lattice(centres, probability > mask_from)
    if lattice is None:
        alone = np.asarray(centres, float).reshape(-1, 2)
        return alone, np.full(len(alone), np.inf)
    sites = lattice.sites_within((probability.shape[0], probability.shape[1]))
    at = np.clip(np.rint(sites).astype(int), 0, np.array(probability.shape) - 1)
    return sites, probability[tuple(at.T)].astype(float)


def _blob_radius(mask: NDArray[np.bool_]) -> float:
    """Measure the radius of a disc as large as the usual blob [px]."""
    labels, count = ndimage.label(mask)
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return float(np.sqrt(np.median(areas) / np.pi))


def _proposals(centres: Points, shortest_px: float) -> list[Lattice]:
    """Propose a square lattice by each centre and each of its nearest neighbours."""
    count = min(NEIGHBOURS + 1, len(centres))
    near = cKDTree(centres).query(centres, count)[1][:, 1:]
    steps = centres[near] - centres[:, None]
    origins = np.repeat(centres, count - 1, axis=0)
    return [
        Lattice(origin, np.stack([step, [-step[1], step[0]]]))
        for origin, step in zip(origins, steps.reshape(-1, 2), strict=True)
        if step @ step > shortest_px**2
    ]


def _cost(lattice: Lattice, pixels: Floats, share: float, radius: float, shape: tuple[int, ...]) -> float:
    """Weigh the mask's pixels that no site covers and the sites' pixels that the mask does not."""
    off = pixels - lattice.sites(lattice.indices_of(pixels))
    covered = int(((off**2).sum(axis=1) <= radius**2).sum())
    sites = len(lattice.indices_within((shape[0], shape[1])))
    empty = max(0.0, sites * np.pi * radius**2 - covered / share)
    return MISSED * (len(pixels) - covered) / share + empty
