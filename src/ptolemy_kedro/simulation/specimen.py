"""A grid: mesh, bars, rounded openings, foil, ice over the whole grid, and what became of each square."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.simulation.foil import Foil, draw_foil

Array = NDArray[np.float64]

MESHES = {200: (125.0, 97.0), 300: (84.0, 57.0), 400: (62.5, 38.5)}
"""Bars per inch -> pitch and opening [um]: vendors' figures for copper grids."""

STATES = ("normal", "dry", "thick", "opaque", "cracked", "torn", "empty")

ICE_DEPTH_PER_NM = 1 / 330.0
"""Optical depth a nanometre of ice at contrast 1: mean free paths of 300 to 400 nm (Rice et al. 2018)."""

RIM_UM = 1000.0
"""Radius of the open part of a 3.05 mm grid [um]: vendors' figures."""

THIN_NM, THICK_NM, OPAQUE_NM = 9.0, 260.0, 750.0
"""Mean ice below which a square counts as dry, above which as thick or opaque: assumed."""


@dataclass(frozen=True)
class IceField:
    """Ice over a whole grid: ln(thickness) as plane waves, a gradient, and maybe one thick side.

    Attributes:
        log_nm: ln of the grid's median thickness [nm].
        slope: Gradient of ln thickness [1/um]; shape (2,).
        waves: Wave vectors [rad/um]; shape (n, 2).
        phases: Phase of each wave [rad]; shape (n,).
        heights: Height of each wave in ln thickness; shape (n,).
        side: Unit normal, offset [um], width [um] and height in ln thickness of a thick side; shape (5,).
    """

    log_nm: float
    slope: Array
    waves: Array
    phases: Array
    heights: Array
    side: Array

    def thickness_nm(self, stage: Array) -> Array:
        """Ice thickness [nm] at stage positions (x, y) [um], shape (n, 2)."""
        smooth = np.cos(stage @ self.waves.T + self.phases) @ self.heights
        across = (stage @ self.side[:2] - self.side[2]) / self.side[3]
        thick_side = self.side[4] / (1 + np.exp(-np.clip(across, -50, 50)))
        return np.exp(self.log_nm + stage @ self.slope + smooth + thick_side)


def draw_ice(rng: np.random.Generator) -> IceField:
    """Draw a grid's ice: median 12 to 250 nm, varying over 300 to 1,500 um; every number assumed."""
    count = 10
    angle, length = rng.uniform(0, 2 * np.pi, count), rng.uniform(300, 1500, count)
    waves = (2 * np.pi / length)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    way, turn = rng.uniform(0, 2 * np.pi, 2)
    height = rng.uniform(1.2, 3.2) if rng.random() < 0.4 else 0.0
    side = [np.cos(turn), np.sin(turn), rng.uniform(-100, 700), rng.uniform(40, 250), height]
    return IceField(
        log_nm=rng.normal(np.log(55), 0.75),
        slope=np.array([np.cos(way), np.sin(way)]) * abs(rng.normal(0, 0.5)) / RIM_UM,
        waves=waves,
        phases=rng.uniform(0, 2 * np.pi, count),
        heights=rng.normal(0, 0.45 / np.sqrt(count / 2), count),
        side=np.array(side),
    )


@dataclass(frozen=True)
class Openings:
    """Every opening between the bars of a grid; arrays with one entry an opening.

    Attributes:
        index: Place in the mesh; shape (n, 2).
        centre_um: Stage (x, y) [um]; shape (n, 2).
        edges_um: Distance of the four bars from the centre, towards +u, +v, -u, -v [um]; shape (n, 4).
        slants: Slope of each bar's edge against its axis; shape (n, 4).
        ice_nm: Mean ice; shape (n,).
        meniscus_um: Reach of the ice that climbs the bars [um]; shape (n,).
        blob_nm: Thickest of the pool of ice about the centre; shape (n,).
        blob_um: Radius of that pool [um]; shape (n,).
        tear: Share of the opening without foil, 0 to 1; shape (n,).
        specks: Crystals and dirt in it, a number; shape (n,).
        state: One of ``STATES``; shape (n,).
        seed: Of what is drawn inside it; shape (n,).
    """

    index: NDArray[np.int64]
    centre_um: Array
    edges_um: Array
    slants: Array
    ice_nm: Array
    meniscus_um: Array
    blob_nm: Array
    blob_um: Array
    tear: Array
    specks: NDArray[np.int64]
    state: NDArray[np.str_]
    seed: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class Grid:
    """A grid in the microscope.

    Attributes:
        mesh: Bars per inch.
        pitch_um: Centre to centre of the openings [um].
        corner_um: Radius of an opening's corners [um].
        axes: Unit axes (u, v) of the mesh as columns, in stage (x, y); sheared and tilted; shape (2, 2).
        rim_um: Radius of the open part, around stage (0, 0) [um].
        foil: The support film.
        ice: The ice field.
        openings: The openings and what is in them.
    """

    mesh: int
    pitch_um: float
    corner_um: float
    axes: Array
    rim_um: float
    foil: Foil
    ice: IceField
    openings: Openings

    def corners_um(self) -> Array:
        """Stage (x, y) of each opening's corners, +u +v, -u +v, -u -v, +u -v [um]; shape (n, 4, 2)."""
        right, top, left, bottom = self.openings.edges_um.T
        s_right, s_top, s_left, s_bottom = self.openings.slants.T
        pairs = [(right, s_right, top, s_top), (-left, s_left, top, s_top)]
        pairs += [(-left, s_left, -bottom, s_bottom), (right, s_right, -bottom, s_bottom)]
        local = np.stack([_crossing(*pair) for pair in pairs], axis=1)
        return local @ self.axes.T + self.openings.centre_um[:, None]


def _crossing(u_edge: Array, u_slant: Array, v_edge: Array, v_slant: Array) -> Array:
    """Where u = u_edge + u_slant v meets v = v_edge + v_slant u; shape (n, 2)."""
    u = (u_edge + u_slant * v_edge) / (1 - u_slant * v_slant)
    return np.column_stack([u, v_edge + v_slant * u])


def draw_grid(rng: np.random.Generator) -> Grid:
    """Draw a grid with everything in it."""
    mesh = int(rng.choice([200, 300, 400], p=[0.25, 0.45, 0.3]))  # shares assumed
    pitch_um, opening_um = MESHES[mesh]
    axes = _draw_axes(rng)
    rim_um = RIM_UM * rng.uniform(0.95, 1.0)
    foil, ice = draw_foil(rng), draw_ice(rng)
    openings = _draw_openings(rng, pitch_um, opening_um * rng.normal(1, 0.03), axes, rim_um, ice)
    return Grid(mesh, pitch_um, opening_um * rng.uniform(0.03, 0.14), axes, rim_um, foil, ice, openings)


def draw_grid_about(rng: np.random.Generator, foil: Foil, reach: int) -> Grid:
    """Draw only the openings within ``reach`` pitches of stage (0, 0), of a grid with a given foil."""
    mesh = int(rng.choice([200, 300, 400], p=[0.25, 0.45, 0.3]))  # shares assumed
    pitch_um, opening_um = MESHES[mesh]
    axes, ice = _draw_axes(rng), draw_ice(rng)
    opening_um *= rng.normal(1, 0.03)
    openings = _draw_openings(rng, pitch_um, opening_um, axes, reach * pitch_um, ice)
    return Grid(mesh, pitch_um, opening_um * rng.uniform(0.03, 0.14), axes, RIM_UM, foil, ice, openings)


def _draw_axes(rng: np.random.Generator) -> Array:
    """Any rotation; sheared by a degree or so; a tenth of the grids tilted by up to 30 degrees: assumed."""
    turn, about = rng.uniform(0, np.pi, 2)
    squeeze = np.cos(np.deg2rad(rng.uniform(5, 30))) if rng.random() < 0.1 else 1.0
    along = np.array([np.cos(about), np.sin(about)])
    tilt = np.eye(2) - (1 - squeeze) * np.outer(along, along)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return tilt @ rotation @ (np.eye(2) + rng.normal(0, 0.008, (2, 2)))


def _draw_openings(
    rng: np.random.Generator, pitch_um: float, opening_um: float, axes: Array, rim_um: float, ice: IceField
) -> Openings:
    index, centre_um = _mesh_sites(rng, pitch_um, axes, rim_um, opening_um)
    n = len(index)
    ice_nm = ice.thickness_nm(centre_um) * np.exp(rng.normal(0, 0.18, n))
    tear, state = _draw_states(rng, ice_nm)
    blob_um, blob_nm = _draw_blobs(rng, ice_nm, opening_um)
    reach = 0.04 * (ice_nm / 50) ** 0.55 * np.exp(rng.normal(0, 0.35, n))  # of the opening: assumed
    return Openings(
        index=index,
        centre_um=centre_um,
        edges_um=opening_um / 2 * (1 + rng.normal(0, 0.02, (n, 4))),
        slants=rng.normal(0, 0.015, (n, 4))
        + np.where(state == "empty", 0.03, 0)[:, None] * rng.normal(size=(n, 4)),
        ice_nm=ice_nm,
        meniscus_um=opening_um * np.clip(reach, 0.01, 0.42),
        blob_nm=blob_nm,
        blob_um=blob_um,
        tear=tear,
        specks=rng.poisson(rng.gamma(1.2, 2.5) * rng.gamma(2, 0.5, n)),
        state=state,
        seed=rng.integers(2**62, size=n),
    )


def _mesh_sites(
    rng: np.random.Generator, pitch_um: float, axes: Array, rim_um: float, opening_um: float
) -> tuple[NDArray[np.int64], Array]:
    """Index and centre of each opening that the rim leaves open, the mesh bent a little."""
    reach = int(np.ceil(1.5 * rim_um / pitch_um))
    index = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    flat = (index + rng.uniform(-0.5, 0.5, 2)) * pitch_um @ axes.T
    bend = sum(
        rng.normal(0, 3.0, 2) * np.cos(flat @ rng.normal(0, 2 / RIM_UM, 2) + rng.uniform(0, 6.28))[:, None]
        for _ in range(3)
    )
    centre_um = flat + bend + rng.normal(0, 0.004 * pitch_um, flat.shape)
    inside = np.hypot(*centre_um.T) < rim_um + 0.3 * opening_um
    return index[inside], centre_um[inside]


def _draw_states(rng: np.random.Generator, ice_nm: Array) -> tuple[Array, NDArray[np.str_]]:
    """What became of each square. Rates are drawn a grid, their means assumed from the look of some."""
    n = len(ice_nm)
    state = np.full(n, "normal", dtype="<U7")
    state[ice_nm < THIN_NM], state[ice_nm > THICK_NM], state[ice_nm > OPAQUE_NM] = "dry", "thick", "opaque"
    rates = rng.gamma(1.5, [0.03, 0.03, 0.015])  # cracked, torn, empty
    rates = rates / max(1.0, rates.sum() / 0.5)
    fate = rng.random(n)
    limits = np.cumsum(rates)
    broken = (fate < limits[-1]) & (state != "opaque")
    state[broken] = np.array(["cracked", "torn", "empty"])[np.searchsorted(limits, fate[broken])]
    tear = np.where(state == "torn", rng.beta(1.3, 2.0, n), 0.0)
    return np.where(state == "empty", 1.0, tear), state


def _draw_blobs(rng: np.random.Generator, ice_nm: Array, opening_um: float) -> tuple[Array, Array]:
    """Radius [um] and extra thickness [nm] of each square's pool of ice: assumed; the wetter, the more."""
    n = len(ice_nm)
    pools = rng.random(n) < rng.uniform(0.1, 0.75)
    radius = opening_um * rng.uniform(0.08, 0.27, n)
    height = np.clip(ice_nm, 15, 110) * rng.gamma(2.0, 0.9, n)
    return radius, np.where(pools, height, 0.0)
