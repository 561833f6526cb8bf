"""Which hole was exposed by which shot: one to one, by where the shot went."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.geometry import stage_map

if TYPE_CHECKING:
    import pandas as pd

WITHIN = 0.5
"""A shot belongs to a hole up to so many radii from its centre."""


def match_exposures(
    holes: "pd.DataFrame", targets: "pd.DataFrame", exposures: "pd.DataFrame", images: "pd.DataFrame"
) -> "pd.DataFrame":
    """Match the holes of a session with its exposures, the nearest pairs first.

    A shot went where its target is, moved by its offset on the stage where the image has a stage map. Of
    several shots in one hole the nearest counts; the others, and those beside any hole, are left out.

    Args:
        holes: ``tables.Holes`` rows of one session.
        targets: ``tables.Targets`` rows of the session.
        exposures: ``tables.Exposures`` rows of the session.
        images: ``tables.Images`` rows of the session.

    Returns:
        Rows of ``tables.HoleExposures``.
    """
    import pandas as pd

    from ptolemy_kedro import tables

    shots = exposures.drop(columns="image_id").merge(
        targets[["target_id", "image_id", "row_px", "col_px"]], on="target_id"
    )
    matches = [
        pd.DataFrame(
            {
                "session_id": of_image["session_id"].to_numpy()[hole],
                "hole_id": of_image["hole_id"].to_numpy()[hole],
                "exposure_id": taken["exposure_id"].to_numpy()[shot],
                "distance_px": distance,
            }
        )
        for of_image, taken, hole, shot, distance in _matched(holes, shots, images)
    ]
    return pd.concat(matches, ignore_index=True) if matches else tables.empty(tables.HoleExposures)


def one_to_one(
    centres: NDArray[np.float64], reach_px: NDArray[np.float64], points: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pair centres with points, the nearest pair first, each at most once.

    Args:
        centres: (row, col) [px]; shape (n, 2).
        reach_px: How far a point may lie from each; shape (n,).
        points: (row, col) [px]; shape (m, 2).

    Returns:
        Of each pair: place of the centre, place of the point, distance [px]; shape (k,) each.
    """
    if not len(centres) or not len(points):
        return np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0)
    near = cKDTree(points).query_ball_point(centres, reach_px)
    pairs = np.array([(i, j) for i, around in enumerate(near) for j in around], np.intp).reshape(-1, 2)
    gaps = np.linalg.norm(centres[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    taken: list[int] = []
    free_centre, free_point = np.ones(len(centres), bool), np.ones(len(points), bool)
    for k in np.argsort(gaps, kind="stable"):
        i, j = pairs[k]
        if free_centre[i] and free_point[j]:
            free_centre[i] = free_point[j] = False
            taken.append(int(k))
    return pairs[taken, 0], pairs[taken, 1], gaps[taken]


def _matched(
    holes: "pd.DataFrame", shots: "pd.DataFrame", images: "pd.DataFrame"
) -> "Iterator[tuple[pd.DataFrame, pd.DataFrame, NDArray, NDArray, NDArray]]":
    rows = {row["image_id"]: row for row in images.to_dict("records")}
    by_image = dict(iter(shots.groupby("image_id", sort=False)))
    for image_id, of_image in holes.groupby("image_id", sort=False):
        taken = by_image.get(image_id)
        if taken is not None and image_id in rows:
            points = _where(taken, rows[image_id])
            centres = of_image[["row_px", "col_px"]].to_numpy(float)
            yield (
                of_image,
                taken,
                *one_to_one(centres, WITHIN * of_image["radius_px"].to_numpy(float), points),
            )


def _where(shots: "pd.DataFrame", image: dict) -> NDArray[np.float64]:
    """Where shots went in the image of their targets (row, col) [px]; shape (m, 2)."""
    points = shots[["row_px", "col_px"]].to_numpy(float)
    to_stage = stage_map(image)
    if to_stage is None:
        return points
    offset = np.nan_to_num(shots[["offset_x_um", "offset_y_um"]].to_numpy(float, na_value=np.nan))
    return to_stage.to_pixels(to_stage.to_stage(points) + offset)
