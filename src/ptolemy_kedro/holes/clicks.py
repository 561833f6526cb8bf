"""What the operators' clicks say of an image, and what they leave open."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.holes.lattice_fit import fit_lattices

Floats = NDArray[np.float64]

SAME_HOLE = 0.35
"""Spacings within which a click belongs to a site."""


@dataclass(frozen=True)
class ClickedImage:
    """An image and what was clicked in it; points are (row, col) [px].

    Attributes:
        image: Shape (rows, cols).
        clicks: Holes that were chosen, shape (m, 2).
        radius_px: Of its holes, as it was recorded.
        session: Id.
        doubtful: Sites that were not chosen, yet may well be holes; shape (k, 2).
        exhaustive: Is what lies between clicks and doubtful sites known to be no hole?
    """

    image: NDArray
    clicks: Floats
    radius_px: float
    session: str
    doubtful: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    exhaustive: bool = True


def clicked_image(
    image: NDArray, clicks: Floats, rejected: Floats, size_px: float, session: str
) -> ClickedImage:
    """Find out what the clicks of an image leave open: sites of their lattice that nobody chose may be holes.

    Args:
        image: Shape (rows, cols).
        clicks: Holes that were chosen (row, col) [px], shape (m, 2).
        rejected: Sites that were put aside, shape (k, 2).
        size_px: Diameter of a target as it was recorded [px].
        session: Id.
    """
    clicks, rejected = (np.asarray(points, float).reshape(-1, 2) for points in (clicks, rejected))
    fits = fit_lattices(clicks)
    sites = [f.sites(f.indices_within(image.shape, margin_px=size_px)) for f in fits]
    spacing = min((f.lattice.spacing_px for f in fits), default=size_px)
    doubtful = _apart(np.concatenate([rejected, *sites]), clicks, SAME_HOLE * spacing)
    return ClickedImage(image, clicks, size_px / 2, session, doubtful, exhaustive=bool(fits))


def _apart(sites: Floats, clicks: Floats, least_px: float) -> Floats:
    if not len(clicks) or not len(sites):
        return sites
    return sites[cKDTree(clicks).query(sites)[0] > least_px]
