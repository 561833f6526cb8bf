"""What an example shows: a few squares of a grid, a microscope, and where in them the camera looks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation.camera import Shot, draw_shot
from ptolemy_kedro.simulation.foil import Foil, draw_foil, draw_foil_of
from ptolemy_kedro.simulation.optics import Optics, draw_optics
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import Grid, draw_grid_about

SHAPES = ((1024, 1440), (512, 512), (364, 512), (317, 447), (1024, 1024), (229, 323), (1152, 1632))
"""Rows and columns [px]: Ptolemy's, Leginon's old ones, renders as they are found; drawn alike."""

RADIUS_PX = (3.0, 100.0)
PIXEL_A = (70.0, 6000.0)

ANY_PRODUCT = 0.35
"""Share of the examples whose foil is of any hole size and spacing rather than a vendor's: assumed."""

WITHIN, LIKELY = 0.6, 0.75
"""Share of the fields within the square as far as they fit, and of the squares that are neither thick nor
torn: assumed, for people take medium images where there is something to see."""

TILTED = 0.12
"""Share of the examples taken with the stage tilted, by up to 60 degrees: assumed."""


@dataclass(frozen=True)
class Setting:
    """Everything that is drawn before a picture is taken.

    Attributes:
        grid: Some squares about stage (0, 0).
        shot: The microscope, and how the image is taken.
        field: Where the pixels lie.
        shape: Image (rows, cols) [px].
    """

    grid: Grid
    shot: Shot
    field: StageMap
    shape: tuple[int, int]

    @property
    def pixel_um(self) -> float:
        """The edge of a pixel [um]."""
        return float(np.sqrt(abs(np.linalg.det(self.field.matrix))))


def draw_setting(
    seed: int,
    held_out: bool,
    shape: tuple[int, int] | None,
    pixel_size_a: float | None,
    radius_px: float | None,
) -> Setting:
    """Draw an example's setting; arguments as for ``medium.simulate_example``."""
    rng = generator(seed, "medium")
    optics = draw_optics(rng, "held_out" if held_out else "training")
    foil = _draw_any_foil(rng) if rng.random() < ANY_PRODUCT else draw_foil(rng)
    grid = draw_grid_about(rng, foil, reach=2)
    drawn_shape = SHAPES[rng.integers(len(SHAPES))]
    shape = shape or drawn_shape
    drawn_radius = float(np.exp(rng.uniform(*np.log(RADIUS_PX))))
    pixel_um = pixel_size_a / 1e4 if pixel_size_a else _pixel_um(foil, grid, shape, radius_px, drawn_radius)
    field = _draw_field(rng, grid, optics, pixel_um, shape)
    wide = pixel_um * min(shape) > 0.5 * grid.pitch_um
    shot = draw_shot(rng, optics, pixel_um, montage=0.2 if wide else 0.03, rendered=0.3)
    return Setting(grid, shot, field, shape)


def _draw_any_foil(rng: np.random.Generator) -> Foil:
    hole_um = float(np.exp(rng.uniform(np.log(0.5), np.log(5.0))))
    material = "gold" if rng.random() < 0.35 else "carbon"
    layout = "hexagonal" if rng.random() < 0.3 else "square"
    return draw_foil_of(rng, material, layout, hole_um, hole_um * rng.uniform(1.3, 3.2))


def _draw_field(
    rng: np.random.Generator, grid: Grid, optics: Optics, pixel_um: float, shape: tuple[int, int]
) -> StageMap:
    """Look at any place of a square, at any angle, now and then on a tilted stage."""
    turn, axis = rng.uniform(0, 2 * np.pi, 2)
    squeeze = np.cos(np.deg2rad(rng.uniform(5, 60))) if rng.random() < TILTED else 1.0
    along = np.array([np.cos(axis), np.sin(axis)])
    tilt = (np.eye(2) + (1 / squeeze - 1) * np.outer(along, along)) * np.sqrt(squeeze)
    matrix = tilt @ optics.axes() @ _rotation(turn) * pixel_um
    half_um, side_um = float(grid.openings.edges_um.mean()), pixel_um * min(shape)
    room = half_um - (0.6 if rng.random() < WITHIN else 0.25) * side_um
    off = rng.uniform(-1, 1, 2) * max(room, 0.12 * side_um if side_um < half_um else 0.15 * half_um)
    middle = grid.openings.centre_um[_square_to_look_at(rng, grid)] + grid.axes @ off
    return StageMap(matrix, middle - matrix @ ((np.array(shape) - 1) / 2))


def _square_to_look_at(rng: np.random.Generator, grid: Grid) -> int:
    """One of the squares about the middle, mostly one that somebody would have looked at."""
    away = np.hypot(*grid.openings.centre_um.T)
    near = np.flatnonzero(away < 1.6 * grid.pitch_um)
    fine = np.isin(grid.openings.state, ("normal", "dry", "cracked")) & (grid.openings.blob_nm < 60)
    good = near[fine[near]]
    return int(rng.choice(good if len(good) and rng.random() < LIKELY else near))


def _rotation(turn: float) -> NDArray[np.float64]:
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def _pixel_um(
    foil: Foil, grid: Grid, shape: tuple[int, int], asked_px: float | None, drawn_px: float
) -> float:
    """The pixel that gives a hole's radius, but no field much wider than a square nor fewer than a hole."""
    hole_um = max(foil.hole_um, 0.6)
    if asked_px is not None:
        return hole_um / 2 / asked_px
    widest = 1.7 * grid.pitch_um / max(shape)
    narrowest = 1.3 * foil.spacing_um / min(shape)
    wanted = np.clip(hole_um / 2 / drawn_px, min(narrowest, widest), widest)
    return float(np.clip(wanted, PIXEL_A[0] / 1e4, PIXEL_A[1] / 1e4))
