"""The operators who choose the holes of medium images. Every number names its source or is assumed.

The person who chose the squares goes on in the manner of the same family: wants some holes more than others,
keeps off bars and dirt, clicks beside the centre, misses some, and stops when there is enough. ``digest``
names this file's content in every report.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.simulation.operators import Operator
from ptolemy_kedro.simulation.sites import Sites

Array = NDArray[np.float64]
Pair = tuple[float, float]

BASE_RATE = 410 / 571
"""Share of the holes found that operators targeted: Ptolemy's published 410k of 571k. What the numbers below
come to together; asserted by a test."""

REJECTED_SHARE = 0.08
"""Share of the holes put aside by hand, among those passed over in an image looked at: assumed."""

DOUBTFUL_SHARE = 0.06
"""How much of their chance remains to holes that are hardly to be seen: assumed."""


@dataclass(frozen=True)
class HoleFamily:
    """A way of choosing holes. Pairs are mean and sd of a person's own weight; all assumed.

    Attributes:
        relative: Whether ice counts against the image's other holes (True) or in nanometres (False).
        best_rank: Wanted place in the image's order of ice, 0 thinnest to 1, where it counts relatively.
        sharpness: How much a departure from the wanted ice costs.
        bar: Cost of touching the bar.
        dirty: Cost of dirt that takes all the light.
        broken: Cost of a cracked, crystalline or empty hole.
        edge: Cost of being cut by the image's edge.
        used: Cost of an earlier exposure.
        threshold: Wanting above which half of the holes are selected.
    """

    relative: bool
    best_rank: Pair
    sharpness: Pair
    bar: Pair
    dirty: Pair
    broken: Pair
    edge: Pair
    used: Pair
    threshold: Pair


HOLE_FAMILIES = {
    # The brightest holes that still hold ice, as they compare with their neighbours.
    "relative brightness": HoleFamily(True, (0.35, 0.2), (2.2, 0.6), (2.0, 0.8), (4.0, 1.5), (2.0, 0.8),
                                      (1.5, 1.0), (1.5, 1.0), (-2.6, 0.4)),
    # A thickness in nanometres, whatever the neighbours are like.
    "absolute thickness": HoleFamily(False, (0.5, 0.2), (2.0, 0.5), (1.5, 0.8), (4.0, 1.5), (2.0, 0.8),
                                     (1.0, 1.0), (1.5, 1.0), (-2.5, 0.4)),
    # Looks little at ice: takes all that are clean, whole and off the bars.
    "size and neighbourhood": HoleFamily(True, (0.5, 0.2), (0.4, 0.3), (3.5, 1.0), (7.0, 2.0), (1.5, 0.8),
                                         (2.5, 1.0), (2.0, 1.0), (-1.3, 0.3)),
    "thick-ice seeker": HoleFamily(False, (0.7, 0.1), (1.8, 0.4), (1.0, 0.6), (3.0, 1.0), (3.0, 0.8),
                                   (1.0, 1.0), (1.0, 1.0), (-2.5, 0.4)),
    "careful screener": HoleFamily(True, (0.5, 0.1), (2.0, 0.4), (3.0, 1.0), (8.0, 2.0), (3.5, 1.0),
                                   (2.5, 1.0), (3.0, 1.0), (-2.6, 0.4)),
}  # fmt: skip
"""Keyed by the names of ``operators.FAMILIES``; the last two are held out from every training."""


@dataclass(frozen=True)
class HoleOperator:
    """One person choosing holes: a family, with weights of their own; names as in ``HoleFamily``."""

    family: str
    relative: bool
    best_rank: float
    best_log_nm: float
    weights: dict[str, float]
    threshold: float
    temperature: float  # of the choice: wanting is in the same unit; assumed
    whim: float  # share of the choices that follow nothing to be seen; assumed
    miss: float  # share of the wanted holes overlooked; assumed
    early: float  # share of the images left before they were gone through; assumed
    unviewed: float  # share of the images nobody targeted in; assumed
    click_share: float  # sd of a click about the centre, share of the radius; assumed
    bias: tuple[
        float, float
    ]  # common to all clicks: a template put down beside; share of the radius; assumed
    size_factor: float  # of the recorded target over the hole's diameter; assumed


@dataclass(frozen=True)
class HolePicks:
    """What was chosen in one image.

    Attributes:
        selected: Holes in the order of selection, as places among the sites.
        rejected: Those put aside by hand.
        clicks: Where the selected ones were recorded (row, col) [px]; shape (m, 2).
        rejections: Where the rejected ones were; shape (k, 2).
        viewed: Whether anyone targeted in the image.
        want: How much each site is wanted, without noise: the oracle; shape (n,).
        chance: P(selected | viewed), before anyone tires; shape (n,).
    """

    selected: NDArray[np.int64]
    rejected: NDArray[np.int64]
    clicks: Points
    rejections: Points
    viewed: bool
    want: Array
    chance: Array


def draw_hole_operator(rng: np.random.Generator, person: Operator) -> HoleOperator:
    """Draw how the person who chose the squares chooses holes."""
    family = HOLE_FAMILIES[person.family]
    names = ("sharpness", "bar", "dirty", "broken", "edge", "used")
    return HoleOperator(
        person.family,
        family.relative,
        best_rank=float(np.clip(rng.normal(*family.best_rank), 0, 1)),
        best_log_nm=person.best_log_nm,
        weights={name: max(float(rng.normal(*getattr(family, name))), 0.0) for name in names},
        threshold=float(rng.normal(*family.threshold)),
        temperature=float(rng.uniform(0.1, 0.35)),
        whim=float(rng.beta(1.5, 24)),
        miss=float(rng.beta(1.2, 25)),
        early=float(rng.beta(1.2, 14)),
        unviewed=float(rng.beta(1, 20)),
        click_share=float(rng.uniform(0.03, 0.18)),
        bias=(float(rng.normal(0, 0.06)), float(rng.normal(0, 0.06))),
        size_factor=float(np.exp(rng.normal(0, 0.04))),
    )


def wanting(operator: HoleOperator, sites: Sites, shape: tuple[int, int]) -> Array:
    """How much the operator wants each hole, without noise: the oracle; shape (n,)."""
    weights, ice_nm = operator.weights, np.maximum(sites.ice_nm, 3.0)
    if operator.relative:
        departure = 2 * np.abs(_rank(ice_nm, sites.open) - operator.best_rank)
    else:
        departure = np.abs(np.log(ice_nm) - operator.best_log_nm)
    radius_um = np.maximum(sites.radius_um, 1e-6)
    want = -weights["sharpness"] * departure
    want -= weights["bar"] * np.exp(-np.maximum(sites.bar_um - radius_um, 0) / (1.5 * radius_um))
    want -= weights["dirty"] * (sites.dirt + 0.3 * sites.around)
    want -= weights["broken"] * np.isin(sites.state, ("cracked", "crystalline", "empty"))
    want -= weights["used"] * (sites.state == "exposed")
    cut = np.min([sites.centre_px, np.array(shape) - 1 - sites.centre_px], axis=(0, 2)) < sites.radius_px
    return want - weights["edge"] * cut


def _rank(ice_nm: Array, open_: NDArray[np.bool_]) -> Array:
    """Place of each hole in the order of the open ones, 0 thinnest to 1; .5 where there are too few."""
    among = np.sort(ice_nm[open_])
    if len(among) < 3:
        return np.full(len(ice_nm), 0.5)
    return np.searchsorted(among, ice_nm) / len(among)


def chance(operator: HoleOperator, want: Array, sites: Sites) -> Array:
    """The probability that the operator, not yet tired, selects a hole looked at; shape (n,)."""
    fond = 1 / (1 + np.exp(-np.clip((want - operator.threshold) / operator.temperature, -50, 50)))
    taken = ((1 - operator.whim) * fond + operator.whim * BASE_RATE) * (1 - operator.miss)
    return taken * np.where(sites.open, 1.0, np.where(sites.doubtful, DOUBTFUL_SHARE, 0.0))


def choose_holes(
    rng: np.random.Generator, operator: HoleOperator, sites: Sites, shape: tuple[int, int]
) -> HolePicks:
    """Go through an image row by row, select, click beside the centre, and maybe stop before its end.

    Args:
        rng: Of this image's choice.
        operator: Who chooses.
        sites: The holes in view.
        shape: Image (rows, cols) [px].
    """
    want = wanting(operator, sites, shape)
    chances = chance(operator, want, sites)
    viewed = bool(rng.random() >= operator.unviewed)
    passed = _passed(rng, operator, sites) if viewed else np.zeros(len(sites), dtype=bool)
    taken = passed & (rng.random(len(sites)) < chances)
    aside = passed & sites.open & ~taken & (chances < 0.4) & (rng.random(len(sites)) < REJECTED_SHARE)
    order = np.lexsort([sites.centre_px[:, 1], np.rint(sites.centre_px[:, 0] / max(shape[0] / 8, 1))])
    selected, rejected = order[taken[order]], order[aside[order]]
    clicks, rejections = (_click(rng, operator, sites[which], shape) for which in (selected, rejected))
    return HolePicks(selected, rejected, clicks, rejections, viewed and bool(taken.any()), want, chances)


def _passed(rng: np.random.Generator, operator: HoleOperator, sites: Sites) -> NDArray[np.bool_]:
    """Which holes were looked at before it was enough: all, or those on one side of a line."""
    if len(sites) == 0 or rng.random() >= operator.early:
        return np.ones(len(sites), dtype=bool)
    way = rng.uniform(0, 2 * np.pi)
    along = sites.centre_px @ np.array([np.cos(way), np.sin(way)])
    return along <= np.quantile(along, rng.uniform(0.15, 0.9))


def _click(rng: np.random.Generator, operator: HoleOperator, sites: Sites, shape: tuple[int, int]) -> Points:
    off = np.array(operator.bias) + operator.click_share * rng.normal(0, 1, (len(sites), 2))
    return np.clip(sites.centre_px + off * sites.radius_px[:, None], 0, np.array(shape) - 1)


def digest() -> str:
    """Return the SHA-256 of this file: which operators a simulated session was made with."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
