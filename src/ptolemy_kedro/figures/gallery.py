"""Crops of squares or of holes in the order of their scores."""

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ptolemy_kedro.figures.crop_mistakes import GREYS, HasPixels
from ptolemy_kedro.figures.tile import RANKING

COLUMNS, ROWS = 10, 4


def crops_by_score(
    crops: HasPixels, scores: NDArray[np.float64], selected: NDArray[np.bool_], title: str = ""
) -> Figure:
    """Draw crops from the best to the worst, evenly taken; those the operator selected are framed.

    Args:
        crops: n of them, at least one.
        scores: Of each, shape (n,).
        selected: Whether the operator selected it, shape (n,).
        title: Where they come from.
    """
    order = np.argsort(-scores, kind="stable")
    shown = order[np.unique(np.linspace(0, len(order) - 1, COLUMNS * ROWS).astype(int))]
    figure = Figure(figsize=(COLUMNS * 1.1, ROWS * 1.25 + 0.4), layout="constrained")
    axes = figure.subplots(ROWS, COLUMNS).ravel()
    for axis in axes:
        axis.set_axis_off()
    for place, (axis, index) in enumerate(zip(axes, shown, strict=False)):
        axis.imshow(crops.pixels[index], cmap="gray", **GREYS)
        colour = colormaps[RANKING](1 - place / max(len(shown) - 1, 1))
        axis.set_title(f"{scores[index]:.2f}", fontsize=8, color=colour, pad=2)
        if selected[index]:
            axis.set_axis_on()
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(color="limegreen", linewidth=2.5)
    figure.suptitle(f"Best to worst; framed in green: selected by the operator. {title}", fontsize=10)
    return figure
