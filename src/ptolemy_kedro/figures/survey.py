"""Ranked squares of a whole session, over its images and beside one another."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke, withStroke
from numpy.typing import NDArray

from ptolemy_kedro.figures.tile import RANKING, draw_image

LONGER_EDGE_IN = 8.0
"""Longer edge of a picture on the page [inch]."""
SMALLEST_WRITTEN_PT = 16
"""Edge of a square on the page [points] under which its rank would hide it."""


def outlines_over(
    image: NDArray,
    corners: NDArray[np.float64],
    places: NDArray[np.float64],
    ranks: Sequence[int],
    caption: str = "",
    dots: NDArray[np.bool_] | None = None,
) -> Figure:
    """Outline squares over an image, dark blue the best of the session, dark red the worst, with their ranks.

    Args:
        image: Intensities, shape (rows, cols).
        corners: Of the squares, (row, col) [px]; shape (n, 4, 2).
        places: Of each among all of the session, 0 the best, 1 the worst; shape (n,).
        ranks: Of each, 1 the best.
        caption: What is shown.
        dots: Which squares get a dot; shape (n,).
    """
    rows, cols = image.shape
    inch = LONGER_EDGE_IN / max(rows, cols)
    figure = Figure(figsize=(cols * inch, rows * inch + 0.4), layout="constrained")
    axes = figure.add_subplot()
    draw_image(axes, image)
    axes.set_title(caption, fontsize=9)
    colours = colormaps[RANKING](1 - places)
    edge_pt = _edge_pt(corners) * inch * 72
    width = float(np.clip(edge_pt / 14, 0.7, 2.0))
    outlines = PolyCollection(
        list(corners[:, :, ::-1]), facecolors="none", edgecolors=colours, linewidths=width
    )
    # The best are dark and lie on dark bars.
    outlines.set_path_effects([Stroke(linewidth=1.8 * width, foreground="white"), Normal()])
    axes.add_collection(outlines)
    if dots is not None and dots.any():
        middle = corners[dots].mean(axis=1)
        axes.scatter(middle[:, 1], middle[:, 0], s=np.clip(edge_pt, 6, 40), c="white", edgecolors="black")
    if edge_pt >= SMALLEST_WRITTEN_PT:
        _write(axes, corners.mean(axis=1), ranks, colours)
    return figure


def gallery(
    crops: Sequence[NDArray], scores: NDArray[np.float64], ranks: Sequence[int], columns: int
) -> Figure:
    """Show squares from the best to the worst, all in one range of grey.

    Args:
        crops: Intensities, each of shape (side, side); at least one.
        scores: Of each, shape (n,).
        ranks: Of each, 1 the best.
        columns: How many a row.
    """
    lines = -(-len(crops) // columns)
    figure = Figure(figsize=(columns * 0.95, lines * 1.15 + 0.3), layout="constrained")
    low, high = np.percentile(np.stack(crops), [0.5, 99.5])
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, crop, score, rank in zip(axes, crops, scores, ranks, strict=False):
        axis.imshow(crop, cmap="gray", vmin=low, vmax=max(high, low + 1e-9))
        axis.set_title(f"{rank}: {score:.2f}", fontsize=8, pad=2)
    return figure


def _edge_pt(corners: NDArray[np.float64]) -> float:
    """The typical edge of squares [px]."""
    edges = np.linalg.norm(np.diff(corners[:, :3], axis=1), axis=2)
    return float(np.median(edges)) if len(corners) else 0.0


def _write(axes, middles: NDArray[np.float64], ranks: Sequence[int], colours: NDArray[np.float64]) -> None:
    for (row, col), rank, colour in zip(middles, ranks, colours, strict=True):
        text = axes.text(col, row, str(rank), color=colour, ha="center", va="center", weight="bold")
        text.set(fontsize=9, clip_on=True, path_effects=[withStroke(linewidth=2.5, foreground="white")])
