"""The squares of a new session: found and ranked in every tile and atlas, one id for all sightings of one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import stage_map
from ptolemy_kedro.squares.identity import same_square, square_ids
from ptolemy_kedro.survey.models import Stored, square_ranker
from ptolemy_kedro.survey.newcomer import FINDS_SQUARES, Newcomer
from ptolemy_kedro.survey.sightings import in_one_table, stand_and_rank
from ptolemy_kedro.targeting import RankedSquares, rank_squares

if TYPE_CHECKING:
    import pandas as pd

CORNERS = [f"corner_{number}_{axis}_px" for number in range(1, 5) for axis in ("row", "col")]


def survey_squares(newcomer: Newcomer, ranker: Stored, workers: int = 1) -> "pd.DataFrame":
    """Find and rank the squares of a session (``tables.TargetSquares``).

    Args:
        newcomer: The session.
        ranker: The model.
        workers: Processes.

    Raises:
        PtolemyError: An image cannot be used; the note says which.
    """
    from ptolemy_kedro import tables

    seen = in_one_table(newcomer, FINDS_SQUARES, _look, ranker, workers=workers)
    if seen is None:
        return tables.empty(tables.TargetSquares)
    seen["physical_id"] = _physical_ids(seen)
    # A square that its image's border cuts tells less than a whole one, a coarse image less than a fine one.
    return stand_and_rank(seen, seen["cut"].to_numpy(float)).drop(columns="kind")


def _look(row: dict[str, Any], pixels: NDArray, ranker: Stored) -> "pd.DataFrame":
    return _rows(row, rank_squares(pixels, square_ranker(ranker), _size(row)))


def _rows(image: Mapping[str, Any], ranked: RankedSquares) -> "pd.DataFrame":
    import pandas as pd

    squares, n = ranked.squares, len(ranked)
    to_stage = stage_map(image)
    stage = np.full((n, 2), np.nan) if to_stage is None else to_stage.to_stage(squares.centres)
    names = ("session_id", "grid_id", "image_id", "kind")
    return pd.DataFrame(
        {name: [str(image[name])] * n for name in names}
        | {"square_id": square_ids(image["session_id"], image["image_id"], squares.centres)}
        | {"score": ranked.scores, "row_px": squares.centres[:, 0], "col_px": squares.centres[:, 1]}
        | dict(zip(CORNERS, squares.corners.reshape(n, 8).T, strict=True))
        | {"area_px": squares.area_px, "brightness": squares.brightness, "cut": squares.cut}
        | {"stage_x_um": stage[:, 0], "stage_y_um": stage[:, 1]}
        | {"pixel_size_a": np.full(n, _size(image) or np.nan), "model": [ranked.model] * n}
    )


def _physical_ids(seen: "pd.DataFrame") -> "pd.Series":
    """Join the sightings of a grid by stage position; one whose place is unknown stands alone."""
    ids = seen["square_id"].astype(object).copy()
    located = seen[["stage_x_um", "stage_y_um", "pixel_size_a"]].notna().all(axis=1)
    for _, of_grid in seen[located].groupby("grid_id", sort=False):
        edge_um = np.sqrt(of_grid["area_px"].to_numpy(float)) * of_grid["pixel_size_a"].to_numpy(float) * 1e-4
        groups = same_square(
            of_grid[["stage_x_um", "stage_y_um"]].to_numpy(float),
            edge_um,
            of_grid["image_id"].to_numpy(),
            of_grid["cut"].to_numpy(float),
        )
        ids.loc[of_grid.index] = of_grid["square_id"].to_numpy(object)[groups]
    return ids.astype("str")


def _size(image: Mapping[str, Any]) -> float | None:
    """The pixel size [A] of an image's row, None where it is empty."""
    size = image["pixel_size_a"]
    return float(size) if size is not None and np.isfinite(float(size)) else None
