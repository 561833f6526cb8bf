"""Where a hole lies: which hole it is in other images, on which square, and where on the atlas."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.geometry import StageMap, StagePoints, stage_map
from ptolemy_kedro.squares.identity import same_square
from ptolemy_kedro.survey.sightings import records
from ptolemy_kedro.survey.squares import CORNERS

if TYPE_CHECKING:
    import pandas as pd

STAGE = ["stage_x_um", "stage_y_um"]

BESIDE = 0.2
"""A hole so many edges beside a square's outline still lies on it: images of two scales agree no better."""

NEIGHBOURS = 4
"""Squares by whose middles a hole's own is looked for."""


def same_hole(seen: "pd.DataFrame") -> "pd.Series":
    """Give all sightings of one hole of a grid the same id, by stage position.

    Two sightings in different images are one hole where they lie nearer than half a step of the lattice, or,
    where there is none, than a hole's diameter. One whose place is unknown stands alone.

    Args:
        seen: ``tables.Holes`` rows of one session.

    Returns:
        Ids, by the index of ``seen``.
    """
    ids = seen["hole_id"].astype(object).copy()
    located = seen[[*STAGE, "pixel_size_a"]].notna().all(axis=1)
    for _, of_grid in seen[located].groupby("grid_id", sort=False):
        groups = same_square(
            of_grid[STAGE].to_numpy(float),
            _reach_um(of_grid),
            of_grid["image_id"].to_numpy(),
            np.zeros(len(of_grid)),
        )
        ids.loc[of_grid.index] = of_grid["hole_id"].to_numpy(object)[groups]
    return ids.astype("str")


def on_squares(holes: "pd.DataFrame", squares: "pd.DataFrame", images: "pd.DataFrame") -> "pd.Series":
    """Find the square on which each hole lies: the one inside whose outline it is, or just beside.

    Args:
        holes: With stage positions and ``grid_id``.
        squares: ``tables.TargetSquares`` rows of the session.
        images: ``tables.Images`` rows of the session.

    Returns:
        Physical ids, empty where there is none, by the index of ``holes``.
    """
    import pandas as pd

    found = pd.Series(pd.NA, index=holes.index, dtype="str")
    stand = squares[squares["stands"] & squares["stage_x_um"].notna()]
    located = holes[holes[STAGE].notna().all(axis=1)]
    for grid_id, of_grid in located.groupby("grid_id", sort=False):
        there = stand[stand["grid_id"] == grid_id]
        if len(there):
            nearest = _lies_on(of_grid[STAGE].to_numpy(float), _outlines(there, images))
            inside = nearest >= 0
            found.loc[of_grid.index[inside]] = there["physical_id"].to_numpy(object)[nearest[inside]]
    return found


def on_atlas(holes: "pd.DataFrame", images: "pd.DataFrame") -> dict[str, Any]:
    """Place holes on the image of their whole grid: ``atlas_image``, ``atlas_row_px``, ``atlas_col_px``."""
    import pandas as pd

    names = pd.Series(pd.NA, index=holes.index, dtype="str")
    points = np.full((len(holes), 2), np.nan)
    for grid_id, (image_id, to_stage) in _atlases(images).items():
        there = ((holes["grid_id"] == grid_id) & holes[STAGE].notna().all(axis=1)).to_numpy()
        points[there] = to_stage.to_pixels(holes.loc[there, STAGE].to_numpy(float))
        names[there] = image_id
    return {"atlas_image": names, "atlas_row_px": points[:, 0], "atlas_col_px": points[:, 1]}


def _atlases(images: "pd.DataFrame") -> dict[str, tuple[str, StageMap]]:
    """The first atlas of each grid whose place on the stage is known."""
    found: dict[str, tuple[str, StageMap]] = {}
    for row in records(images[images["kind"] == "atlas"]):
        to_stage = stage_map(row)
        if to_stage is not None:
            found.setdefault(str(row["grid_id"]), (str(row["image_id"]), to_stage))
    return found


def _reach_um(holes: "pd.DataFrame") -> NDArray[np.float64]:
    """Give the step of each hole's lattice, or twice its diameter where it has none [um]; shape (n,)."""
    steps = holes[["step_row_row_px", "step_row_col_px", "step_col_row_px", "step_col_col_px"]].to_numpy(
        float
    )
    shorter = np.minimum(np.hypot(*steps[:, :2].T), np.hypot(*steps[:, 2:].T))
    alone = 4 * holes["radius_px"].to_numpy(float)
    return np.where(np.isfinite(shorter), shorter, alone) * holes["pixel_size_a"].to_numpy(float) * 1e-4


def _outlines(squares: "pd.DataFrame", images: "pd.DataFrame") -> NDArray[np.float64]:
    """Corners of squares on the stage, (x, y) [um]; shape (m, 4, 2)."""
    maps = {row["image_id"]: to_stage for row in records(images) if (to_stage := stage_map(row)) is not None}
    corners = squares[CORNERS].to_numpy(float).reshape(-1, 4, 2)
    return np.stack(
        [maps[name].to_stage(four) for name, four in zip(squares["image_id"], corners, strict=True)]
    )


def _lies_on(points: StagePoints, outlines: NDArray[np.float64]) -> NDArray[np.intp]:
    """Index of the outline (m, 4, 2) that each point (n, 2) lies in or just beside, else -1; shape (n,)."""
    centres = outlines.mean(axis=1)
    _, near = cKDTree(centres).query(points, k=min(NEIGHBOURS, len(outlines)))
    near = near.reshape(len(points), -1)
    sides = np.roll(outlines, -1, axis=1) - outlines
    edges = np.linalg.norm(sides, axis=2)
    outward = np.stack([sides[..., 1], -sides[..., 0]], axis=2) / np.maximum(edges, 1e-9)[..., None]
    outward *= np.sign(np.sum((outlines - centres[:, None]) * outward, axis=2))[..., None]
    beyond = np.sum((points[:, None, None] - outlines[near]) * outward[near], axis=3).max(axis=2)
    best = beyond.argmin(axis=1)
    index = near[np.arange(len(points)), best]
    allowed = BESIDE * edges.mean(axis=1)[index]
    return np.where(beyond[np.arange(len(points)), best] <= allowed, index, -1)
