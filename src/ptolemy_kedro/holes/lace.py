"""The gaps of lacey film: where a circle fits between the strands.

A web has no lattice and no hole of one size, so neither scale nor network tell much of it. It is told by its
edges: two levels, and nearly all of the difference between them within a few pixels, which neither grain nor
clouds of ice have. Numbers were chosen on simulated images of seeds 22,000 to 22,110, and on
lacey ones up to 22,573.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.holes.resample import Pyramid, from_scaled

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

EDGE_PX = 640
"""Longer edge of the image as it is looked at [px]."""

DARK, RIM_PX, FEWEST_PX = 0.3, 8, 2000
"""What is darker than this share of the brightest tenth is bar; so far from it the film is shaded [px]; and
the least of film to look at [px]."""

REACHES = (1 / 6, 1 / 12, 1 / 24)
"""Over what shares of the edge the film's level is followed: ice and light vary."""

BLOCK_PX = 8
"""The film's level is followed on blocks of so many pixels: it is broad."""

NARROWEST_PX = 2 * BLOCK_PX
"""Shorter edge of the least image to look at [px]: a strip shows no web."""

STEEP, OPEN = 0.7, (0.45, 0.9)
"""Least share of the levels' difference that lies at a web's edges; and how much of it is open."""

NEAR_PX, ALONG_PX = 3, 5.0
"""How far from an edge its two sides are measured, and how far along it they are averaged [px]."""

LEAST_RADIUS_PX, SMALL = 2.5, 0.35
"""Radius of the least gap as looked at [px], and beside the largest ones."""

APART, OVERLAP = 0.8, 0.3
"""Radii of the larger and of the smaller gap that two centres are apart at least."""

GAPS, USUAL_RADIUS_PX = (6, 200), 5.0
"""How many gaps make a web: fewer may be holes, more or smaller ones are grain."""

PROBABILITY = 0.55
"""Said of every gap of a web: about half are gaps in truth (``benchmarks/lacey.py``)."""


@dataclass(frozen=True)
class Gaps:
    """The gaps of a web.

    Attributes:
        centres: (row, col) [px of the image]; shape (n, 2).
        radius_px: Of the largest circle in each; shape (n,).
    """

    centres: Floats
    radius_px: Floats


def find_gaps(image: Pyramid) -> Gaps | None:
    """Find the gaps of lacey film, the largest first; None where the image shows no web."""
    scale = min(1.0, EDGE_PX / max(image.shape))
    if min(image.shape) * scale < NARROWEST_PX:
        return None
    levels = _log_levels(image.at(scale))
    film = _film(levels)
    if film.sum() < FEWEST_PX:
        return None
    tried = [_open(levels, film, reach * max(levels.shape)) for reach in REACHES]
    steep, gaps = max(((_steepness(levels, open_, film), open_) for open_ in tried), key=lambda pair: pair[0])
    if steep < STEEP or not OPEN[0] <= gaps.sum() / film.sum() <= OPEN[1]:
        return None
    centres, radius = _circles(gaps)
    if not GAPS[0] <= len(centres) <= GAPS[1] or np.median(radius) < USUAL_RADIUS_PX:
        return None
    return Gaps(from_scaled(centres, scale), radius / scale)


def _log_levels(image: NDArray[np.float32]) -> Floats:
    """Logarithms of levels, 0 the darkest and 1 the brightest, so that ice takes as much from dim film."""
    low, high = np.percentile(image, [0.5, 99])
    level = np.clip((image.astype(float) - low) / max(high - low, 1e-9), 0.01, 1.2)
    return np.log(level + 0.05)


def _film(levels: Floats) -> Mask:
    """Mark what is neither bar nor in its shade."""
    smooth = np.exp(ndimage.gaussian_filter(levels, 2.0))
    bar = ndimage.binary_opening(smooth < DARK * np.percentile(smooth, 90), iterations=3)
    return ~ndimage.binary_dilation(bar, iterations=RIM_PX)


def _open(levels: Floats, film: Mask, reach_px: float) -> Mask:
    """Mark what is brighter than the film about it, by the best of all thresholds, without specks."""
    from skimage.filters import threshold_otsu

    smooth, there = ndimage.gaussian_filter(levels, 1.0), film.astype(float)
    around = _broadly(smooth * there, reach_px) / np.maximum(_broadly(there, reach_px), 1e-3)
    beside = smooth - around
    bright = film & (beside > threshold_otsu(beside[film]))
    bright = ndimage.binary_opening(bright, iterations=2)
    return ~ndimage.binary_opening(~bright, iterations=1) & film


def _broadly(values: Floats, reach_px: float) -> Floats:
    """Blur over a reach much longer than a block."""
    first = BLOCK_PX // 2
    coarse = ndimage.uniform_filter(values, BLOCK_PX)[first::BLOCK_PX, first::BLOCK_PX]
    blurred = ndimage.gaussian_filter(coarse, reach_px / BLOCK_PX).repeat(BLOCK_PX, 0).repeat(BLOCK_PX, 1)
    short = [(0, max(0, have - made)) for have, made in zip(values.shape, blurred.shape, strict=True)]
    whole = np.pad(blurred, short, mode="edge")[: values.shape[0], : values.shape[1]]
    return ndimage.uniform_filter(whole, BLOCK_PX)


def _steepness(levels: Floats, gaps: Mask, film: Mask) -> float:
    """Give the share of the difference of both levels that lies within a few pixels of the edges."""
    smooth, strands = ndimage.gaussian_filter(levels, 1.0), film & ~gaps
    inward, outward = (ndimage.distance_transform_edt(part) for part in (gaps, strands))
    edge = (inward > 0) & (inward <= 1) & ndimage.binary_erosion(film, iterations=5, border_value=1)
    if not edge.any() or not strands.any():
        return 0.0
    within, without = (_beside_edges(smooth, far) for far in (inward, outward))
    difference = np.median(smooth[gaps]) - np.median(smooth[strands])
    return float(np.median((within - without)[edge]) / max(difference, 1e-6))


def _beside_edges(levels: Floats, far: Floats) -> Floats:
    """Average the levels of one side of the edges along them."""
    near = (far > 1) & (far <= 1 + NEAR_PX)
    total = ndimage.gaussian_filter(np.where(near, levels, 0.0), ALONG_PX)
    return total / np.maximum(ndimage.gaussian_filter(near.astype(float), ALONG_PX), 1e-6)


def _circles(gaps: Mask) -> tuple[Floats, Floats]:
    """Fit circles into the gaps, the largest first; the image's border is none of their edges.

    Returns:
        Centres (row, col) [px], shape (n, 2), and radii, shape (n,).
    """
    from skimage.feature import peak_local_max

    beyond = np.pad(gaps, 1, mode="edge")
    fits = ndimage.gaussian_filter(ndimage.distance_transform_edt(beyond)[1:-1, 1:-1], 1.0)
    least = max(LEAST_RADIUS_PX, SMALL * float(np.percentile(fits[gaps], 98)))
    peaks = peak_local_max(fits, min_distance=int(least), threshold_abs=least, exclude_border=False)
    radius = fits[tuple(peaks.T)]
    kept: list[int] = []
    for number in np.argsort(-radius, kind="stable"):
        apart = np.hypot(*(peaks[kept] - peaks[number]).T)
        if np.all(apart > APART * radius[kept] + OVERLAP * radius[number]):
            kept.append(int(number))
    return peaks[kept].astype(float), radius[kept]
