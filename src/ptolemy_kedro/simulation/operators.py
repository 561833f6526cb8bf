"""The operators who choose a simulated session's squares. Every number names its source or is assumed.

An operator weighs what can be seen of a square, wants some squares more than others, opens some tiles, clicks
beside the centre, and stops when there is enough. ``digest`` names this file's content in every report.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.simulation.options import Drawn
from ptolemy_kedro.simulation.specimen import Grid

Array = NDArray[np.float64]

BASE_RATE = 11 / 41
"""Share of the squares found that operators selected: Ptolemy's published 11k of 41k. What the numbers below
(viewed share, threshold, stopping) come to together; asserted by a test."""


@dataclass(frozen=True)
class Family:
    """A way of choosing squares. Pairs are mean and sd of a person's own weight; all assumed.

    Attributes:
        name: What a report calls it.
        relative: Whether thickness counts against the grid's median (True) or in nanometres (False).
        best_nm: Wanted ice thickness [nm], where it counts in nanometres.
        best_rank: Wanted place in the grid's order of thickness, 0 thinnest to 1, where it counts relatively.
        sharpness: How much a departure from the wanted thickness costs.
        intact: Cost of torn foil.
        clean: Cost of a speck.
        size: Worth of a large opening.
        company: Worth of good neighbours.
        middle: Worth of being near the grid's centre.
        even: Cost of a pool of ice.
        threshold: Wanting above which half of the squares are selected.
    """

    name: str
    relative: bool
    best_nm: tuple[float, float]
    best_rank: tuple[float, float]
    sharpness: tuple[float, float]
    intact: tuple[float, float]
    clean: tuple[float, float]
    size: tuple[float, float]
    company: tuple[float, float]
    middle: tuple[float, float]
    even: tuple[float, float]
    threshold: tuple[float, float]


NONE = (0.0, 0.0)
TRAINING_FAMILIES = (
    # Looks for the brightest squares that still hold ice, as they compare with the rest of this grid.
    Family("relative brightness", True, NONE, (0.3, 0.2), (3.0, 1.0), (3.0, 1.0), (0.05, 0.05), (0.3, 0.3),
           NONE, (0.2, 0.3), (0.6, 0.5), (-1.7, 0.4)),
    # Knows what ice the sample wants, whatever the rest of the grid is like: no relative preference at all.
    Family("absolute thickness", False, (45.0, 0.4), NONE, (1.6, 0.4), (3.0, 1.0), (0.05, 0.05), NONE,
           NONE, NONE, (0.4, 0.4), (-1.7, 0.4)),
    # Takes large, whole squares in runs, near the middle of the grid; looks little at ice.
    Family("size and neighbourhood", True, NONE, (0.5, 0.2), (0.8, 0.5), (2.5, 1.0), (0.15, 0.1), (1.0, 0.4),
           (1.5, 0.5), (0.8, 0.5), (0.2, 0.3), (-0.1, 0.4)),
)  # fmt: skip
HELD_OUT_FAMILIES = (
    # Wants thicker ice than most: large complexes, tomography.
    Family("thick-ice seeker", False, (120.0, 0.4), NONE, (1.3, 0.3), (2.0, 1.0), (0.05, 0.05), (0.2, 0.2),
           NONE, NONE, (-0.2, 0.3), (-1.7, 0.4)),
    # Screens: avoids pools and dirt, takes the middle of the range, far from the rim.
    Family("careful screener", True, NONE, (0.5, 0.1), (2.0, 0.5), (4.0, 1.0), (0.3, 0.1), (0.3, 0.2),
           (0.5, 0.3), (0.4, 0.3), (1.5, 0.5), (-1.7, 0.4)),
)  # fmt: skip
FAMILIES: dict[Drawn, tuple[Family, ...]] = {
    "training": TRAINING_FAMILIES,
    "held_out": HELD_OUT_FAMILIES,
    "any": TRAINING_FAMILIES + HELD_OUT_FAMILIES,
}


@dataclass(frozen=True)
class Operator:
    """One person at the microscope: a family, with weights of their own; names as in ``Family``."""

    family: str
    relative: bool
    best_log_nm: float
    best_rank: float
    weights: dict[str, float]
    threshold: float
    temperature: float  # of the choice: wanting is in the same unit; assumed
    viewed_share: float  # of the tiles
    patience: float  # squares taken in a tile before it is enough, mean
    click_um: float  # sd of a click about the centre; assumed
    whim: float  # share of the choices that follow nothing to be seen: screening, curiosity, slips; assumed


def draw_operator(rng: np.random.Generator, drawn: Drawn) -> Operator:
    """Draw a person of one of the families."""
    family = FAMILIES[drawn][rng.integers(len(FAMILIES[drawn]))]
    names = ("sharpness", "intact", "clean", "size", "company", "middle", "even")
    return Operator(
        family.name,
        family.relative,
        best_log_nm=float(np.log(max(family.best_nm[0], 1.0)) + rng.normal(0, family.best_nm[1])),
        best_rank=float(np.clip(rng.normal(*family.best_rank), 0, 1)),
        weights={name: float(rng.normal(*getattr(family, name))) for name in names},
        threshold=float(rng.normal(*family.threshold)),
        temperature=float(rng.uniform(0.1, 0.3)),
        viewed_share=float(rng.beta(7, 2)),
        patience=float(np.exp(rng.normal(np.log(24), 0.6))),
        click_um=float(rng.uniform(1.0, 5.0)),
        whim=float(rng.beta(1.5, 18)),
    )


def visible_ice_nm(grid: Grid) -> Array:
    """The ice that an operator sees in each square: its mean with the pool of ice; shape (n,)."""
    openings = grid.openings
    pool = openings.blob_nm * np.pi * openings.blob_um**2 / (4 * openings.edges_um.mean(axis=1) ** 2)
    return openings.ice_nm + pool


def wanting(operator: Operator, grid: Grid) -> Array:
    """How much the operator wants each square, without noise: the oracle; shape (n,).

    The wanting of a family that is not relative depends on the square alone, never on the rest of the grid.
    """
    openings, weights = grid.openings, operator.weights
    ice_nm = visible_ice_nm(grid)
    if operator.relative:
        rank = np.argsort(np.argsort(ice_nm)) / max(len(ice_nm) - 1, 1)
        departure = 3 * np.abs(rank - operator.best_rank)
    else:
        departure = np.abs(np.log(ice_nm) - operator.best_log_nm)
    opened = (openings.edges_um.mean(axis=1) - openings.meniscus_um) * 2 / grid.pitch_um
    cracked = 0.3 * (openings.state == "cracked")
    want = -weights["sharpness"] * departure - weights["intact"] * (openings.tear + cracked)
    want -= weights["clean"] * openings.specks + weights["even"] * np.log1p(
        openings.blob_nm / openings.ice_nm
    )
    want += 6 * weights["size"] * (opened - 0.5)
    want -= 4.0 * np.isin(openings.state, ("empty", "opaque"))
    want -= weights["middle"] * np.hypot(*openings.centre_um.T) / grid.rim_um
    return want + weights["company"] * (_company(grid) - 0.8)


def _company(grid: Grid) -> Array:
    """Share of a square's neighbours that are whole and neither dry nor opaque; shape (n,)."""
    openings = grid.openings
    low = openings.index.min(axis=0) - 1
    place = tuple((openings.index - low).T)
    fine, there = (np.zeros(openings.index.max(axis=0) - low + 2) for _ in range(2))
    fine[place], there[place] = np.isin(openings.state, ("normal", "cracked")), 1
    around = [(du, dv) for du in (-1, 0, 1) for dv in (-1, 0, 1) if (du, dv) != (0, 0)]
    good, all_ = (np.sum([np.roll(m, shift, (0, 1)) for shift in around], axis=0) for m in (fine, there))
    return good[place] / np.maximum(all_[place], 1)


def chance(operator: Operator, want: Array) -> Array:
    """The probability that the operator, not yet tired, selects a square looked at; shape of ``want``."""
    fond = 1 / (1 + np.exp(-np.clip((want - operator.threshold) / operator.temperature, -50, 50)))
    return (1 - operator.whim) * fond + operator.whim * BASE_RATE


def choose(
    rng: np.random.Generator, operator: Operator, chances: Array, tile_of: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Open some tiles, select in them, and stop in each when there is enough.

    Args:
        rng: Of this visit.
        operator: Who chooses.
        chances: Probability of each square in view; shape (n,).
        tile_of: Number of the tile it is seen in; shape (n,).

    Returns:
        Selected entries in the order of selection, and the numbers of the tiles that were opened.
    """
    tiles = np.unique(tile_of)
    opened = tiles[rng.random(len(tiles)) < operator.viewed_share]
    opened = opened if len(opened) else tiles[:1]
    chosen: list[int] = []
    for tile in opened:
        entries = rng.permutation(np.flatnonzero(tile_of == tile))
        taken = entries[rng.random(len(entries)) < chances[entries]]
        chosen += taken[: max(1, rng.poisson(operator.patience))].tolist()
    return np.array(chosen, dtype=np.int64), opened


def digest() -> str:
    """Return the SHA-256 of this file: which operators a simulated session was made with."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
