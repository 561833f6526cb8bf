"""The medium images of a session that have a file: where they look, how they are taken, what was chosen."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation.atlas import STAGE_NOISE_UM, Field
from ptolemy_kedro.simulation.camera import Shot, draw_shot, lit, take
from ptolemy_kedro.simulation.film import render_light
from ptolemy_kedro.simulation.hole_operators import HoleOperator, HolePicks, choose_holes
from ptolemy_kedro.simulation.montage import stitched_points
from ptolemy_kedro.simulation.optics import Optics
from ptolemy_kedro.simulation.options import SimulateOptions
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.sites import Sites, in_beam, sites_in_view
from ptolemy_kedro.simulation.specimen import Grid

PIXEL_A = 96.8
"""Pixel of a medium image of 1,440 columns [A]: Ptolemy's; a field of 14 um."""

USUAL_SHARE = 0.5
"""Share of the sessions taken at that field; the others at any, up to a whole square: assumed."""

TWIN_BINNING, TWIN_PX = 8, 4096
"""Binning of an image against its twin (96.8 and 12.1 A: Ptolemy's); less where the twin would be larger."""


@dataclass(frozen=True)
class MediumImage:
    """A medium image of a square, with a file.

    Attributes:
        image_id: Its name in the session.
        parent: The tile that led there.
        square_id: True id of the square.
        shape: (rows, cols) [px].
        true_map: Where its pixels lie.
        recorded_map: Where the microscope believes they lie.
        shot: How it was taken.
        sites: The holes in view.
        picks: What was chosen among them.
        size_factor: Of the recorded target over the hole's diameter.
        binning: How many pixels of the twin make one of it; 1 without a twin.
    """

    image_id: str
    parent: Field
    square_id: str
    shape: tuple[int, int]
    true_map: StageMap
    recorded_map: StageMap
    shot: Shot
    sites: Sites
    picks: HolePicks
    size_factor: float
    binning: int

    @property
    def file(self) -> str:
        """Its file below the archive's ``images/``."""
        return f"{self.image_id}.mrc"

    @property
    def twin_id(self) -> str | None:
        """Name of the image that holds the same field unbinned."""
        return f"{self.image_id}_unbinned" if self.binning > 1 else None

    @property
    def pixel_um(self) -> float:
        """The edge of a pixel in truth [um]."""
        return float(np.sqrt(abs(np.linalg.det(self.true_map.matrix))))


def medium_pixel_um(seed: int, pitch_um: float, options: SimulateOptions) -> float:
    """The edge of a session's medium pixels [um]: the usual field, or any up to a square and a half."""
    rng = generator(seed, "medium scale")
    usual, field_um = rng.random() < USUAL_SHARE, PIXEL_A * 1440e-4
    if not usual:
        field_um = float(np.exp(rng.uniform(np.log(7.0), np.log(1.5 * pitch_um))))
    return field_um / options.medium_px


def plan_medium(
    seed: int,
    grid: Grid,
    optics: Optics,
    operator: HoleOperator,
    squares: pd.DataFrame,
    tiles: dict[str, Field],
    grid_id: str,
    options: SimulateOptions,
) -> list[MediumImage]:
    """Plan the medium images that get a file, spread over the squares: the first of each, then the second.

    Args:
        seed: The session's.
        grid: The specimen.
        optics: The microscope.
        operator: Who chooses.
        squares: The squares visited: rows of the outlines, in order.
        tiles: The tiles by name.
        grid_id: The grid's name.
        options: How many, how large.
    """
    pixel_um = medium_pixel_um(seed, grid.pitch_um, options)
    patches = 1 if pixel_um * options.medium_px > grid.pitch_um else options.patches_a_square
    wanted = [(number, patch) for patch in range(patches) for number in range(len(squares))]
    rows = list(squares.itertuples())
    planned = []
    for count, (number, patch) in enumerate(wanted[: options.medium_images]):
        square, name = rows[number], f"{grid_id}_sq{number:04d}_p{patch}"
        parent = tiles[str(square.image_id)]
        centre_um = parent.recorded_map.to_stage(np.array([[square.row_px, square.col_px]]))[0]
        view = _View(name, parent, str(square.true_id), centre_um, pixel_um, count < options.medium_twins)
        planned.append(_plan_one(seed, grid, optics, operator, view, options))
    return planned


@dataclass(frozen=True)
class _View:
    """What is known of an image before it is drawn."""

    image_id: str
    parent: Field
    square_id: str
    centre_um: NDArray[np.float64]
    pixel_um: float
    twin: bool


def _plan_one(
    seed: int, grid: Grid, optics: Optics, operator: HoleOperator, view: _View, options: SimulateOptions
) -> MediumImage:
    rng = generator(seed, "medium image", view.image_id)
    shape = (round(options.medium_px * 1024 / 1440), options.medium_px)
    room = max(0.35 * grid.pitch_um - 0.4 * view.pixel_um * shape[0], 0.03 * grid.pitch_um)
    tile_matrix = view.parent.recorded_map.matrix
    matrix = tile_matrix / np.sqrt(abs(np.linalg.det(tile_matrix))) * view.pixel_um
    recorded = _map_about(matrix, shape, view.centre_um + rng.uniform(-room, room, 2))
    moved = recorded.offset + rng.normal(0, STAGE_NOISE_UM, 2)
    true = StageMap(recorded.matrix * (1 + rng.normal(0, 0.002)), moved)
    wide = view.pixel_um * shape[0] > 0.5 * grid.pitch_um
    shot = draw_shot(rng, optics, view.pixel_um, montage=0.15 if wide else 0.0)
    sites = sites_in_view(grid, true, shape, shot.optics.contrast, shot.optics.dose)
    at = stitched_points(sites.centre_px, shape, shot.stitching)
    sites = in_beam(replace(sites, centre_px=at), lit(at, shape, shot))
    picks = choose_holes(rng, operator, sites, shape)
    binning = min(TWIN_BINNING, TWIN_PX // options.medium_px) if view.twin else 1
    return MediumImage(
        view.image_id,
        view.parent,
        view.square_id,
        shape,
        true,
        recorded,
        shot,
        sites,
        picks,
        operator.size_factor,
        binning,
    )


def _map_about(matrix: NDArray[np.float64], shape: tuple[int, int], centre: NDArray[np.float64]) -> StageMap:
    return StageMap(matrix, centre - matrix @ ((np.array(shape) - 1) / 2))


def finer(field: StageMap, binning: int) -> StageMap:
    """The map of the same field with each pixel cut into ``binning`` by ``binning``."""
    corner = np.full((1, 2), (1 / binning - 1) / 2)
    return StageMap(field.matrix / binning, field.to_stage(corner)[0])


def render_medium(
    seed: int, grid: Grid, planned: list[MediumImage]
) -> Iterator[tuple[str, NDArray[np.generic], float]]:
    """Render the medium images one by one: file, pixels, recorded pixel size [A]; twins after their own."""
    for image in planned:
        size_a = float(np.sqrt(abs(np.linalg.det(image.recorded_map.matrix))) * 1e4)
        yield image.file, _take(seed, grid, image, image.image_id, 1), size_a
        if image.twin_id:
            pixels = _take(seed, grid, image, image.twin_id, image.binning)
            yield f"{image.twin_id}.mrc", pixels, size_a / image.binning


def _take(seed: int, grid: Grid, image: MediumImage, name: str, binning: int) -> NDArray[np.generic]:
    rng, optics = generator(seed, "shot noise", name), image.shot.optics
    shape = (image.shape[0] * binning, image.shape[1] * binning)
    field = finer(image.true_map, binning)
    light = render_light(rng, grid, field, shape, optics.contrast)
    shot = image.shot
    if binning > 1:
        spread_out = replace(optics, dose=optics.dose / binning**2)
        shot = replace(shot, optics=spread_out, fringe_px=min(shot.fringe_px * binning, 8.0), stitching=None)
    return take(rng, light, shot)
