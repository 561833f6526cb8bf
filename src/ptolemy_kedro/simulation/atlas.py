"""Where the tiles of an atlas lie, and what of the grid each of them shows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation.optics import Optics
from ptolemy_kedro.simulation.specimen import RIM_UM, Grid
from ptolemy_kedro.simulation.tile import Aperture


@dataclass(frozen=True)
class Field:
    """An image to take.

    Attributes:
        image_id: Its name in the session.
        grid_id: Its grid.
        kind: atlas or tile.
        file: Below the archive's ``images/``.
        shape: (rows, cols) [px].
        true_map: Where its pixels lie.
        recorded_map: Where the microscope believes they lie.
        aperture: An edge of the beam in view.
    """

    image_id: str
    grid_id: str
    kind: str
    file: str
    shape: tuple[int, int]
    true_map: StageMap
    recorded_map: StageMap
    aperture: Aperture | None = None


STAGE_NOISE_UM = 1.5
"""Error of a recorded stage position, sd an axis: of the order of a side-entry stage's; assumed."""


def tile_centres(count: int, step_um: float) -> NDArray[np.float64]:
    """Place tiles in a raster about the grid's centre, the nearest first kept, in the order they are taken.

    Args:
        count: Tiles.
        step_um: From tile to tile [um].

    Returns:
        Stage directions' multiples, as (along +row, along +col) [um]; shape (count, 2).
    """
    reach = int(np.ceil(np.sqrt(count))) + 1
    sites = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    shifted = sites + 0.25 * np.array([1.0, 0.6])  # off the middle, so that ties do not decide
    nearest = shifted[np.argsort(np.hypot(*shifted.T), kind="stable")[:count]]
    serpentine = np.where(np.rint(nearest[:, 0]) % 2 == 0, nearest[:, 1], -nearest[:, 1])
    return np.asarray(nearest[np.lexsort([serpentine, nearest[:, 0]])] * step_um, dtype=np.float64)


def plan_tiles(
    rng: np.random.Generator,
    grid_id: str,
    optics: Optics,
    pixel_um: float,
    tiles: int,
    tile_px: int,
    overlap: float,
    clip: float,
) -> list[Field]:
    """Plan a grid's tiles; arguments as in ``SimulateOptions``, ``pixel_um`` the edge of a pixel [um]."""
    matrix = optics.axes() * pixel_um
    centres = tile_centres(tiles, tile_px * pixel_um * (1 - overlap)) @ optics.axes().T
    shape = (tile_px, tile_px)
    clipped = rng.random() < clip
    return [
        Field(
            image_id=f"{grid_id}_t{number:03d}",
            grid_id=grid_id,
            kind="tile",
            file=f"{grid_id}_t{number:03d}.mrc",
            shape=shape,
            true_map=_map_about(matrix, shape, centre + rng.normal(0, STAGE_NOISE_UM, 2)),
            recorded_map=_map_about(matrix * (1 + rng.normal(0, 0.002)), shape, centre),
            aperture=_draw_aperture(rng, centre, tile_px * pixel_um)
            if clipped and rng.random() < 0.3
            else None,
        )
        for number, centre in enumerate(centres)
    ]


def plan_atlas(grid_id: str, optics: Optics, atlas_px: int) -> Field:
    """Plan the montage that shows a grid whole."""
    pixel_um = 2.1 * RIM_UM / atlas_px
    whole = _map_about(optics.axes() * pixel_um, (atlas_px, atlas_px), np.zeros(2))
    name = f"{grid_id}_atlas"
    return Field(name, grid_id, "atlas", f"{name}.mrc", (atlas_px, atlas_px), whole, whole)


def _map_about(matrix: NDArray[np.float64], shape: tuple[int, int], centre: NDArray[np.float64]) -> StageMap:
    return StageMap(matrix, centre - matrix @ ((np.array(shape) - 1) / 2))


def _draw_aperture(rng: np.random.Generator, centre: NDArray[np.float64], edge_um: float) -> Aperture:
    """A round edge of 0.7 to 1 tile in radius, off the tile's centre so that it cuts a side: assumed."""
    way, off = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.4) * edge_um
    middle = centre + off * np.array([np.cos(way), np.sin(way)])
    return Aperture((float(middle[0]), float(middle[1])), float(rng.uniform(0.7, 0.95) * edge_um))


def outlines(grid: Grid, fields: list[Field]) -> pd.DataFrame:
    """List the openings in view of each image, with their corners in its pixels.

    Returns:
        One row an opening and image: image_id, true_id, row and col of four corners [px] (order of turn
        as the image is mirrored or not), centre, the share of it within the frame and the beam, the middle of
        that share [px], and the reach of the dark meniscus at its edge [px]; ``true_id`` as in ``true_ids``.
    """
    corners_um = grid.corners_um()
    tables = [_outlines_of(grid, corners_um, field) for field in fields]
    return pd.concat(tables, ignore_index=True)


def _outlines_of(grid: Grid, corners_um: NDArray[np.float64], field: Field) -> pd.DataFrame:
    corners = field.true_map.to_pixels(corners_um.reshape(-1, 2)).reshape(-1, 4, 2)
    centres = field.true_map.to_pixels(grid.openings.centre_um)
    share, middles = _in_view(corners_um, corners, field, grid.rim_um)
    seen = np.flatnonzero(share > 0)
    pixel_um = np.sqrt(abs(np.linalg.det(field.true_map.matrix)))
    columns = {
        f"{axis}{i}_px": corners[seen, i, a] for i in range(4) for a, axis in enumerate(("row", "col"))
    }
    return pd.DataFrame(
        {
            "image_id": field.image_id,
            "true_id": true_ids(grid, field.grid_id)[seen],
            **columns,
            "row_px": centres[seen, 0],
            "col_px": centres[seen, 1],
            "share_in_view": share[seen],
            "seen_row_px": middles[seen, 0],
            "seen_col_px": middles[seen, 1],
            "meniscus_px": grid.openings.meniscus_um[seen] / pixel_um,
        }
    )


def _in_view(
    corners_um: NDArray[np.float64], corners: NDArray[np.float64], field: Field, rim_um: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of 7 x 7 points of each opening in frame, rim and beam, and their middle [px]; (n,), (n, 2)."""
    steps = (np.arange(7) + 0.5) / 7
    p, q = (grid.ravel()[:, None, None] for grid in np.meshgrid(steps, steps))

    def spread(ends: NDArray[np.float64]) -> NDArray[np.float64]:
        near, far = (1 - p) * ends[:, 0] + p * ends[:, 1], (1 - p) * ends[:, 3] + p * ends[:, 2]
        return (1 - q) * near + q * far

    at, stage = spread(corners), spread(corners_um)
    seen = np.all((at >= -0.5) & (at <= np.array(field.shape) - 0.5), axis=-1)
    seen &= np.hypot(stage[..., 0], stage[..., 1]) < rim_um
    if field.aperture is not None:
        away = stage - np.array(field.aperture.centre_um)
        seen &= np.hypot(away[..., 0], away[..., 1]) < field.aperture.radius_um
    middles = (at * seen[..., None]).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)[:, None]
    return seen.mean(axis=0), middles


def true_ids(grid: Grid, grid_id: str) -> NDArray[np.str_]:
    """Name every opening of a grid by its place in the mesh; shape (n,)."""
    return np.array([f"{grid_id}_u{u:+03d}v{v:+03d}" for u, v in grid.openings.index], dtype=str)
