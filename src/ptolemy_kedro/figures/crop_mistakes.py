"""Crops that a model judged worst: those it praised and the operator left, those it blamed and he chose."""

from typing import Any, Protocol, cast

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

COLUMNS = 10
GREYS = {"vmin": 128 - 4 * 16, "vmax": 128 + 4 * 16}
"""Stored levels shown from black to white: four standard deviations each way."""


class HasPixels(Protocol):
    """Crops of squares or of holes."""

    @property
    def pixels(self) -> list[NDArray[np.uint8]]:
        """Each crop, a byte a pixel."""


def worst_mistakes(
    crops: HasPixels, scores: NDArray[np.float64], selected: NDArray[np.bool_], title: str = ""
) -> Figure:
    """Draw the rejected with the highest scores above the selected with the lowest; the worst first.

    Args:
        crops: n of them; n may be 0.
        scores: Of each, shape (n,).
        selected: Whether the operator selected it, shape (n,).
        title: Where they come from.
    """
    figure = Figure(figsize=(COLUMNS * 1.1, 3.4), layout="constrained")
    above, below = cast(Any, figure.subfigures(2, 1))
    praised = [index for index in np.argsort(-scores, kind="stable") if not selected[index]]
    blamed = [index for index in np.argsort(scores, kind="stable") if selected[index]]
    kinds = ((above, praised, "left by the operator, scored high"), (below, blamed, "chosen, scored low"))
    for half, chosen, name in kinds:
        half.suptitle(f"{name}; {title}".rstrip("; "), fontsize=9)
        panels = half.subplots(1, COLUMNS)
        for axes in panels:
            axes.set_axis_off()
        for axes, index in zip(panels, chosen, strict=False):
            axes.imshow(crops.pixels[index], cmap="gray", **GREYS)
            axes.set_title(f"{scores[index]:.2f}", fontsize=8, pad=2)
    return figure
