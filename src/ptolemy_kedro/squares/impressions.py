"""What was seen of each square in all images of its grid, taken together and beside the rest of the grid."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.squares.context import (
    Floats,
    Sightings,
    adjoining,
    beside_median,
    by_square,
    rank,
)
from ptolemy_kedro.squares.sight import PERCEIVED

ALIGNED = 15
"""Rounds in which images are brought to agree about the squares that they share."""

FAR_PX, FAR_WORTH = 27, 50.0
"""Ice is seen nearly as well from afar: a square of fewer pixels a side counts as if it had so many."""

SMOOTHED = 0.35
"""Share of the adjoining squares in a square's ice: it changes little from one to the next, errors do."""

IMPRESSIONS: tuple[str, ...] = (
    "ice_rank",  # 0 thinnest .. 1 thickest of the grid
    "ice_off",  # from the grid's median, in robust spreads
    "ice",  # ln [nm]
    "grid_ice",  # median of the grid
    "grid_ice_spread",
    "good_company",  # share of the adjoining squares that seem usable
    "specks_rank",
    "opening_rank",
    *(f"all_{name}" for name in PERCEIVED[1:]),
)
"""Names of what comes of it; the last are means over the sightings of a square."""


def describe_impressions(seen: Sightings, perceived: Mapping[str, Floats]) -> dict[str, Floats]:
    """Put together what was seen of each square, and compare it with the rest of its grid.

    Args:
        seen: The sightings.
        perceived: Each of ``PERCEIVED``; shape (n,).

    Returns:
        Each of ``IMPRESSIONS``, finite; shape (n,).
    """
    if not len(seen.square):
        return {name: np.empty(0) for name in IMPRESSIONS}
    around, _ = adjoining(seen.place[seen.best])
    ice = _smooth(by_square(seen, _aligned(seen, perceived["seen_ice"]), _worth(seen)), around)
    mean = {name: by_square(seen, perceived[name]) for name in PERCEIVED[1:]}
    good = mean["seems_normal"] + mean["seems_cracked"]
    company = _around(good, around, alone=np.ones(len(good)))
    off, median, spread = beside_median(ice)
    of_squares = {
        "ice_rank": rank(ice),
        "ice_off": off,
        "ice": ice,
        "grid_ice": np.full(len(ice), median),
        "grid_ice_spread": np.full(len(ice), spread),
        "good_company": company,
        "specks_rank": rank(mean["seen_specks"]),
        "opening_rank": rank(mean["seen_opening"]),
        **{f"all_{name}": value for name, value in mean.items()},
    }
    return {name: np.nan_to_num(of_squares[name][seen.square]) for name in IMPRESSIONS}


def _smooth(ice: Floats, around: NDArray[np.intp]) -> Floats:
    return (1 - SMOOTHED) * ice + SMOOTHED * _around(ice, around, alone=ice)


def _around(values: Floats, around: NDArray[np.intp], alone: Floats) -> Floats:
    """Average over the adjoining squares of each; ``alone`` where there are none."""
    there = around >= 0
    mean = (values[around] * there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return np.where(there.any(axis=1), mean, alone)


def _worth(seen: Sightings) -> Floats:
    """Weigh sightings by how well they show the ice."""
    size = np.where(seen.edge_px < FAR_PX, FAR_WORTH, np.minimum(seen.edge_px, 100))
    return np.where(seen.cut, 0.1, 1.0) * size


def _aligned(seen: Sightings, ice: Floats) -> Floats:
    """Bring images that share squares to agree about these: what is behind nothing is not seen in each."""
    images = int(seen.image.max()) + 1
    for _ in range(ALIGNED if images > 1 else 0):
        off = by_square(seen, ice, _worth(seen))[seen.square] - ice
        ice = ice + np.array([np.median(off[seen.image == image]) for image in range(images)])[seen.image]
    return ice
