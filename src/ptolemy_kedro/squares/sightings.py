"""From tables of squares, or the squares of one image, to the sightings of each grid and their context."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.squares.context import Floats, Sightings, describe_context
from ptolemy_kedro.squares.impressions import describe_impressions
from ptolemy_kedro.squares.sight import PERCEIVED

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("edge_px", "filled", "cut", "depth_usual", "depth_least")


def context_of_table(squares: "pd.DataFrame", alone: bool = False) -> dict[str, Floats]:
    """Describe the context of a session's squares (``tables.Squares``), grid by grid.

    Args:
        squares: Of one session.
        alone: Take every image for a grid of its own, as where only one was taken.

    Returns:
        Each of ``CONTEXTS`` and, where the table holds ``PERCEIVED``, of ``IMPRESSIONS``; shape (n,).
    """
    context: dict[str, Floats] = {}
    perceived = {name: squares[name].to_numpy(float) for name in PERCEIVED if name in squares}
    for rows, seen in _grids(squares, alone):
        of_grid = describe_context(seen)
        if perceived:
            of_grid |= describe_impressions(seen, {name: values[rows] for name, values in perceived.items()})
        for name, values in of_grid.items():
            context.setdefault(name, np.zeros(len(squares)))[rows] = values
    return context


def context_of_image(
    centres: NDArray[np.float64], edges_px: Floats, cut: NDArray[np.bool_], values: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Describe the context of the squares of one image, of which nothing else is known.

    Args:
        centres: (row, col) [px]; shape (n, 2).
        edges_px: Mean edge of each; shape (n,).
        cut: Whether the border cuts it; shape (n,).
        values: ``filled``, ``depth_usual`` and ``depth_least`` of each, maybe ``PERCEIVED``; shape (n,).
    """
    n = len(centres)
    seen = Sightings(
        np.zeros(n, np.intp),
        np.arange(n),
        centres,
        np.ones(n),
        centres,
        edges_px,
        edges_px * np.sqrt(np.maximum(values["filled"], 0)),
        np.asarray(cut, bool),
        np.asarray(values["depth_usual"], float),
        np.asarray(values["depth_least"], float),
    )
    context = describe_context(seen)
    return context | (describe_impressions(seen, values) if "seen_ice" in values else {})


def best_sightings(squares: "pd.DataFrame") -> NDArray[np.intp]:
    """Give for each row the row that shows the same square best; shape (n,)."""
    best = np.arange(len(squares))
    for rows, seen in _grids(squares, alone=False):
        best[rows] = rows[seen.best[seen.square]]
    return best


def _grids(squares: "pd.DataFrame", alone: bool) -> Iterator[tuple[NDArray[np.intp], Sightings]]:
    """Give each grid's rows and their sightings; an image whose place is unknown is a grid of its own."""
    stage = squares[["stage_x_um", "stage_y_um", "pixel_size_a"]].to_numpy(float)
    located = np.isfinite(stage).all(axis=1) & (not alone)
    keys = np.where(
        located, squares["grid_id"].to_numpy(object), "image " + squares["image_id"].to_numpy(object)
    )
    centres = squares[["row_px", "col_px"]].to_numpy(float)
    for of_grid in squares.groupby(keys, sort=False).indices.values():
        rows = np.asarray(of_grid, np.intp)
        on_stage = bool(located[rows[0]])
        place = stage[rows, :2] if on_stage else centres[rows]
        pixel = stage[rows, 2] * 1e-4 if on_stage else np.ones(len(rows))
        yield rows, _sightings(squares.iloc[rows], place, pixel, centres[rows])


def _sightings(squares: "pd.DataFrame", place: Floats, pixel: Floats, centres: Floats) -> Sightings:
    import pandas as pd

    edge = np.sqrt(squares["area_px"].to_numpy(float))
    numbered = {name: pd.factorize(squares[name])[0] for name in ("image_id", "physical_id")}
    return Sightings(
        numbered["image_id"],
        numbered["physical_id"],
        place,
        pixel,
        centres,
        edge,
        edge * np.sqrt(np.maximum(squares["filled"].to_numpy(float), 0)),
        squares["cut"].to_numpy(bool),
        squares["depth_usual"].to_numpy(float),
        squares["depth_least"].to_numpy(float),
    )
