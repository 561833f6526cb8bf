"""How the sites of a lattice look in the image, beside its own holes and the foil between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.lattice import Floats
from ptolemy_kedro.holes.lattice_growth import LatticeFit
from ptolemy_kedro.resampling import interpolate, reduce

STEPS, REACH = 8, 1.5
"""Samples a hole radius, and how far from the centre they reach [radii]."""

RING = (1.2, 1.9)
"""Where the foil around a hole is looked at [radii]; nearer where the next hole is close."""

BETWEEN = np.array([[0.5, 0.5], [0.5, 0.0], [0.0, 0.5]])
"""Where between sites there is foil and no hole [steps]."""

FEW = 3.0
"""Plain discs that the average of an image's holes begins with."""

LEAST_SPREAD = 0.12
"""Standard deviation of likeness at least, so that a few alike holes do not make the others impossible."""

EXTREMES = (2.0, 98.0)
"""Percentiles of the image that pass as its darkest and brightest levels."""

MOST_BETWEEN = 200
"""Places between sites that are looked at."""


@dataclass(frozen=True)
class Looks:
    """What the image shows at n sites.

    Attributes:
        likeness: Log likelihood ratio, the site looks like this image's holes rather than its foil; (n,).
        level: Grey level of the foil around it; shape (n,).
        contrast: Usual difference of level between a hole and its foil, or the spread of levels around the
            holes where that is more; above 0.
        extremes: Levels of the darkest and the brightest parts of the image, such as bars or tears.
    """

    likeness: Floats
    level: NDArray[np.float32]
    contrast: float
    extremes: tuple[float, float]


def look_at(
    image: NDArray[np.float32], fit: LatticeFit, sites: Points, sure: NDArray[np.bool_], radius_px: float
) -> Looks:
    """Look at sites of a lattice.

    Args:
        image: Grey levels; shape (rows, cols).
        fit: The lattice, for the places between its sites.
        sites: (row, col) [px]; shape (n, 2).
        sure: Which are holes for sure; shape (n,), at least one.
        radius_px: Of a hole.
    """
    factor = max(1, int(radius_px / STEPS))
    small, scale = reduce(image, factor), radius_px / factor
    at = (sites + 0.5) / factor - 0.5
    patches, level = _patches(small, at, scale), _levels(small, at, scale, fit, factor)
    contrast = _contrast(patches, level, sure, image)
    model = _average(patches[sure] - level[sure, None], contrast)
    bare = _between(fit, sites[sure], image.shape)
    bare = (bare + 0.5) / factor - 0.5
    foil = _alike(_patches(small, bare, scale) - _levels(small, bare, scale, fit, factor)[:, None], model)
    alike = _alike(patches - level[:, None], model)
    low, high = np.percentile(small, EXTREMES)
    return Looks(_ratio(alike, alike[sure], foil), level, abs(contrast), (float(low), float(high)))


def _grid() -> tuple[Floats, Floats]:
    across = np.arange(-int(REACH * STEPS), int(REACH * STEPS) + 1) / STEPS
    row, col = (grid.ravel() for grid in np.meshgrid(across, across, indexing="ij"))
    inside = np.hypot(row, col) <= REACH
    return row[inside], col[inside]


ROW, COL = _grid()
DISTANCE = np.hypot(ROW, COL)


def _patches(image: NDArray[np.float32], at: Points, scale: float) -> NDArray[np.float32]:
    """Read the surroundings of points on a grid in hole radii; NaN outside the image; shape (n, samples)."""
    row, col = at[:, :1] + scale * ROW, at[:, 1:] + scale * COL
    return interpolate(image, row.astype(np.float32), col.astype(np.float32), np.nan)


def _levels(
    image: NDArray[np.float32], at: Points, scale: float, fit: LatticeFit, factor: int
) -> NDArray[np.float32]:
    """Take the median of a ring of foil around each point; shape (n,)."""
    free = fit.lattice.spacing_px / (factor * scale) - 1.1
    outer = np.clip(free, RING[0] + 0.1, RING[1])
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    radii = np.linspace(RING[0], outer, 3) * scale
    row = at[:, :1] + (radii[:, None] * np.sin(turn)).ravel()
    col = at[:, 1:] + (radii[:, None] * np.cos(turn)).ravel()
    ring = interpolate(image, row.astype(np.float32), col.astype(np.float32), np.nan)
    lost = np.isnan(ring).all(axis=1)
    ring[lost] = np.median(image)
    return np.nanmedian(ring, axis=1)


def _contrast(
    patches: NDArray[np.float32], level: NDArray[np.float32], sure: NDArray[np.bool_], image: NDArray
) -> float:
    """Measure how much brighter the sure holes are than their foil; below 0 where darker, never 0."""
    discs = patches[sure][:, DISTANCE < 0.7]
    seen = ~np.isnan(discs).all(axis=1)  # a disc at the very border may lie outside
    apart = np.nanmedian(discs[seen], axis=1) - level[sure][seen]
    difference = float(np.median(apart)) if len(apart) else 0.0
    low, high = np.percentile(image, (1, 99))
    spread = 1.48 * float(np.median(np.abs(level[sure] - np.median(level[sure]))))
    least = max(spread, 0.03 * float(high - low), 1e-6)
    return float(np.copysign(max(abs(difference), least), difference))


def _average(patches: NDArray[np.float32], contrast: float) -> Floats:
    """Average the sure holes' surroundings, starting from a few plain discs; shape (samples,)."""
    disc = np.where(DISTANCE < 1, contrast, 0.0)
    usual = np.nanmedian(patches, axis=0)
    usual = np.where(np.isnan(usual), disc, usual)
    return (len(patches) * usual + FEW * disc) / (len(patches) + FEW)


def _alike(patches: NDArray[np.float32], model: Floats) -> Floats:
    """Correlate each patch with the average hole over what of it lies in the image; -1 to 1, shape (n,)."""
    seen = ~np.isnan(patches)
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    values = np.where(seen, patches, 0.0)
    values = np.where(seen, values - values.sum(axis=1, keepdims=True) / count, 0.0)
    models = np.where(seen, model, 0.0)
    models = np.where(seen, models - models.sum(axis=1, keepdims=True) / count, 0.0)
    norm = np.sqrt((values**2).sum(axis=1) * (models**2).sum(axis=1))
    return (values * models).sum(axis=1) / np.maximum(norm, 1e-9)


def _between(fit: LatticeFit, holes: Points, shape: tuple[int, ...]) -> Points:
    """List places between sites, next to sure holes; evenly fewer where they are many; shape (m, 2)."""
    at = np.rint(fit.fractions_of(holes))
    places = fit.sites((at[:, None] + BETWEEN).reshape(-1, 2))
    return places[:: max(1, len(places) // MOST_BETWEEN)]


def _ratio(alike: Floats, holes: Floats, foil: Floats) -> Floats:
    """Turn likeness into a log likelihood ratio by two normals of one spread."""
    spread = np.sqrt((_spread(holes) ** 2 + _spread(foil) ** 2) / 2)
    hole, bare = np.median(holes), min(float(np.median(foil)), float(np.median(holes)) - LEAST_SPREAD)
    return (hole - bare) / spread**2 * (alike - (hole + bare) / 2)


def _spread(values: Floats) -> float:
    return max(1.48 * float(np.median(np.abs(values - np.median(values)))), LEAST_SPREAD)
