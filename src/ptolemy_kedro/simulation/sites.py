"""The holes of a foil that lie in an image: where they are, and what became of each."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import Points, StageMap, StagePoints
from ptolemy_kedro.simulation.handling import KINDS, handling
from ptolemy_kedro.simulation.specimen import ICE_DEPTH_PER_NM, Grid
from ptolemy_kedro.simulation.survey import Holes, Survey, holes_in_view, survey

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

OPEN_LIGHT = 0.3
"""A hole is in the bar's shadow where the ice that climbs the bar leaves less light than this: assumed."""

CUT = 0.5
"""A hole is cut by the bar where its centre is less than this share of its radius inside: assumed."""

FAINT = 0.015
"""Holes whose light differs less than this from the film's are buried: nobody sees them; assumed."""

FAINT_NOISE = 7.0
"""And so are those that stand out by less than this many sds of the noise over their area; assumed."""


@dataclass(frozen=True)
class Sites:
    """Holes whose centre lies in an image; arrays with one entry a hole.

    Attributes:
        centre_px: True centre (row, col) [px]; shape (n, 2).
        stage: True centre (x, y) [um]; shape (n, 2).
        radius_px: True radius [px]; shape (n,).
        radius_um: The same [um]; shape (n,).
        index: Place in the lattice (i, j, sublattice), all -1 off any lattice; shape (n, 3).
        open: Whether it is there to be seen: not under the bar, torn away, folded over or buried; shape (n,).
        doubtful: In view, and nobody could be sure of it; never also open; shape (n,).
        ice_nm: Ice in it; shape (n,).
        bar_um: Distance to the nearer bar [um], negative under it; shape (n,).
        dirt: Share of its light that dirt and earlier exposures take; shape (n,).
        around: The same of the film just outside it; shape (n,).
        state: torn, barred, unlit, folded, buried, exposed, or one of ``handling.KINDS``; shape (n,).
    """

    centre_px: Points
    stage: StagePoints
    radius_px: Array
    radius_um: Array
    index: NDArray[np.int64]
    open: Bools
    doubtful: Bools
    ice_nm: Array
    bar_um: Array
    dirt: Array
    around: Array
    state: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.centre_px)

    def __getitem__(self, chosen: NDArray) -> "Sites":
        """The holes that a mask or an order names."""
        return Sites(**{name: getattr(self, name)[chosen] for name in self.__dataclass_fields__})


def sites_in_view(grid: Grid, field: StageMap, shape: tuple[int, int], contrast: float, dose: float) -> Sites:
    """List the holes whose centre lies in an image of a grid.

    Args:
        grid: The specimen.
        field: Where the pixels lie.
        shape: Image (rows, cols) [px].
        contrast: Factor on optical depths.
        dose: Electrons a pixel through nothing, for what drowns in noise.
    """
    pixel_um = float(np.sqrt(abs(np.linalg.det(field.matrix))))
    holes = holes_in_view(grid.foil, field, shape)
    radius_px = holes.radius_um / pixel_um
    seen = survey(grid, field, shape, holes)
    ice, light, film = _lights(grid, holes, seen, contrast)
    noise = 1 / np.sqrt(np.maximum(dose * light * np.pi * radius_px**2, 1e-9))
    relief = np.abs(light - film) / np.maximum(light, film) + 0.5 * contrast * _rim_depth(grid)
    faint = relief < np.maximum(FAINT, FAINT_NOISE * noise)
    state = _states(holes, seen, faint, contrast)
    gone = np.isin(state, ("torn", "barred", "folded", "buried"))
    hinted = (state == "barred") & (seen.bar_um > -0.8 * holes.radius_um)
    hinted |= np.isin(state, ("folded", "buried")) | (state == "torn") & (seen.gone < 0.97)
    return Sites(
        field.to_pixels(holes.stage), holes.stage, radius_px, holes.radius_um, holes.index,
        ~gone, gone & hinted, ice / ICE_DEPTH_PER_NM, seen.bar_um, seen.dirt, seen.around, state,
    )  # fmt: skip


def in_beam(sites: Sites, inside_px: Array) -> Sites:
    """The same holes under a beam with an edge: those outside are not open, those at the edge doubtful.

    Args:
        sites: The holes.
        inside_px: How far inside the beam each lies [px]; shape (n,).
    """
    unlit = inside_px < 0.3 * sites.radius_px
    state = np.where(unlit, "unlit", sites.state)
    doubtful = np.where(unlit, (sites.open | sites.doubtful) & (inside_px > -sites.radius_px), sites.doubtful)
    return replace(sites, open=sites.open & ~unlit, doubtful=doubtful, state=state)


def _lights(grid: Grid, holes: Holes, seen: Survey, contrast: float) -> tuple[Array, Array, Array]:
    """Optical depth of each hole's ice, and the light through the hole and through the film beside it."""
    depth = grid.foil.depth
    level = np.exp(-1.5 * seen.ice / depth)
    ice = seen.ice * (1 + (holes.factor - 1) * level) * (1 + handling(grid.foil).plug)
    ice = np.where(holes.kind == KINDS.index("empty"), 0.0, np.maximum(ice, 0))
    film = np.maximum(seen.ice, depth + 0.15 * seen.ice)
    return ice, np.exp(-contrast * ice), np.exp(-contrast * film)


def _rim_depth(grid: Grid) -> float:
    """How much the dark line at the holes' edges stands out, averaged over a tenth of the radius."""
    height, width_um = handling(grid.foil).line
    return height * min(1.0, 1.8 * width_um / (0.1 * grid.foil.hole_um / 2 + 1e-9))


def _states(holes: Holes, seen: Survey, faint: Bools, contrast: float) -> NDArray[np.str_]:
    state = np.array(KINDS, dtype="<U11")[holes.kind]
    state[seen.exposed] = "exposed"
    state[faint] = "buried"
    state[seen.folded > 0.2] = "folded"
    state[seen.gone > 0.35] = "torn"
    dark = np.exp(-contrast * seen.climb) < OPEN_LIGHT
    state[(seen.bar_um < CUT * holes.radius_um) | dark] = "barred"
    return state
