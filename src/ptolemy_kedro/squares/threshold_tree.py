"""The tree of an image's bright components over rising thresholds, and the choice of disjoint ones in it.

Every connected component at every threshold is a candidate, so that no single threshold has to suit the
whole image: a square in thick ice shows at one, squares that touch come apart at another.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.squares.runs import runs_of

Image = NDArray[np.float32]


@dataclass(frozen=True)
class ThresholdTree:
    """Components, ordered by level; a parent comes before its children.

    Attributes:
        innermost: Index of the highest component each pixel lies in, -1 for none; shape (rows, cols).
        levels: Number of thresholds.
        level: Level of each component; shape (n,).
        parent: Index of the component it lies in one level below, -1 at the lowest; shape (n,).
        area_px: Pixels; shape (n,).
        centre: Mean (row, col) [px]; shape (n, 2).
        edges_px: Longer and shorter edge of the rectangle with the same second moments; shape (n, 2).
        at_border: Whether it touches the image's border; shape (n,).
    """

    innermost: NDArray[np.int32]
    levels: int
    level: NDArray[np.intp]
    parent: NDArray[np.intp]
    area_px: NDArray[np.float64]
    centre: NDArray[np.float64]
    edges_px: NDArray[np.float64]
    at_border: NDArray[np.bool_]

    @property
    def fill(self) -> NDArray[np.float64]:
        """Area over that of the rectangle with the same moments: 1 for a rectangle, less with gaps."""
        return self.area_px / np.maximum(self.edges_px.prod(axis=1), 1e-9)

    @property
    def aspect(self) -> NDArray[np.float64]:
        """Shorter edge over longer."""
        return self.edges_px[:, 1] / np.maximum(self.edges_px[:, 0], 1e-9)


def grow_tree(image: Image, thresholds: NDArray[np.float64]) -> ThresholdTree:
    """Label the image above each of the rising thresholds and link the components.

    Args:
        image: Intensities; shape (rows, cols).
        thresholds: Rising; shape (levels,).
    """
    innermost, labels = np.full(image.shape, -1, np.int32), np.empty(image.shape, np.int32)
    parents, first = [], 0
    for threshold in thresholds:
        above = image > threshold
        count = ndimage.label(above, output=labels)
        begins = above.copy()
        begins[:, 1:] &= ~above[:, :-1]
        pixel = np.flatnonzero(begins)  # each component begins somewhere
        parent = np.full(count + 1, -1, np.intp)
        parent[labels.ravel()[pixel]] = innermost.ravel()[pixel]
        np.add(labels, first - 1, out=innermost, where=above)
        parents.append(parent[1:])
        first += count
    level = np.repeat(np.arange(len(parents)), [len(p) for p in parents])
    parent = np.concatenate(parents) if parents else np.empty(0, np.intp)
    return ThresholdTree(innermost, len(parents), level, parent, *_moments(innermost, level, parent))


def stability(tree: ThresholdTree, change: float = 1.5) -> NDArray[np.float64]:
    """Count the levels over which each component stays about as large, itself among them; shape (n,)."""
    span = np.ones(len(tree.level))
    heaviest = _heaviest_child(tree)
    for following, grows in ((tree.parent, True), (heaviest, False)):
        here, alive = np.arange(len(span)), np.ones(len(span), bool)
        for _ in range(tree.levels):
            onward = following[here]
            ratio = tree.area_px[onward] / tree.area_px
            alive &= (onward >= 0) & ((ratio <= change) if grows else (ratio >= 1 / change))
            if not alive.any():
                break
            span += alive
            here = np.where(alive, onward, here)
    return span


def choose_disjoint(tree: ThresholdTree, worth: NDArray[np.float64]) -> NDArray[np.intp]:
    """Choose the components, none within another, whose worths add up to the most.

    Args:
        tree: The components.
        worth: Of each; one of worth 0 is never chosen; shape (n,).

    Returns:
        Indices of the chosen; shape (m,).
    """
    best = worth.astype(float)
    below = np.zeros(len(worth))
    members = [np.flatnonzero(tree.level == k) for k in range(tree.levels)]
    for nodes in reversed(members):
        best[nodes] = np.maximum(worth[nodes], below[nodes])
        with_parent = nodes[tree.parent[nodes] >= 0]
        np.add.at(below, tree.parent[with_parent], best[with_parent])
    open_, chosen = np.ones(len(worth), bool), np.zeros(len(worth), bool)
    for nodes in members:
        parents = tree.parent[nodes]
        open_[nodes] = (parents < 0) | (open_[parents] & ~chosen[parents])
        chosen[nodes] = open_[nodes] & (worth[nodes] > 0) & (worth[nodes] >= below[nodes])
    return np.flatnonzero(chosen)


def label_chosen(tree: ThresholdTree, chosen: NDArray[np.intp]) -> NDArray[np.int32]:
    """Draw the chosen components: 1 + position in ``chosen``, 0 elsewhere; shape (rows, cols)."""
    number = np.zeros(len(tree.level) + 1, np.int32)
    number[chosen] = np.arange(1, len(chosen) + 1)
    for k in range(1, tree.levels):
        nodes = np.flatnonzero(tree.level == k)
        number[nodes] = np.maximum(number[nodes], number[tree.parent[nodes]])
    return number[tree.innermost]


def _moments(innermost, level, parent):
    """Sum up each component's pixels, those of its children included, by runs of pixels."""
    rows, cols = innermost.shape
    runs = runs_of(innermost + 1)
    n, r, c = (part.astype(float) for part in (runs.length, runs.row, (runs.first + runs.last) / 2))
    border = (runs.row == 0) | (runs.first == 0) | (runs.row == rows - 1) | (runs.last == cols - 1)
    terms = [n, n * r, n * c, n * r * r, n * c * c + n * (n * n - 1) / 12, n * r * c, border]
    sums = np.stack([runs.total(term, len(level))[1:] for term in terms])
    for k in range(level.max(initial=0), 0, -1):
        nodes = np.flatnonzero(level == k)
        for total in sums:
            total += np.bincount(parent[nodes], total[nodes], len(level))
    area = sums[0]
    mean_r, mean_c, rr, cc, rc = sums[1:6] / np.maximum(area, 1)
    # A pixel is an area of its own: it adds 1/12 to each variance.
    var_r, var_c, cov = rr - mean_r**2 + 1 / 12, cc - mean_c**2 + 1 / 12, rc - mean_r * mean_c
    mean, half = (var_r + var_c) / 2, np.hypot((var_r - var_c) / 2, cov)
    edges = np.sqrt(12 * np.maximum(np.stack([mean + half, mean - half], axis=1), 1e-9))
    return area, np.stack([mean_r, mean_c], axis=1), edges, sums[6] > 0


def _heaviest_child(tree: ThresholdTree) -> NDArray[np.intp]:
    heaviest = np.full(len(tree.level), -1, np.intp)
    by_area = np.argsort(tree.area_px, kind="stable")
    with_parent = by_area[tree.parent[by_area] >= 0]
    heaviest[tree.parent[with_parent]] = with_parent
    return heaviest
