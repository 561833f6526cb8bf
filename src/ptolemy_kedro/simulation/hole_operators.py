"""The operators who choose the holes of a medium image. Every number names its source or is assumed."""

from dataclasses import dataclass

import numpy as np

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.simulation.options import Drawn
from ptolemy_kedro.simulation.sites import Sites

BASE_RATE = 410 / 571
"""Share of the holes that operators targeted: Ptolemy's published 410k of 571k."""


@dataclass(frozen=True)
class HoleOperator:
    """One person choosing holes."""

    click_share: float  # sd of a click about the centre, of a hole's radius; assumed
    size_factor: float  # of the recorded target over the hole's diameter; assumed


@dataclass(frozen=True)
class HolePicks:
    """What was chosen in one image."""

    clicks: Points
    rejected: Points
    viewed: bool


def draw_hole_operator(rng: np.random.Generator, drawn: Drawn) -> HoleOperator:
    """Draw a person."""
    return HoleOperator(float(rng.uniform(0.04, 0.2)), float(rng.normal(1.0, 0.04)))


def choose_holes(
    rng: np.random.Generator, operator: HoleOperator, sites: Sites, shape: tuple[int, int], pixel_um: float
) -> HolePicks:
    """Let an operator choose among the open holes of an image."""
    seen = sites.centre_px[sites.open]
    taken = rng.random(len(seen)) < BASE_RATE
    beside = rng.normal(0, 1, seen.shape) * operator.click_share * sites.radius_px[sites.open][:, None]
    at = np.clip(seen + beside, 0, np.array(shape) - 1)
    rejected = ~taken & (rng.random(len(seen)) < 0.1)
    return HolePicks(at[taken], at[rejected], bool(taken.any()))
