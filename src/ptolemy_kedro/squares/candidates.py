"""Where squares may be: the components of the threshold tree that look like squares of one size."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from ptolemy_kedro.resampling import Image, reduce
from ptolemy_kedro.squares.illumination import magnify, stretch
from ptolemy_kedro.squares.threshold_tree import (
    ThresholdTree,
    choose_disjoint,
    grow_tree,
    label_chosen,
    stability,
)

WORKING_EDGE_PX = 20.0
"""Edge that squares have in the image they are searched in, whatever their size in the original."""

COARSEST_SIDE_PX = 256
TRUSTED_EDGE_PX = 5.0
"""Squares smaller than this in the reduced image do not show their size; a finer one has to."""

LEAST_EDGE_PX = 3.0
"""What is smaller in the original is no square but the grain of an image that shows none."""

KEPT_VARIANCE = 0.35
"""Where reducing the image leaves less of its variance than this, its structure is finer than that."""

NECK = 0.22
"""Bright structure narrower than this share of an edge, such as holes in the bars, joins no squares."""

HOLLOW = 0.7
"""Largest dark middle of a square, as a share of its area."""

BASIN_STEP = 0.4
"""Step between the levels that dark middles are filled to [natural log units]."""

FRAGMENTS = 0.75
"""Regions whose middles are nearer than this share of an edge are pieces of one square."""

LEVEL_STEP = 0.19
"""Step between thresholds [natural log units]: a fifth of the intensity."""


@dataclass(frozen=True)
class Candidates:
    """Coarse regions.

    Attributes:
        image: The image in which they were found; shape (rows, cols).
        factor: Original pixels to one of ``image``; below 1 where it was magnified.
        regions: 1 .. count inside, 0 outside; shape (rows, cols).
        square_of: The square each region is a piece of, 1 and up, 0 of 0; shape (count + 1,).
        edge_px: Typical edge of a square, in pixels of ``image``.
    """

    image: Image
    factor: float
    regions: NDArray[np.int32]
    square_of: NDArray[np.int32]
    edge_px: float

    @property
    def count(self) -> int:
        """Number of regions."""
        return len(self.square_of) - 1


def find_candidates(image: Image, contrast: float) -> Candidates:
    """Search squares of whatever size: coarsely for their size, then where it is ``WORKING_EDGE_PX``.

    Args:
        image: Intensities; shape (rows, cols).
        contrast: Least ratio of a square's intensity to that of the bars beside it.
    """
    for edge in estimate_edges(image, contrast):
        working, factor = scale_to(image, edge)
        edge_px = edge / factor
        stretched = fill_basins(stretch(working), HOLLOW * edge_px**2)
        opened = open_grey(stretched, max(1, round(NECK * edge_px)))
        tree = _tree(opened)
        chosen = choose_disjoint(tree, _worth(tree, contrast) * _likeness(tree, edge_px))
        if len(chosen):
            squares = _join_fragments(tree, chosen, edge_px)
            return Candidates(working, factor, label_chosen(tree, chosen), squares, edge_px)
    return Candidates(image, 1.0, np.zeros(image.shape, np.int32), np.zeros(1, np.int32), 0.0)


def estimate_edges(image: Image, contrast: float) -> Iterator[float]:
    """Estimate the edge of the squares in an image [px], the coarsest estimate that can be trusted first.

    The image is reduced as far as leaves most of its variance: what is finer than the blocks would vanish.
    """
    factor = max(1, -(-max(image.shape) // COARSEST_SIDE_PX))
    step = max(1, round(np.sqrt(image.size / 2**15)))
    sample = image[::step, ::step].astype(np.float64)
    variance = float(np.var(np.clip(sample, *np.percentile(sample, [1, 99]))))
    while True:
        reduced = reduce(image, factor)
        if factor == 1 or np.var(reduced, dtype=np.float64) > KEPT_VARIANCE * variance:
            tree = _tree(stretch(reduced))
            chosen = choose_disjoint(tree, _worth(tree, contrast))
            edge = _typical(tree, chosen) if len(chosen) else 0.0
            if edge >= TRUSTED_EDGE_PX or (edge >= LEAST_EDGE_PX and factor == 1):
                yield edge * factor
        if factor == 1:
            return
        factor = -(-factor // 2)


def fill_basins(stretched: Image, area_px: float) -> Image:
    """Raise dark basins within bright rims to the rim's level: ice may hide a square's middle.

    Args:
        stretched: Intensities; shape (rows, cols).
        area_px: Largest basin that is filled; one that reaches the image's border is not.
    """
    filled = stretched.copy()
    for threshold in _thresholds(stretched, BASIN_STEP):
        dark, count = ndimage.label(stretched <= threshold)
        area = np.bincount(dark.ravel(), minlength=count + 1)
        small = area <= area_px
        small[0] = False
        for side in (dark[0], dark[-1], dark[:, 0], dark[:, -1]):
            small[side] = False
        if small.any():
            np.maximum(filled, np.float32(threshold), out=filled, where=small.take(dark))
    return filled


def open_grey(image: Image, size_px: int) -> Image:
    """Take away what is bright and narrower than a square of ``size_px``: the least around, then the most."""
    for extreme, before in ((np.minimum, size_px // 2), (np.maximum, (size_px - 1) // 2)):
        for side in (0, 1):
            ends = [(before, size_px - 1 - before) if axis == side else (0, 0) for axis in (0, 1)]
            padded = np.swapaxes(np.pad(image, ends, mode="edge"), 0, side)
            image = padded[: len(padded) - size_px + 1].copy()
            for start in range(1, size_px):
                extreme(image, padded[start : start + len(image)], out=image)
            image = np.swapaxes(image, 0, side)
    return image


def scale_to(image: Image, edge_px: float) -> tuple[Image, float]:
    """Bring squares of an edge to about ``WORKING_EDGE_PX``; the factor comes with it."""
    factor = edge_px / WORKING_EDGE_PX
    if factor < 0.7:
        times = min(4, round(1 / factor))
        return magnify(image, times), 1 / times
    whole = 1 if factor < 1.2 else 2 * max(1, round(factor / 2))
    return reduce(image, whole), float(whole)


def _tree(stretched: Image) -> ThresholdTree:
    return grow_tree(stretched, _thresholds(stretched, LEVEL_STEP))


def _thresholds(stretched: Image, step: float) -> NDArray[np.float64]:
    return np.arange(float(stretched.min()) + step, float(stretched.max()), step)


def _worth(tree: ThresholdTree, contrast: float) -> NDArray[np.float64]:
    """Judge each component by how square it is and over how many thresholds it stays what it is."""
    span = stability(tree)
    upright = np.where(tree.at_border, 0.6, np.clip((tree.aspect - 0.3) / 0.4, 0, 1))
    shape = np.clip((tree.fill - 0.6) / 0.3, 0, 1) * upright
    enough = (tree.area_px >= 6) & (span * LEVEL_STEP >= np.log(contrast))
    return np.where(enough, span * shape, 0)


def _likeness(tree: ThresholdTree, edge_px: float) -> NDArray[np.float64]:
    """Judge each component by its size: ice may hide most of a square, but none is larger than the others."""
    size = np.sqrt(tree.edges_px.prod(axis=1)) / edge_px
    too_large = np.clip(np.maximum(size / 1.25, tree.edges_px[:, 0] / edge_px / 1.4), 1, None)
    least = np.where(tree.at_border, 0.15, 0.3)
    return np.where(size >= least, np.minimum(size + 0.3, 1) * np.exp(-4 * (too_large - 1)), 0)


def _join_fragments(tree, chosen, edge_px):
    """Number the squares that the chosen are pieces of, as far as together they are no larger than one."""
    group, area = np.arange(len(chosen)), tree.area_px[chosen].copy()
    centres = tree.centre[chosen]
    pairs = cKDTree(centres).query_pairs(FRAGMENTS * edge_px, output_type="ndarray")
    gaps = np.linalg.norm(centres[pairs[:, 0]] - centres[pairs[:, 1]], axis=1)
    for one, other in pairs[np.argsort(gaps, kind="stable")]:
        first, second = group[one], group[other]
        if first != second and area[first] + area[second] <= 1.2 * edge_px**2:
            area[first] += area[second]
            group[group == second] = first
    return np.concatenate([[0], np.unique(group, return_inverse=True)[1] + 1]).astype(np.int32)


def _typical(tree: ThresholdTree, chosen: NDArray[np.intp]) -> float:
    """Take the edge above and below which lies half of the chosen components' area."""
    inner = chosen[~tree.at_border[chosen]]
    nodes = inner if len(inner) else chosen
    edge = np.sqrt(tree.edges_px[nodes].prod(axis=1))
    order = np.argsort(edge)
    area = np.cumsum(tree.area_px[nodes][order])
    return float(edge[order][np.searchsorted(area, area[-1] / 2)])
