"""What squares are worth, and what exposures in them came to.

Quality lives in a hierarchy: of the variance of "good" (6 A or better) in the CryoRL table, .19 lies between
tiles, .25 between squares, .39 between patches (each holding the ones before it); the rest between holes.
"""

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.simulation.operators import visible_ice_nm
from ptolemy_kedro.simulation.specimen import Grid

Array = NDArray[np.float64]

BEST_NM = 40.0
"""Ice thickness that gives the best images: assumed, a particle and a little more."""

GOOD_A = 6.0
"""A CTF resolution up to this is good [A]: CryoRL's cut-off."""

SQUARE_SD, PATCH_SD, HOLE_SD = 0.9, 0.95, 1.35
"""Spread of quality at each level, in the unit of ``square_quality``: set so that those shares come out."""

FAILED_SHARE = 0.02
"""Share of failed CTF fits: assumed; they are recorded as 100,000 A, as CryoRL does."""


def square_quality(grid: Grid) -> Array:
    """The quality of each square's holes on average, 0 being fair, 1 good; shape (n,)."""
    openings = grid.openings
    too_thick = np.maximum(np.log(visible_ice_nm(grid) / BEST_NM), 0)
    too_thin = np.maximum(-np.log(visible_ice_nm(grid) / BEST_NM), 0)
    bad = np.isin(openings.state, ("empty", "opaque"))
    return 1.2 - 1.1 * too_thick - 0.8 * too_thin - 0.04 * openings.specks - 6.0 * bad


def square_worth(grid: Grid) -> Array:
    """Share of a square's foil holes that give a good exposure, 0 to 1; shape (n,)."""
    spread = np.sqrt(SQUARE_SD**2 + PATCH_SD**2 + HOLE_SD**2)
    return (1 - grid.openings.tear) / (1 + np.exp(-1.7 * square_quality(grid) / spread))


def hole_quality(ice_nm: Array, dirt: Array, state: NDArray[np.str_]) -> Array:
    """The quality of holes by what is in them, in the unit of ``square_quality``; (n,). Costs assumed."""
    thick = np.log(np.maximum(ice_nm, 1.0) / BEST_NM)
    broken = (
        4.0 * (state == "empty")
        + 2.0 * np.isin(state, ("cracked", "exposed"))
        + 1.5 * (state == "crystalline")
    )
    return 1.2 - 1.1 * np.maximum(thick, 0) - 0.8 * np.maximum(-thick, 0) - 3.0 * dirt - broken


def draw_resolutions(
    rng: np.random.Generator, quality: Array, patches: int, holes: int, known: Array | None = None
) -> Array:
    """Draw the CTF resolution of exposures in squares of a given quality.

    Args:
        rng: Of this session's outcomes.
        quality: Of each square; shape (squares,).
        patches: Medium images a square.
        holes: Exposures a patch.
        known: Quality of each hole where it is known, else nan; shape (squares, patches, holes).

    Returns:
        Resolution [A]; shape (squares, patches, holes). Failed fits are 100,000.
    """
    squares = len(quality)
    mean = np.broadcast_to(quality[:, None, None], (squares, patches, holes))
    if known is not None:
        mean = np.where(np.isnan(known), mean, known)
    latent = mean + rng.normal(0, SQUARE_SD, (squares, 1, 1))
    latent = latent + rng.normal(0, PATCH_SD, (squares, patches, 1))
    latent = latent + rng.normal(0, HOLE_SD, (squares, patches, holes))
    resolution = 2.8 + (GOOD_A - 2.8) * np.exp(-0.55 * latent)  # 6 A where quality is 0, 2.8 A at the best
    failed = rng.random(latent.shape) < FAILED_SHARE
    return np.where(failed, 100_000.0, np.minimum(resolution, 60.0))
