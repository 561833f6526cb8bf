"""Ranked squares drawn over the image they were found in."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from ptolemy_kedro.squares.segmentation import Squares

SMALLEST_WRITTEN_PT = 24
"""Edge of a square on the page [points] under which its score would hide it."""

RANKING = "turbo_r"
"""Colours from dark red, the worst, to dark blue, the best."""


def tile_overlay(image: NDArray, squares: Squares, scores: NDArray[np.float64], model: str = "") -> Figure:
    """Outline the squares over their image, dark blue the best, dark red the worst.

    Args:
        image: Intensities, shape (rows, cols).
        squares: Found in it.
        scores: Of each, shape (n,).
        model: Name, version and origin of what scored them, for the caption.
    """
    figure = Figure(figsize=(9, 9), layout="constrained")
    axes = figure.add_subplot()
    draw_image(axes, image)
    draw_ranking(axes, squares, scores)
    axes.set_title(f"{len(squares)} squares, P(selected | viewed); {model}", fontsize=10)
    return figure


def draw_image(axes: Axes, image: NDArray) -> None:
    """Show an image of shape (rows, cols) in grey, its extremes cut off."""
    low, high = np.percentile(image[np.isfinite(image)], [0.5, 99.5])
    axes.imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1e-9))
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5), xticks=[], yticks=[])


def draw_ranking(axes: Axes, squares: Squares, scores: NDArray[np.float64]) -> None:
    """Outline squares in the colour of their rank; write the score of each, (n,), into large ones."""
    colours = colormaps[RANKING](1 - rank(scores))
    edge_pt = _edge_pt(axes, squares)
    vertices = list(squares.corners[:, :, ::-1])
    width = float(np.clip(edge_pt / 12, 0.9, 2.2))
    axes.add_collection(PolyCollection(vertices, facecolors="none", edgecolors=colours, linewidths=width))
    if edge_pt < SMALLEST_WRITTEN_PT:
        return
    for (row, col), score, colour in zip(squares.centres, scores, colours, strict=True):
        text = axes.text(col, row, f"{score:.2f}", color=colour, ha="center", va="center", weight="bold")
        text.set(fontsize=9, clip_on=True, path_effects=[withStroke(linewidth=2.5, foreground="white")])


def rank(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Place each score between 0, the best, and 1, the worst."""
    return np.argsort(np.argsort(-scores)) / max(len(scores) - 1, 1)


def _edge_pt(axes: Axes, squares: Squares) -> float:
    """Measure the typical edge of a square on the page [points]."""
    edges_px = np.linalg.norm(np.diff(squares.corners[:, :3], axis=1), axis=2)
    width_px = abs(np.diff(axes.get_xlim())[0])
    page_pt = axes.get_window_extent().width / axes.figure.dpi * 72
    return float(np.median(edges_px)) / width_px * page_pt if len(squares) else 0.0
