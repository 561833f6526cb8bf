"""Images in which locating did worst."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ptolemy_kedro.figures.tile import draw_image

COLUMNS = 2
PANEL_IN = 5.0
HIT, UNCLICKED, MISSED = "limegreen", "orange", "red"


@dataclass(frozen=True)
class LocatedImage:
    """An image, what was found and what was clicked in it; points are (row, col) [px].

    Attributes:
        name: Session and image.
        pixels: Shape (rows, cols).
        centres: Of the holes that were found, shape (n, 2).
        radius_px: Of these, shape (n,).
        clicked: Whether a click lies in each, shape (n,).
        missed: Clicks in no hole that was found, shape (m, 2).
    """

    name: str
    pixels: NDArray
    centres: NDArray[np.float64]
    radius_px: NDArray[np.float64]
    clicked: NDArray[np.bool_]
    missed: NDArray[np.float64]


def worst_located(images: Sequence[LocatedImage]) -> Figure:
    """Draw images with hits, with holes that nobody clicked, and with clicks that were missed.

    Args:
        images: The worst first; at least one.
    """
    rows = -(-len(images) // COLUMNS)
    figure = Figure(figsize=(COLUMNS * PANEL_IN, rows * (PANEL_IN * 0.8) + 0.4), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes in panels[len(images) :]:
        axes.set_axis_off()
    for axes, image in zip(panels, images, strict=False):
        _draw(axes, image)
    figure.suptitle(
        "Green: found and clicked. Orange: found, nobody clicked it. Red cross: clicked, not found.",
        fontsize=10,
    )
    return figure


def _draw(axes: Axes, image: LocatedImage) -> None:
    draw_image(axes, image.pixels)
    for chosen, colour in ((image.clicked, HIT), (~image.clicked, UNCLICKED)):
        across = 2 * image.radius_px[chosen]
        places = {"offsets": image.centres[chosen][:, ::-1], "offset_transform": axes.transData}
        flat = np.zeros(len(across))
        axes.add_collection(
            EllipseCollection(
                across, across, flat, units="xy", facecolors="none", edgecolors=colour, **places
            )
        )
    axes.plot(image.missed[:, 1], image.missed[:, 0], "x", color=MISSED, markersize=8, markeredgewidth=2)
    spare = int((~image.clicked).sum())
    told = f"{len(image.missed)} clicks missed, {spare} of {len(image.centres)} holes not clicked"
    axes.set_title(f"{image.name}\n{told}", fontsize=9)
