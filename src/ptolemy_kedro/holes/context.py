"""Numbers that describe each hole: its ice, what lies around it, and how it compares with its image's others.

Levels are optical depths, ``-log(intensity / I0)``: ice absorbs, so a depth is proportional to its thickness.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.holes.bars import bar_distance
from ptolemy_kedro.holes.crops import crop_radii
from ptolemy_kedro.holes.discs import Discs, read_discs
from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.holes.surface import surface
from ptolemy_kedro.resampling import Image, usable, without_spikes

Floats = NDArray[np.float64]

DESCRIPTORS: tuple[str, ...] = (
    # Of the hole itself, in optical depth.
    "ice",  # mean, from an empty hole's intensity or 1.2 times the 90th percentile of all holes
    "ice_over_foil",  # median beside that of the foil around it: needs no I0, and no even illumination
    "flat_ice",  # median beside the foil's smooth level: what the illumination does is taken off
    "spread",  # standard deviation
    "slope",  # from one rim to the other
    "dome",  # thicker in the middle than at the rim
    "dark_tail",  # 97th percentile over the median: dirt, crystals
    "bright_tail",  # 3rd percentile under the median: a crack, a dry part
    "texture",  # mean difference of adjacent points
    "roughness",  # what is left of the spread without slope and dome: crystals, a crack
    "dirt_share",  # share of it that is much darker than its median
    # Of the foil around it.
    "foil_dark",  # its 90th percentile over its median
    "foil_bright",  # its 10th percentile under its median
    "foil_dirt",  # share of it that is much darker than its median
    # Beside the other holes of the image.
    "rank_ice",  # 0 thinnest .. 1 thickest
    "ice_z",  # from the median, in robust spreads
    "ice_off",  # the same without its sign
    "rank_flat",  # place in the order of flat ice
    "flat_z",  # flat ice from its median, in robust spreads
    "rank_over",  # place in the order of ice over foil
    "over_z",  # ice over foil from its median, in robust spreads
    "ice_trend",  # what is smooth in the flat ice, from its median: a slope, a pool, a bar near
    "ice_residual",  # flat ice beside what is smooth in it
    "relative_foil",  # depth of the foil beside the usual one: a shadow, illumination
    "relative_texture",
    "relative_spread",
    "relative_roughness",
    "rough_z",  # roughness from its median, in robust spreads
    "bright_z",  # the bright tail, the same
    "above_thinnest",  # ice over foil beside that of the thinnest tenth: an empty hole has about none
    "relative_radius",
    # Beside the nearest holes.
    "neighbour_ice",  # flat ice beside their mean
    "neighbour_over",  # ice over foil beside their mean
    "neighbour_spread",  # the largest difference from one of them
    "neighbours",  # how many adjoin, of eight
    # Where it lies.
    "bar_distance",  # to the nearest bar or other dark region [radii], at most 40
    "border_distance",  # to the border of the image [radii], at most 40
    "off_centre",  # from the middle of the image, 0 .. 1 in its corner
    # How it was found.
    "found_probability",
    "on_lattice",  # 1 where it belongs to one
    # Of the image as a whole.
    "image_ice",  # median depth
    "image_over",  # median of ice over foil: near 0 the ice is as thick as the foil, and hides it
    "image_spread",  # robust spread of the depths
    "image_holes",  # log10 of how many
    "radius_um",  # 0 where the pixel size is unknown
)
"""Names of the descriptors, in the order of a feature matrix."""

NO_ICE_FACTOR, NO_ICE_PERCENT = 1.2, 90.0
"""Without an empty hole, I0 is this factor times this percentile of the holes' intensities: as published."""

FARTHEST = 40.0
NEIGHBOURS = 6
ADJOINING = 1.6
"""Holes adjoin up to so many times the spacing."""

THINNEST = 5
"""Percentile of the depths over foil that an empty hole is told by."""

DIRT = 0.25
"""Depth over the median from which a point is dirty."""

LEAST_SPREAD, MOST_SPREADS = 0.01, 8.0
"""Depths are told apart from 1 % on, and nothing counts as further off than eight spreads."""


def describe_holes(
    image: NDArray,
    found: FoundHoles,
    pixel_size_a: float | None = None,
    empty_intensity: float | None = None,
) -> dict[str, Floats]:
    """Describe the holes of an image.

    Args:
        image: Intensities; shape (rows, cols).
        found: Holes in it.
        pixel_size_a: Edge of a pixel [A], where it is known.
        empty_intensity: Of a hole without ice under the same beam, where one was measured.

    Returns:
        Each of ``DESCRIPTORS``, finite, shape (n,).

    Raises:
        ImageError: The array is no single plane of numbers.
    """
    pixels = without_spikes(usable(image))
    if not len(found):
        return {name: np.empty(0) for name in DESCRIPTORS}
    discs = read_discs(pixels, found.centres, crop_radii(found))
    depth = _depths(discs, empty_intensity)
    own = _own(discs, depth)
    own["flat_ice"] = own["middle"] - surface(found.centres, own["foil"])
    values = own | _beside(own, found) | _around(own, found) | _place(pixels, found, discs)
    values |= {
        "found_probability": found.probability,
        "on_lattice": (found.lattice >= 0).astype(float),
        "image_holes": np.full(len(found), np.log10(len(found))),
        "radius_um": crop_radii(found) * (pixel_size_a or 0.0) * 1e-4,
    }
    return {name: np.nan_to_num(np.asarray(values[name], float)) for name in DESCRIPTORS}


def matrix(descriptors: dict[str, Floats], names: tuple[str, ...] = DESCRIPTORS) -> NDArray[np.float32]:
    """Stack descriptors into a feature matrix, one row a hole."""
    return np.stack([np.asarray(descriptors[name], np.float32) for name in names], axis=1)


def _depths(discs: Discs, empty_intensity: float | None) -> Image:
    """Turn intensities into optical depths; shape of ``discs.values``."""
    full = empty_intensity
    if full is None:
        full = NO_ICE_FACTOR * float(np.percentile(np.nanmedian(discs.inside, axis=1), NO_ICE_PERCENT))
    full = max(full - discs.floor, 1e-9)
    return -np.log(np.maximum((discs.values - discs.floor) / full, 0.02))


def _own(discs: Discs, depth: Image) -> dict[str, Floats]:
    """Measure each hole and the foil about it; NaN where nothing of it is in the image."""
    inside, foil = discs.within(depth, 0, 0.8), discs.within(depth, 1.15, 1.5)
    low, middle, high = np.nanpercentile(inside, [3, 50, 97], axis=1)
    foil_low, foil_middle, foil_high = np.nanpercentile(foil, [10, 50, 90], axis=1)
    usual_foil = np.nanmedian(foil_middle)
    foil_middle = np.where(np.isnan(foil_middle), usual_foil if np.isfinite(usual_foil) else 0, foil_middle)
    return {
        "ice": np.nanmean(inside, axis=1),
        "middle": middle,
        "ice_over_foil": middle - foil_middle,
        "foil": foil_middle,
        "spread": np.nanstd(inside, axis=1),
        "slope": discs.slope(depth),
        "dome": _mean(discs, depth, 0, 0.4) - _mean(discs, depth, 0.55, 0.8),
        "dark_tail": high - middle,
        "bright_tail": middle - low,
        "texture": discs.texture(depth),
        "roughness": discs.roughness(depth),
        "dirt_share": np.nanmean(inside > middle[:, None] + DIRT, axis=1),
        "foil_dirt": np.nanmean(foil > foil_middle[:, None] + DIRT, axis=1),
        "foil_dark": foil_high - foil_middle,
        "foil_bright": foil_middle - foil_low,
    }


def _mean(discs: Discs, depth: Image, low: float, high: float) -> Floats:
    return np.nanmean(discs.within(depth, low, high), axis=1)


def _beside(own: dict[str, Floats], found: FoundHoles) -> dict[str, Floats]:
    """Compare each hole with all of its image."""
    ice, n = own["ice"], len(found)
    usual, spread = _usual(ice)
    off, flat = _in_spreads(ice), own["flat_ice"]
    smooth, over = surface(found.centres, flat), own["ice_over_foil"]
    return {
        "rank_ice": _rank(ice),
        "ice_z": off,
        "ice_off": np.abs(off),
        "rank_flat": _rank(flat),
        "flat_z": _in_spreads(flat),
        "rank_over": _rank(over),
        "over_z": _in_spreads(over),
        "ice_trend": smooth - np.median(flat),
        "ice_residual": flat - smooth,
        "relative_foil": own["foil"] - np.nanmedian(own["foil"]),
        "relative_texture": _over_median(own["texture"]),
        "relative_spread": _over_median(own["spread"]),
        "relative_roughness": _over_median(own["roughness"]),
        "rough_z": _in_spreads(own["roughness"]),
        "bright_z": _in_spreads(own["bright_tail"]),
        "above_thinnest": over - np.percentile(over, THINNEST),
        "relative_radius": _over_median(found.radius_px),
        "image_ice": np.full(n, usual),
        "image_over": np.full(n, np.median(over)),
        "image_spread": np.full(n, spread),
    }


def _usual(values: Floats) -> tuple[float, float]:
    """Median and robust spread."""
    usual = float(np.median(values))
    return usual, max(1.4826 * float(np.median(np.abs(values - usual))), LEAST_SPREAD)


def _in_spreads(values: Floats) -> Floats:
    usual, spread = _usual(values)
    return np.clip((values - usual) / spread, -MOST_SPREADS, MOST_SPREADS)


def _rank(values: Floats) -> Floats:
    n = len(values)
    return np.argsort(np.argsort(values)) / (n - 1) if n > 1 else np.full(n, 0.5)


def _over_median(values: Floats) -> Floats:
    return np.log(np.maximum(values, 1e-6) / max(float(np.nanmedian(values)), 1e-6))


def _around(own: dict[str, Floats], found: FoundHoles) -> dict[str, Floats]:
    """Compare each hole with its nearest ones."""
    flat, over, n = own["flat_ice"], own["ice_over_foil"], len(found)
    if n < 2:
        names = ("neighbour_ice", "neighbour_over", "neighbour_spread", "neighbours")
        return dict.fromkeys(names, np.zeros(n))
    gaps, nearest = cKDTree(found.centres).query(found.centres, min(9, n))
    gaps, nearest = gaps[:, 1:], nearest[:, 1:]
    others = nearest[:, :NEIGHBOURS]
    reach = ADJOINING * (found.spacing_px or float(np.median(gaps[:, 0])))
    return {
        "neighbour_ice": flat - flat[others].mean(axis=1),
        "neighbour_over": over - over[others].mean(axis=1),
        "neighbour_spread": np.abs(flat[others] - flat[:, None]).max(axis=1),
        "neighbours": (gaps <= reach).sum(axis=1) / 8,
    }


def _place(pixels: Image, found: FoundHoles, discs: Discs) -> dict[str, Floats]:
    """Say where each hole lies in the image."""
    radius, far = crop_radii(found), np.array(pixels.shape) - 1
    to_border = np.minimum(found.centres, far - found.centres).min(axis=1)
    return {
        "bar_distance": np.minimum(bar_distance(pixels, found, discs) / radius, FARTHEST),
        "border_distance": np.clip(to_border / radius, 0, FARTHEST),
        "off_centre": np.hypot(*(found.centres - far / 2).T) / max(np.hypot(*far) / 2, 1),
    }
