"""Judged holes drawn over the image they were found in."""

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from ptolemy_kedro.figures.tile import RANKING, draw_image, rank

if TYPE_CHECKING:
    from ptolemy_kedro.holes.found import FoundHoles

LONGER_EDGE_IN = 10.0
"""Longer edge of the picture on the page [inch]."""
SMALLEST_WRITTEN_PT = 13
"""Radius of a hole on the page [points] under which its score would hide it."""
ALONG_THE_LATTICE = (0, (1.6, 1.1))
"""Dashes of a hole at a site of its lattice where the network made no peak."""


def holes_overlay(
    image: NDArray, found: "FoundHoles", scores: NDArray[np.float64], caption: str = ""
) -> Figure:
    """Circle the holes over their image, dark blue the best, dark red the worst; the lattice's own dashed.

    Args:
        image: Intensities, shape (rows, cols).
        found: Holes in it, n of them; n may be 0.
        scores: Of each, shape (n,).
        caption: Which image, and what scored it.
    """
    rows, cols = image.shape
    scale = LONGER_EDGE_IN / max(rows, cols)
    figure = Figure(figsize=(max(cols * scale, 4), max(rows * scale, 3) + 0.7), layout="constrained")
    axes = figure.add_subplot()
    draw_image(axes, image)
    draw_holes(axes, found, scores)
    guessed = int(np.count_nonzero(found.from_lattice))
    counted = f"{len(found)} holes" + (f", {guessed} of them from the lattice" if guessed else "")
    axes.set_title(f"{counted}; P(selected | viewed); {caption}".rstrip("; "), fontsize=10, wrap=True)
    axes.legend(handles=_key(guessed), loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3, frameon=False)
    return figure


def draw_holes(axes: Axes, found: "FoundHoles", scores: NDArray[np.float64]) -> None:
    """Circle holes at their radius in the colour of their rank; write the score, (n,), into large ones."""
    if not len(found):
        return
    colours = colormaps[RANKING](1 - rank(scores))
    point_px = _pixels_a_point(axes)
    width_pt = float(np.clip(np.median(found.radius_px) / point_px / 5, 1.1, 2.2))
    for of_lattice in (False, True):
        chosen = np.flatnonzero(found.from_lattice == of_lattice)
        if len(chosen):
            style = ALONG_THE_LATTICE if of_lattice else "solid"
            axes.add_collection(_circles(axes, found, chosen, colours, width_pt, style))
    if np.median(found.radius_px) / point_px >= SMALLEST_WRITTEN_PT:
        _write_scores(axes, found, scores)


def _circles(
    axes: Axes,
    found: "FoundHoles",
    chosen: NDArray[np.int64],
    colours: NDArray[np.float64],
    width_pt: float,
    style: str | tuple[int, tuple[float, float]],
) -> EllipseCollection:
    across = 2 * found.radius_px[chosen]
    return EllipseCollection(
        across,
        across,
        np.zeros(len(chosen)),
        units="xy",
        offsets=found.centres[chosen][:, ::-1],
        offset_transform=axes.transData,
        facecolors="none",
        edgecolors=colours[chosen],
        linewidths=width_pt,
        linestyles=[style],
    )


def _write_scores(axes: Axes, found: "FoundHoles", scores: NDArray[np.float64]) -> None:
    for (row, col), score in zip(found.centres, scores, strict=True):
        text = axes.text(col, row, f"{score:.2f}", color="white", ha="center", va="center", weight="bold")
        text.set(fontsize=8, clip_on=True, path_effects=[withStroke(linewidth=2, foreground="black")])


def _pixels_a_point(axes: Axes) -> float:
    """Measure how many pixels of the image one point of the page shows."""
    width_px = float(abs(np.diff(axes.get_xlim())[0]))
    return width_px / (axes.get_window_extent().width / axes.figure.dpi * 72)


def _key(guessed: int) -> list[Line2D]:
    marks: list[tuple[str, float, Any]] = [("best", 0.0, "solid"), ("worst", 1.0, "solid")]
    marks += [("from the lattice, no peak of the network there", 0.3, ALONG_THE_LATTICE)] if guessed else []
    return [
        Line2D([], [], color=colormaps[RANKING](1 - place), linestyle=style, linewidth=2, label=label)
        for label, place, style in marks
    ]
