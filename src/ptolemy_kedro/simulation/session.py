"""A whole simulated session: grids, images, targets, exposures, outcomes; and apart from them the truth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptolemy_kedro import tables
from ptolemy_kedro.simulation import atlas, records
from ptolemy_kedro.simulation.exposing import expose_squares
from ptolemy_kedro.simulation.hole_operators import HoleOperator, draw_hole_operator
from ptolemy_kedro.simulation.medium_images import MediumImage, plan_medium, render_medium
from ptolemy_kedro.simulation.operators import Operator, draw_operator, wanting
from ptolemy_kedro.simulation.optics import Optics, draw_optics
from ptolemy_kedro.simulation.options import SimulateOptions
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import RIM_UM, draw_grid
from ptolemy_kedro.simulation.tile import render_tile
from ptolemy_kedro.simulation.truth import hole_tables, truth_tables
from ptolemy_kedro.simulation.visit import GridVisit, image_rows, pick_squares, square_targets

Image = tuple[str, NDArray[np.generic], float]
"""File below images/, pixels (rows, cols), pixel size [A]."""


@dataclass(frozen=True)
class SimulatedSession:
    """What a session left on disk, and what was so in truth.

    Attributes:
        session_id: ``sim`` and the seed.
        tables: The raw tables, keyed as ``tables.RAW``.
        truth: ``squares`` (one row an opening: corners, ice, state, worth, the operator's wanting),
            ``outlines`` (one row an opening and image: its corners in pixels), ``operators`` (one row),
            ``holes`` (one row a hole and medium image) and ``hole_operators`` (one row).
        render: Makes the images anew, one at a time, always the same.
    """

    session_id: str
    tables: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]
    render: Callable[[], Iterator[Image]]

    @property
    def images(self) -> Iterator[Image]:
        """The images, rendered when asked for, one in memory at a time."""
        return self.render()


def simulate_session(seed: int, options: SimulateOptions | None = None) -> SimulatedSession:
    """Simulate one session; everything in it follows from the seed.

    Args:
        seed: See ``seeds`` for which are for what.
        options: How large; the options' own seed and number of sessions play no part.

    Returns:
        The session; its images are rendered only when iterated over.
    """
    options = options or SimulateOptions()
    session_id = f"sim{seed:05d}"
    optics = draw_optics(generator(seed, "optics"), options.optics)
    operator = draw_operator(generator(seed, "operator"), options.operators)
    visits = [_visit_grid(seed, slot, optics, operator, options) for slot in range(1, options.grids + 1)]
    recorded = _record(session_id, seed, optics, operator, visits, options)
    truth = truth_tables(session_id, operator, visits, recorded.chosen)
    truth |= hole_tables(session_id, recorded.hole_operator, visits, recorded.media)
    return SimulatedSession(
        session_id, recorded.tables, truth, lambda: _render(seed, optics, visits, recorded.media)
    )


def simulate_sessions(options: SimulateOptions) -> Iterator[SimulatedSession]:
    """Simulate as many sessions as the options say, their seeds counting up."""
    for seed in range(options.seed, options.seed + options.sessions):
        yield simulate_session(seed, options)


def write(
    simulated: SimulatedSession, to: Path, truth_to: Path | None = None, container: str = "folder"
) -> Path:
    """Write a session as an archive, and its truth elsewhere.

    Args:
        simulated: The session.
        to: The archive to make.
        truth_to: Folder for the truth, one parquet file a table; none written if absent.
        container: folder, zip, tar or tar.zst.

    Returns:
        The archive's path.
    """
    from ptolemy_kedro import archive
    from ptolemy_kedro.files import atomic_folder

    written = archive.write_session(to, simulated.tables, simulated.images, container=container)
    if truth_to is not None:
        with atomic_folder(truth_to) as folder:
            for name, table in simulated.truth.items():
                table.to_parquet(folder / f"{name}.parquet", index=False)
    return written


def _visit_grid(
    seed: int, slot: int, optics: Optics, operator: Operator, options: SimulateOptions
) -> GridVisit:
    grid_id = f"g{slot}"
    grid = draw_grid(generator(seed, "grid", slot))
    rng = generator(seed, "tiles", slot)
    pixel_um = _draw_pixel_um(generator(seed, "scale"), grid.pitch_um, options)
    fields = atlas.plan_tiles(
        rng, grid_id, optics, pixel_um, options.tiles, options.tile_px, options.overlap, options.clip
    )
    if options.atlas_px:
        fields = [atlas.plan_atlas(grid_id, optics, options.atlas_px), *fields]
    return GridVisit(grid_id, slot, grid, fields, atlas.outlines(grid, fields), wanting(operator, grid))


def _draw_pixel_um(rng: np.random.Generator, pitch_um: float, options: SimulateOptions) -> float:
    """The edge of a tile's pixel [um]; many tiles are taken only where they do not outgrow the grid."""
    wanted = pitch_um * np.sqrt(options.squares_a_tile) / options.tile_px
    wanted *= np.exp(rng.normal(0, options.scale_spread))
    step_px = options.tile_px * (1 - options.overlap)
    return float(min(wanted, 1.7 * RIM_UM / (np.sqrt(options.tiles) * step_px)))


@dataclass(frozen=True)
class _Recorded:
    """The raw tables, the true ids of the selected squares, who chose holes, each grid's medium images."""

    tables: dict[str, pd.DataFrame]
    chosen: set[str]
    hole_operator: HoleOperator
    media: list[list[MediumImage]]


def _render(
    seed: int, optics: Optics, visits: list[GridVisit], media: list[list[MediumImage]]
) -> Iterator[Image]:
    for visit, planned in zip(visits, media, strict=True):
        for field in visit.fields:
            rng = generator(seed, "shot noise", field.image_id)
            pixels = render_tile(rng, visit.grid, optics, field.true_map, field.shape, field.aperture)
            yield field.file, pixels, float(np.sqrt(abs(np.linalg.det(field.recorded_map.matrix))) * 1e4)
        yield from render_medium(seed, visit.grid, planned)


def _record(
    session_id: str,
    seed: int,
    optics: Optics,
    operator: Operator,
    visits: list[GridVisit],
    options: SimulateOptions,
) -> _Recorded:
    """Let the operator work through the grids, and fill the raw tables."""
    hole_operator, media = draw_hole_operator(generator(seed, "hole operator"), operator), []
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in tables.RAW}
    rows["sessions"].append(records.session_row(session_id, seed, optics))
    chosen: set[str] = set()
    for visit in visits:
        rows["grids"].append(records.grid_row(session_id, visit.grid_id, visit.slot, visit.grid))
        picks = pick_squares(seed, operator, visit)
        chosen |= set(picks.selected["true_id"])
        rows["images"] += image_rows(session_id, seed, visit, picks.opened)
        rows["targets"] += square_targets(session_id, seed, operator, visit, picks, options.visited_squares)
        squares, tiles = picks.selected.head(options.visited_squares), {f.image_id: f for f in visit.fields}
        planned = plan_medium(seed, visit.grid, optics, hole_operator, squares, tiles, visit.grid_id, options)
        media.append(planned)
        for name, more in expose_squares(session_id, seed, visit, picks, planned, options).items():
            rows[name] += more
    frames = {name: _frame(name, rows[name], session_id) for name in tables.RAW}
    return _Recorded(frames, chosen, hole_operator, media)


def _frame(name: str, rows: list[dict[str, object]], session_id: str) -> pd.DataFrame:
    schema = tables.RAW[name]
    return (
        tables.validate(schema, pd.DataFrame(rows), f"{session_id} {name}") if rows else tables.empty(schema)
    )
