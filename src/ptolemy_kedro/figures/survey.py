"""Ranked squares of a whole session, over its images and beside one another."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke, withStroke
from numpy.typing import NDArray

from ptolemy_kedro.figures.holes import draw_holes
from ptolemy_kedro.figures.tile import RANKING, draw_image

if TYPE_CHECKING:
    from ptolemy_kedro.holes.found import FoundHoles

DPI = 100
CAPTION_PX = 22
"""Height of the line over a picture."""
SMALLEST_WRITTEN_PT = 30
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
    figure, axes = _canvas(image, caption)
    colours = colormaps[RANKING](1 - places)
    edge_pt = _edge_px(corners) * 72 / DPI
    width = float(np.clip(edge_pt / 14, 0.7, 2.0))
    outlines = PolyCollection(
        list(corners[:, :, ::-1]), facecolors="none", edgecolors=colours, linewidths=width
    )
    # The best are dark and lie on dark bars.
    outlines.set_path_effects([Stroke(linewidth=width + 0.7, foreground="white"), Normal()])
    axes.add_collection(outlines)
    if dots is not None and dots.any():
        middle = corners[dots].mean(axis=1)
        axes.scatter(middle[:, 1], middle[:, 0], s=np.clip(edge_pt, 6, 40), c="white", edgecolors="black")
    if edge_pt >= SMALLEST_WRITTEN_PT:
        _write(axes, corners.mean(axis=1), ranks, colours)
    return figure


def holes_over(image: NDArray, found: "FoundHoles", scores: NDArray[np.float64], caption: str = "") -> Figure:
    """Circle holes over an image, dark blue its best, dark red its worst; the lattice's own dashed.

    Args:
        image: Intensities, shape (rows, cols).
        found: Holes in it, n of them; n may be 0.
        scores: Of each, shape (n,).
        caption: What is shown.
    """
    figure, axes = _canvas(image, f"{caption}: {len(found)} holes")
    draw_holes(axes, found, scores)
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


def _canvas(image: NDArray, caption: str) -> tuple[Figure, Axes]:
    """A figure that shows an image dot by dot, and a line over it: fast to draw, for a session has many."""
    rows, cols = image.shape
    figure = Figure(figsize=(cols / DPI, (rows + CAPTION_PX) / DPI), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, rows / (rows + CAPTION_PX)))
    draw_image(axes, image)
    axes.images[0].set_interpolation("nearest")
    axes.set_axis_off()
    figure.text(0.005, 1 - CAPTION_PX / 2 / (rows + CAPTION_PX), caption, va="center", fontsize=9)
    return figure, axes


def _edge_px(corners: NDArray[np.float64]) -> float:
    """The typical edge of squares [px]."""
    edges = np.linalg.norm(np.diff(corners[:, :3], axis=1), axis=2)
    return float(np.median(edges)) if len(corners) else 0.0


def _write(
    axes: Axes, middles: NDArray[np.float64], ranks: Sequence[int], colours: NDArray[np.float64]
) -> None:
    for (row, col), rank, colour in zip(middles, ranks, colours, strict=True):
        text = axes.text(col, row, str(rank), color=colour, ha="center", va="center", weight="bold")
        text.set(fontsize=9, clip_on=True, path_effects=[withStroke(linewidth=2.5, foreground="white")])
