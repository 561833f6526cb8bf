"""Numbers that describe each square, by itself and beside the others of its image."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.resampling import usable
from ptolemy_kedro.squares.condition import CONDITIONS, describe_condition
from ptolemy_kedro.squares.crops import Crops, cut_crops
from ptolemy_kedro.squares.interiors import (
    centre_over_rim,
    count_mean_variance,
    read_interiors,
    texture,
)
from ptolemy_kedro.squares.rectangles import edges_of
from ptolemy_kedro.squares.segmentation import Squares

NEIGHBOURS = 6
ADJACENT = 8
ADJOINING = 1.6
"""Squares adjoin up to so many times the usual distance of nearest ones: across a corner, too."""

BINS = 512
"""Levels that quantiles within squares are told apart by."""

VACUUM_QUANTILE = 0.998
"""Of the pixels of all squares: so bright is what lies behind nothing, or behind the thinnest there is."""

NEAR_VACUUM = 0.85
"""Share of the vacuum's level over the bars from which a pixel may show no foil."""

DARK = 0.6
"""Share of its square's median level below which a pixel is dark: ice, dirt, a crack's shadow."""

LEAST_SPREAD, MOST_SPREADS = 0.03, 8.0
"""Levels are told apart from 3 % on, and nothing counts as further off than eight spreads."""

FINE = 1.5
"""Spreads off the usual level up to which a neighbour counts as usual."""

DESCRIPTORS: tuple[str, ...] = (
    # The published ones: of the pixels inside the square, in the image's own units.
    "mean",
    "maximum",  # to a 512th of the range
    "variance",
    "area_px",
    # The same in standard deviations from the mean of the image's squares, as published crops are.
    "crop_mean",
    "crop_maximum",
    "crop_variance",
    # Of the pixels inside, free of units.
    "variation",  # standard deviation over mean level
    "dark_tail",  # 5th percentile below the median, in levels
    "bright_tail",  # 95th percentile above the median, in levels
    "centre_level",  # mean of the middle beside that of the rim: ice is thicker there
    "texture",  # mean difference of adjacent pixels, in levels
    # How much of the light comes through: an empty square lets all of it, one of thick ice little.
    "vacuum_share",  # median level over that of the brightest pixels in the image's squares
    "near_vacuum",  # share of its pixels that are nearly as bright as these
    "dark_share",  # share of its pixels well below its median
    # Of the outline.
    "filled",  # pixels over the rectangle's area
    "aspect",  # shorter edge over longer
    "cut",
    # Beside the other squares of the image.
    "relative_mean",
    "relative_edge",
    "relative_variation",
    "rank_mean",  # 0 darkest .. 1 brightest
    "level_z",  # log of the median level from that of the image's squares, in their robust spreads
    "level_off",  # the same without its sign: how unusual
    "relative_texture",  # beside the noise that its level brings
    "relative_bright",  # bright tail over its own level
    "neighbour_mean",  # level beside that of the nearest squares
    "neighbour_edge",
    "neighbour_distance",  # to the nearest square [typical edges]
    "fine_neighbours",  # share of the nearest squares that are of usual level
    "crowding",  # how many squares adjoin, of eight
    "border_distance",  # to the image's border [typical edges], at most 10
    "edge_um",  # shorter edge; 0 where the pixel size is unknown
    # Read off the crop: specks, cracks, pools and tears.
    *CONDITIONS,
)
"""Names of the descriptors, in the order of a feature matrix."""


def describe(
    image: NDArray, squares: Squares, pixel_size_a: float | None = None, crops: Crops | None = None
) -> dict[str, NDArray[np.float64]]:
    """Describe the squares of an image. Levels count from the image's bars, as a share of the median square.

    Args:
        image: Intensities; shape (rows, cols).
        squares: Found in it.
        pixel_size_a: Edge of a pixel [A].
        crops: Of the squares, where they were cut out before.

    Returns:
        Each of ``DESCRIPTORS``, finite, shape (n,).
    """
    if not len(squares):
        return {name: np.empty(0) for name in DESCRIPTORS}
    pixels = usable(image)
    crops = cut_crops(pixels, squares) if crops is None else crops
    edges = edges_of(squares.corners)
    inside = _inside(pixels, squares)
    transmitted, median = _transmitted(inside.pop("median"), inside.pop("vacuum"), squares)
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
    own = {
        "relative_texture": _over_median(tails["texture"] / np.sqrt(median)),
        "relative_bright": tails["bright_tail"] * unit / median,
    }
    beside = _beside(squares, level, edges[:, 1], variation, transmitted["level_off"])
    values = {**inside, **tails, "variation": variation, **shape, **transmitted, **own, **beside}
    values |= {**_as_published(inside, crops), **describe_condition(crops)}
    return {name: np.nan_to_num(np.asarray(values[name], float)) for name in DESCRIPTORS}


def matrix(descriptors: dict[str, NDArray[np.float64]]) -> NDArray[np.float32]:
    """Stack descriptors into a feature matrix in the order of ``DESCRIPTORS``, one row a square."""
    return np.stack([descriptors[name] for name in DESCRIPTORS], axis=1).astype(np.float32)


def _inside(pixels, squares):
    """Measure the pixels of each square: each is read once, whatever the number of squares."""
    inside = read_interiors(pixels, squares.mask)
    size = inside.size
    count, mean, variance = count_mean_variance(inside)
    histogram, levels = inside.histogram(BINS)
    low, median, high, top = (_quantile(histogram, levels, share) for share in (0.05, 0.5, 0.95, 1.0))
    vacuum = _quantile(histogram.sum(axis=0, keepdims=True), levels, VACUUM_QUANTILE)
    dark = squares.mixture.means[0]
    measured = {
        "count": count,
        "mean": mean,
        "variance": variance,
        "maximum": top,
        "median": median,
        "vacuum": np.full(size, vacuum),
        "dark_tail": median - low,
        "bright_tail": high - median,
        "near_vacuum": _share(histogram, levels > dark + NEAR_VACUUM * (vacuum - dark)),
        "dark_share": _share(histogram, levels < dark + DARK * (median[:, None] - dark)),
        "texture": texture(inside),
        "centre_level": centre_over_rim(inside, *_middles(squares, size)),
    }
    return {name: np.asarray(values, float)[squares.numbers] for name, values in measured.items()}


def _as_published(inside, crops):
    return {
        "crop_mean": (inside["mean"] - crops.mean) / crops.std,
        "crop_maximum": (inside["maximum"] - crops.mean) / crops.std,
        "crop_variance": inside["variance"] / crops.std**2,
    }


def _quantile(histogram, levels, share):
    below = np.cumsum(histogram, axis=1)
    at = (below < share * below[:, -1:]).sum(axis=1)
    return levels[np.minimum(at, BINS - 1)]


def _share(histogram, which):
    return (histogram * which).sum(axis=1) / np.maximum(histogram.sum(axis=1), 1)


def _transmitted(median, vacuum, squares):
    """Compare the light that comes through each square with all of the light, and with the usual square."""
    dark = squares.mixture.means[0]
    full = np.maximum(vacuum - dark, 1e-9)
    median = np.maximum(median - dark, 1e-3 * full)
    depth = np.log(median / full)
    usual = depth[~squares.cut] if (~squares.cut).sum() >= 3 else depth
    spread = max(1.4826 * float(np.median(np.abs(usual - np.median(usual)))), LEAST_SPREAD)
    off = np.clip((depth - np.median(usual)) / spread, -MOST_SPREADS, MOST_SPREADS)
    return {"vacuum_share": median / full, "level_z": off, "level_off": np.abs(off)}, median


def _over_median(values):
    return values / max(float(np.median(values)), 1e-9)


def _middles(squares, size):
    """Give the circles that are the middles of the squares, by number."""
    centre, radius = np.zeros((size, 2)), np.ones(size)
    centre[squares.numbers] = squares.centres
    radius[squares.numbers] = 0.3 * edges_of(squares.corners)[:, 1]
    return centre, radius


def _beside(squares, level, edge, variation, off):
    """Compare each square with all of its image and with its nearest neighbours."""
    n, typical = len(squares), max(squares.edge_px, 1e-9)
    gaps, nearest = cKDTree(squares.centres).query(squares.centres, min(ADJACENT + 1, n))
    gaps, around = gaps.reshape(n, -1)[:, 1:], nearest.reshape(n, -1)[:, 1:]
    nearest = around[:, :NEIGHBOURS]
    around_level = np.median(level[nearest], axis=1) if n > 1 else level
    around_edge = np.median(edge[nearest], axis=1) if n > 1 else edge
    adjoin = gaps < ADJOINING * np.median(gaps[:, 0]) if n > 1 else gaps
    to_border = np.minimum(squares.centres, np.array(squares.mask.shape) - 1 - squares.centres).min(axis=1)
    return {
        "relative_mean": level / np.median(level),
        "relative_edge": edge / np.median(edge),
        "relative_variation": _over_median(variation),
        "rank_mean": np.argsort(np.argsort(level)) / max(n - 1, 1),
        "neighbour_mean": level / around_level,
        "neighbour_edge": edge / np.maximum(around_edge, 1e-9),
        "fine_neighbours": (off[around] < FINE).mean(axis=1) if n > 1 else np.ones(n),
        "crowding": adjoin.sum(axis=1) / ADJACENT,
        "neighbour_distance": np.minimum(gaps[:, 0] / typical, 10) if n > 1 else np.full(n, 10.0),
        "border_distance": np.clip(to_border / typical, 0, 10),
    }
