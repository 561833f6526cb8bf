"""Each square beside all others of its grid that were seen: what an operator who knows the grid goes by.

Distances count in pitches, depths beside the grid's median: nothing counts on a pixel size, and one image is
a grid of its own where nothing else was seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]

ADJACENT, ADJOINING = 8, 1.6
"""Squares adjoin up to so many pitches, and at most so many of them."""

LEAST_SPREAD, MOST_SPREADS = 0.05, 6.0
USUAL = 2.0
"""Spreads from the grid's median depth up to which a neighbour counts as usable."""

FLATTENED_IMAGES = 3
"""So many images of one scale tell uneven illumination from ice that changes over the grid."""

RIDGE = 3.0

CONTEXTS: tuple[str, ...] = (
    "grid_rank",  # of its usual depth: 0 thinnest .. 1 thickest
    "grid_off",  # depth from the grid's median, in robust spreads
    "grid_rank_least",  # of the depth where most light passes
    "grid_off_least",
    "grid_rank_edge",  # of its size: 0 smallest .. 1 largest
    "grid_company",  # share of the adjoining squares of usual depth
    "grid_neighbours",  # adjoining squares, of eight
    "grid_beside",  # depth beside that of the adjoining squares
    "grid_mixed",  # spread of the adjoining squares' depth
    "grid_rim",  # distance from the middle of what was seen, 1 at its rim; 0 where little was seen
    "grid_squares",  # log of the number of squares seen
    "grid_depth",  # median depth of the grid
    "grid_spread",  # robust spread of depths over the grid
    "image_squares",  # log of the number of squares in the image
    "opening",  # lit edge over pitch
    "in_view",  # share of a whole square that its closest image shows: nobody selects what is out of view
)
"""Names of what comes of the rest of the grid."""

WHOLE_GRID = 100
"""From so many squares on, the middle of what was seen is the middle of the grid."""


@dataclass(frozen=True)
class Sightings:
    """Squares seen in the images of one grid; a square may be seen several times.

    Attributes:
        image: Number of its image; shape (n,).
        square: Number of the square, 0 and up without gaps; shape (n,).
        place: Positions in one frame, of any unit; shape (n, 2).
        pixel: Edge of a pixel of its image, in the unit of ``place``; shape (n,).
        in_image_px: Position (row, col) in its image [px]; shape (n, 2).
        edge_px: Mean edge [px]; shape (n,).
        lit_px: Edge of a square of as many lit pixels [px]; shape (n,).
        cut: Whether the image's border cuts it; shape (n,).
        depth: Its usual optical depth; shape (n,).
        depth_least: Optical depth where most light passes; shape (n,).
    """

    image: NDArray[np.intp]
    square: NDArray[np.intp]
    place: Floats
    pixel: Floats
    in_image_px: Floats
    edge_px: Floats
    lit_px: Floats
    cut: NDArray[np.bool_]
    depth: Floats
    depth_least: Floats

    @property
    def best(self) -> NDArray[np.intp]:
        """The sighting that shows most of each square: whole before cut, then the largest; (squares,)."""
        order = np.lexsort((-self.edge_px, self.cut, self.square))
        return order[np.unique(self.square[order], return_index=True)[1]]


def describe_context(seen: Sightings) -> dict[str, Floats]:
    """Compare each square with the rest of its grid.

    Returns:
        Each of ``CONTEXTS``, finite; shape (n,).
    """
    if not len(seen.square):
        return {name: np.empty(0) for name in CONTEXTS}
    place, best = seen.place[seen.best], seen.best
    usual, least = (by_square(seen, flattened(seen, depth)) for depth in (seen.depth, seen.depth_least))
    off, median, spread = beside_median(usual)
    around, pitch = adjoining(place)
    of_squares = {
        "grid_rank": rank(usual),
        "grid_off": off,
        "grid_rank_least": rank(least),
        "grid_off_least": beside_median(least)[0],
        "grid_rank_edge": rank(seen.edge_px[best] * seen.pixel[best]),
        **_company(around, usual, np.abs(off) < USUAL),
        "grid_rim": _rim(place),
        "grid_squares": np.full(len(best), np.log(len(best))),
        "grid_depth": np.full(len(best), median),
        "grid_spread": np.full(len(best), spread),
    }
    values = {name: value[seen.square] for name, value in of_squares.items()}
    values["image_squares"] = np.log(np.bincount(seen.image)[seen.image])
    values["opening"] = np.clip(seen.lit_px * seen.pixel / pitch, 0, 1.5)
    values["in_view"] = _in_view(seen)
    return {name: np.nan_to_num(values[name]) for name in CONTEXTS}


def _in_view(seen: Sightings) -> Floats:
    """Share of a usual whole square's area that is in view, in the closest images of each; at most 1.5."""
    area, scale = (seen.edge_px * seen.pixel) ** 2, np.round(4 * np.log2(seen.pixel))
    share = np.empty(len(area))
    for value in np.unique(scale):
        alike = scale == value
        whole = alike & ~seen.cut
        share[alike] = area[alike] / max(float(np.median(area[whole if whole.any() else alike])), 1e-9)
    closest, most = np.full(seen.square.max() + 1, np.inf), np.zeros(seen.square.max() + 1)
    np.minimum.at(closest, seen.square, scale)
    close = scale == closest[seen.square]
    np.maximum.at(most, seen.square[close], share[close])
    return np.minimum(most, 1.5)[seen.square]


def flattened(seen: Sightings, depth: Floats) -> Floats:
    """Take uneven illumination off depths: what follows the place in the image, alike in all of a scale."""
    flat, scale = depth.astype(float).copy(), np.round(4 * np.log2(seen.pixel))
    for value in np.unique(scale):
        rows = np.flatnonzero(scale == value)
        if len(np.unique(seen.image[rows])) >= FLATTENED_IMAGES:
            flat[rows] -= _illumination(seen.in_image_px[rows], seen.image[rows], depth[rows])
    return flat


def _illumination(at_px: Floats, image: NDArray, depth: Floats) -> Floats:
    """Fit a ramp and a bowl to depths beside their image's median, little troubled by odd squares."""
    middle = (at_px.max(axis=0) + at_px.min(axis=0)) / 2
    at = (at_px - middle) / max(float(np.ptp(at_px, axis=0).max()) / 2, 1)
    basis = np.column_stack([at, (at**2) - (at**2).mean(axis=0), at[:, 0] * at[:, 1]])
    names, which = np.unique(image, return_inverse=True)
    medians = np.array([np.median(depth[which == k]) for k in range(len(names))])
    off = depth - medians[which]
    spread = 1.4826 * float(np.median(np.abs(off))) + 1e-3
    fitted = np.zeros(len(off))
    for _ in range(4):
        weight = 1 / (1 + ((off - fitted) / (1.5 * spread)) ** 2)
        normal = (basis * weight[:, None]).T @ basis + RIDGE * np.eye(basis.shape[1])
        fitted = basis @ np.linalg.solve(normal, (basis * weight[:, None]).T @ off)
    return fitted


def by_square(seen: Sightings, values: Floats, weight: Floats | None = None) -> Floats:
    """Average over the sightings of each square; without weights, large and whole ones weigh more."""
    weight = np.where(seen.cut, 0.1, 1.0) * np.minimum(seen.edge_px, 100) if weight is None else weight
    return np.bincount(seen.square, weight * values) / np.bincount(seen.square, weight)


def rank(values: Floats) -> Floats:
    """Place in the order, 0 for the least to 1; shape of ``values``."""
    return np.argsort(np.argsort(values, kind="stable"), kind="stable") / max(len(values) - 1, 1)


def beside_median(depth: Floats) -> tuple[Floats, float, float]:
    """Give how many robust spreads each lies off the median; the median; the spread."""
    median = float(np.median(depth))
    spread = max(1.4826 * float(np.median(np.abs(depth - median))), LEAST_SPREAD)
    return np.clip((depth - median) / spread, -MOST_SPREADS, MOST_SPREADS), median, spread


def adjoining(place: Floats) -> tuple[NDArray[np.intp], float]:
    """List the adjoining squares of each, -1 for none; shape (squares, ADJACENT); and the pitch."""
    if len(place) < 2:
        return np.full((len(place), ADJACENT), -1), 1.0
    gaps, nearest = cKDTree(place).query(place, min(ADJACENT + 1, len(place)))
    gaps, nearest = gaps[:, 1:], nearest[:, 1:]
    pitch = float(np.median(gaps[:, 0]))
    around = np.full((len(place), ADJACENT), -1)
    around[:, : nearest.shape[1]] = np.where(gaps < ADJOINING * pitch, nearest, -1)
    return around, max(pitch, 1e-9)


def _company(around: NDArray[np.intp], depth: Floats, usual: NDArray[np.bool_]) -> dict[str, Floats]:
    there = around >= 0
    count = np.maximum(there.sum(axis=1), 1)
    mean = (depth[around] * there).sum(axis=1) / count
    spread = np.sqrt((np.square(depth[around] - mean[:, None]) * there).sum(axis=1) / count)
    alone = ~there.any(axis=1)
    return {
        "grid_company": np.where(alone, 1.0, (usual[around] & there).sum(axis=1) / count),
        "grid_neighbours": there.sum(axis=1) / ADJACENT,
        "grid_beside": np.where(alone, 0.0, depth - mean),
        "grid_mixed": np.where(alone, 0.0, spread),
    }


def _rim(place: Floats) -> Floats:
    if len(place) < WHOLE_GRID:
        return np.zeros(len(place))
    low, high = np.percentile(place, [2, 98], axis=0)
    return np.linalg.norm(place - (low + high) / 2, axis=1) / max(float((high - low).max()) / 2, 1e-9)
