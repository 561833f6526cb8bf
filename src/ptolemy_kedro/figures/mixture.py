"""The Poisson mixture of a tile's intensities beside the mask that follows from it."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ptolemy_kedro.squares.segmentation import Squares


def mixture_and_mask(image: NDArray, squares: Squares, title: str = "") -> Figure:
    """Draw the histogram of intensities with the mixture's means and threshold, and the squares' mask.

    Args:
        image: Intensities, shape (rows, cols).
        squares: Found in it.
        title: Which image it is.
    """
    figure = Figure(figsize=(11, 5), layout="constrained")
    histogram, mask = figure.subplots(1, 2)
    mixture = squares.mixture
    finite = image[np.isfinite(image)]
    histogram.hist(finite, bins=150, range=tuple(np.percentile(finite, [0.1, 99.9])), color="0.6", log=True)
    for mean, name, colour in zip(
        mixture.means, ("dark", "bright"), ("midnightblue", "darkorange"), strict=True
    ):
        histogram.axvline(mean, color=colour, label=f"mean of the {name} component: {mean:.0f}")
    histogram.axvline(
        mixture.threshold, color="crimson", linestyle="--", label=f"threshold: {mixture.threshold:.0f}"
    )
    histogram.set(xlabel="intensity [as stored]", ylabel="pixels", title="Poisson mixture")
    histogram.legend(fontsize=8)
    low, high = np.percentile(finite, [0.5, 99.5])
    mask.imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1e-9))
    mask.imshow(np.ma.masked_equal(squares.mask > 0, 0), cmap="autumn", alpha=0.35, interpolation="nearest")
    mask.set(xticks=[], yticks=[], title=f"{len(squares)} squares; {title}")
    return figure
