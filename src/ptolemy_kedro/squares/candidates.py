"""Where squares may be: the components of the threshold tree that look like squares of one size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.squares.illumination import Image, magnify, reduce, stretch
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
LEVEL_STEP = 0.19
"""Step between thresholds [natural log units]: a fifth of the intensity."""


@dataclass(frozen=True)
class Candidates:
    """Coarse regions.

    Attributes:
        image: The image in which they were found; shape (rows, cols).
        factor: Original pixels to one of ``image``; below 1 where it was magnified.
        regions: 1 .. count inside, 0 outside; shape (rows, cols).
        count: Regions.
        edge_px: Typical edge of a square, in pixels of ``image``.
    """

    image: Image
    factor: float
    regions: NDArray[np.int32]
    count: int
    edge_px: float


def find_candidates(image: Image, contrast: float) -> Candidates:
    """Search squares of whatever size: coarsely for their size, then in an image where it is ``WORKING_EDGE_PX``.

    Args:
        image: Intensities; shape (rows, cols).
        contrast: Least ratio of a square's intensity to that of the bars beside it.
    """
    edge = estimate_edge(image, contrast)
    if edge is None:
        return Candidates(image, 1.0, np.zeros(image.shape, np.int32), 0, 0.0)
    working, factor = scale_to(image, edge)
    edge_px = edge / factor
    opened = ndimage.grey_opening(stretch(working), size=max(1, round(0.3 * edge_px)))
    tree = _tree(opened)
    chosen = choose_disjoint(tree, _worth(tree, contrast) * _likeness(tree, edge_px))
    return Candidates(working, factor, label_chosen(tree, chosen), len(chosen), edge_px)


def estimate_edge(image: Image, contrast: float) -> float | None:
    """Estimate the edge of the squares in an image [px]; none where there are no squares."""
    factor = max(1, -(-max(image.shape) // COARSEST_SIDE_PX))
    edge = None
    while True:
        tree = _tree(stretch(reduce(image, factor)))
        chosen = choose_disjoint(tree, _worth(tree, contrast))
        if len(chosen):
            edge = _typical(tree, chosen) * factor
        if factor == 1 or (edge is not None and edge / factor >= WORKING_EDGE_PX / 2):
            return edge
        factor = -(-factor // 2)


def scale_to(image: Image, edge_px: float) -> tuple[Image, float]:
    """Bring squares of an edge to about ``WORKING_EDGE_PX``; original pixels to one of the result come with it."""
    factor = edge_px / WORKING_EDGE_PX
    if factor < 0.7:
        times = min(4, round(1 / factor))
        return magnify(image, times), 1 / times
    whole = 1 if factor < 1.5 else 2 * max(1, round(factor / 2))
    return reduce(image, whole), float(whole)


def _tree(stretched: Image) -> ThresholdTree:
    low, high = float(stretched.min()), float(stretched.max())
    return grow_tree(stretched, np.arange(low + LEVEL_STEP, high, LEVEL_STEP))


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


def _typical(tree: ThresholdTree, chosen: NDArray[np.intp]) -> float:
    """Take the edge above and below which lies half of the chosen components' area."""
    inner = chosen[~tree.at_border[chosen]]
    nodes = inner if len(inner) else chosen
    edge = np.sqrt(tree.edges_px[nodes].prod(axis=1))
    order = np.argsort(edge)
    area = np.cumsum(tree.area_px[nodes][order])
    return float(edge[order][np.searchsorted(area, area[-1] / 2)])
