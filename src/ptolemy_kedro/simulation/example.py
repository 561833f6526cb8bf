"""What an example shows: a few squares of a grid, a microscope, and where in them the camera looks."""

from dataclasses import dataclass, replace

import numpy as np

from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation.foil import Foil, draw_foil
from ptolemy_kedro.simulation.optics import Optics, draw_optics
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import Grid, draw_grid_about

SHAPES = ((1024, 1440), (512, 512), (364, 512), (317, 447), (1024, 1024), (229, 323), (1152, 1632))
"""Rows and columns [px]: Ptolemy's, Leginon's old ones, renders as they are found; drawn alike."""

RADIUS_PX = (3.0, 100.0)
PIXEL_A = (70.0, 6000.0)


@dataclass(frozen=True)
class Setting:
    """Everything that is drawn before a picture is taken.

    Attributes:
        grid: Some squares about stage (0, 0).
        optics: The microscope.
        field: Where the pixels lie.
        shape: Image (rows, cols) [px].
    """

    grid: Grid
    optics: Optics
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
    optics = replace(optics, dose=float(np.exp(rng.uniform(np.log(20), np.log(900)))))
    foil = draw_foil(rng)
    grid = draw_grid_about(rng, foil, reach=2)
    drawn_shape = SHAPES[rng.integers(len(SHAPES))]
    shape = shape or drawn_shape
    drawn_radius = float(np.exp(rng.uniform(*np.log(RADIUS_PX))))
    pixel_um = pixel_size_a / 1e4 if pixel_size_a else _pixel_um(foil, grid, shape, radius_px, drawn_radius)
    turn = rng.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = optics.axes() @ rotation * pixel_um
    half_um = float(grid.openings.edges_um.mean())
    room = max(half_um - 0.25 * pixel_um * min(shape), 0.15 * half_um)
    centre = grid.openings.centre_um[grid.nearest((0.0, 0.0))] + rng.uniform(-room, room, 2) @ grid.axes.T
    field = StageMap(matrix, centre - matrix @ ((np.array(shape) - 1) / 2))
    return Setting(grid, optics, field, shape)


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
