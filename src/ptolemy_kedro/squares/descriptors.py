"""Numbers that describe each square, by itself and beside the others of its image."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.squares.illumination import usable
from ptolemy_kedro.squares.rectangles import edges_of
from ptolemy_kedro.squares.segmentation import Squares

NEIGHBOURS = 6

BINS = 512
"""Levels that quantiles within squares are told apart by."""

DESCRIPTORS: tuple[str, ...] = (
    # The published ones: of the pixels inside the square, in the image's own units.
    "mean",
    "maximum",  # to a 512th of the range
    "variance",
    "area_px",
    # Of the pixels inside, free of units.
    "variation",  # standard deviation over mean level
    "dark_tail",  # 5th percentile below the median, in levels
    "bright_tail",  # 95th percentile above the median, in levels
    "centre_level",  # mean of the middle beside that of the rim: ice is thicker there
    "texture",  # mean difference of adjacent pixels, in levels
    # Of the outline.
    "filled",  # pixels over the rectangle's area
    "aspect",  # shorter edge over longer
    "cut",
    # Beside the other squares of the image.
    "relative_mean",
    "relative_edge",
    "relative_variation",
    "rank_mean",  # 0 darkest .. 1 brightest
    "neighbour_mean",  # level beside that of the nearest squares
    "neighbour_edge",
    "neighbour_distance",  # to the nearest square [typical edges]
    "border_distance",  # to the image's border [typical edges], at most 10
    "edge_um",  # shorter edge; 0 where the pixel size is unknown
)
"""Names of the descriptors, in the order of a feature matrix."""


def describe(
    image: NDArray, squares: Squares, pixel_size_a: float | None = None
) -> dict[str, NDArray[np.float64]]:
    """Describe the squares of an image. Levels count from the image's bars, as a share of the median square.

    Args:
        image: Intensities; shape (rows, cols).
        squares: Found in it.
        pixel_size_a: Edge of a pixel [A].

    Returns:
        Each of ``DESCRIPTORS``, finite, shape (n,).
    """
    if not len(squares):
        return {name: np.empty(0) for name in DESCRIPTORS}
    pixels = usable(image)
    edges = edges_of(squares.corners)
    inside = _inside(pixels, squares)
    unit = max(float(np.median(inside["mean"])) - squares.mixture.means[0], 1e-6)
    level = np.maximum((inside["mean"] - squares.mixture.means[0]) / unit, 1e-2)
    tails = {
        name: inside.pop(name) / unit for name in ("dark_tail", "bright_tail", "texture", "centre_level")
    }
    variation = np.sqrt(inside["variance"]) / unit / level
    shape = {
        "area_px": squares.area_px,
        "filled": inside.pop("count") / np.maximum(squares.area_px, 1),
        "aspect": edges[:, 1] / np.maximum(edges[:, 0], 1e-9),
        "cut": squares.cut.astype(float),
        "edge_um": edges[:, 1] * (pixel_size_a or 0.0) * 1e-4,
    }
    beside = _beside(squares, level, edges[:, 1], variation)
    values = {**inside, **tails, "variation": variation, **shape, **beside}
    return {name: np.nan_to_num(np.asarray(values[name], float)) for name in DESCRIPTORS}


def matrix(descriptors: dict[str, NDArray[np.float64]]) -> NDArray[np.float32]:
    """Stack descriptors into a feature matrix in the order of ``DESCRIPTORS``, one row a square."""
    return np.stack([descriptors[name] for name in DESCRIPTORS], axis=1).astype(np.float32)


def _inside(pixels, squares):
    """Measure the pixels of each square: each is read once, whatever the number of squares."""
    size = int(squares.mask.max(initial=0)) + 1
    at = np.flatnonzero(squares.mask)
    label, value = squares.mask.ravel()[at], pixels.ravel()[at]
    count = np.maximum(np.bincount(label, minlength=size), 1)
    mean = np.bincount(label, value, size) / count
    variance = np.bincount(label, (value - mean[label]) ** 2, size) / count
    low, median, high, top = _quantiles(label, value, count, (0.05, 0.5, 0.95, 1.0))
    measured = {
        "count": count,
        "mean": mean,
        "variance": variance,
        "maximum": top,
        "dark_tail": median - low,
        "bright_tail": high - median,
        "texture": _texture(pixels, squares.mask, size),
        "centre_level": _centre_over_rim(squares, at, label, value, size),
    }
    return {name: np.asarray(values, float)[squares.numbers] for name, values in measured.items()}


def _quantiles(label, value, count, shares):
    """Read quantiles of each label off a histogram of ``BINS`` over the range of all values."""
    low, step = float(value.min()), float(np.ptp(value)) / (BINS - 1) or 1.0
    bins = ((value - low) / step + 0.5).astype(np.intp)
    histogram = np.bincount(label * BINS + bins, minlength=len(count) * BINS).reshape(-1, BINS)
    below = np.cumsum(histogram, axis=1)
    return [low + step * (below < share * count[:, None]).sum(axis=1) for share in shares]


def _texture(pixels, mask, size):
    step = np.abs(np.diff(pixels, axis=1))
    both = (mask[:, 1:] == mask[:, :-1]) & (mask[:, 1:] > 0)
    label = mask[:, 1:][both]
    return np.bincount(label, step[both], size) / np.maximum(np.bincount(label, minlength=size), 1)


def _centre_over_rim(squares, at, label, value, size):
    centre = np.zeros((size, 2))
    centre[squares.numbers] = squares.centres
    radius = np.ones(size)
    radius[squares.numbers] = 0.3 * edges_of(squares.corners)[:, 1]
    row, col = np.divmod(at, squares.mask.shape[1])
    near = np.hypot(row - centre[label, 0], col - centre[label, 1]) < radius[label]
    middle, rim = (
        np.bincount(label[part], value[part], size) / np.maximum(np.bincount(label[part], minlength=size), 1)
        for part in (near, ~near)
    )
    return np.where((middle != 0) & (rim != 0), middle - rim, 0)


def _beside(squares, level, edge, variation):
    """Compare each square with all of its image and with its nearest neighbours."""
    n, typical = len(squares), max(squares.edge_px, 1e-9)
    gaps, nearest = cKDTree(squares.centres).query(squares.centres, min(NEIGHBOURS + 1, n))
    gaps, nearest = gaps.reshape(n, -1)[:, 1:], nearest.reshape(n, -1)[:, 1:]
    around_level = np.median(level[nearest], axis=1) if n > 1 else level
    around_edge = np.median(edge[nearest], axis=1) if n > 1 else edge
    to_border = np.minimum(squares.centres, np.array(squares.mask.shape) - 1 - squares.centres).min(axis=1)
    return {
        "relative_mean": level / np.median(level),
        "relative_edge": edge / np.median(edge),
        "relative_variation": variation / max(float(np.median(variation)), 1e-9),
        "rank_mean": np.argsort(np.argsort(level)) / max(n - 1, 1),
        "neighbour_mean": level / around_level,
        "neighbour_edge": edge / np.maximum(around_edge, 1e-9),
        "neighbour_distance": np.minimum(gaps[:, 0] / typical, 10) if n > 1 else np.full(n, 10.0),
        "border_distance": np.clip(to_border / typical, 0, 10),
    }
