"""Do scores mean what they say? Of the sites scored about .3, were about three in ten selected?"""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray


def calibration_curves(bins: Mapping[str, NDArray[np.float64]], title: str = "") -> Figure:
    """Draw the share selected over the score, a line a model; a dot's area is the number of sites.

    Args:
        bins: By model, as ``metrics.ranking.Ranking.calibration`` gives them: sites, mean score, share
            selected, shape (bins, 3); NaN where a bin holds no site.
        title: Of what.
    """
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=1, label="as it should be")
    for name, rows in bins.items():
        sites, scores, shares = rows[rows[:, 0] > 0].T
        (line,) = axes.plot(scores, shares, linewidth=1, label=name)
        axes.scatter(scores, shares, 6 + 200 * sites / sites.sum(), color=line.get_color(), alpha=0.7)
    axes.set(xlabel="score", ylabel="share selected", xlim=(0, 1), ylim=(0, 1), title=title, aspect="equal")
    axes.legend(fontsize=8)
    return figure
