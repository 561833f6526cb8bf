"""How well holes were located, measured on the operators' clicks as published."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.evaluation.comparison import EvaluateOptions
from ptolemy_kedro.evaluation.scoring import part_of
from ptolemy_kedro.metrics import detection

if TYPE_CHECKING:
    import pandas as pd

WAYS = {"network": ("network",), "network + lattice": ("network", "lattice")}
"""What of ``tables.Holes.found_by`` counts as found, by the way of locating."""

DEFAULT = "network + lattice"
"""The way in which holes are located for all else."""


def compare_with_clicks(
    holes: "pd.DataFrame", targets: "pd.DataFrame", images: "pd.DataFrame"
) -> "pd.DataFrame":
    """Count, image by image, the holes found, the holes clicked, and the clicks in a hole that was found.

    An operator clicks beside the centre and leaves holes out: a click counts within a radius of the hole that
    was found, and the share of holes clicked is a ceiling of precision.

    Args:
        holes: ``tables.Holes`` rows of one session.
        targets: ``tables.Targets`` rows of the session.
        images: ``tables.Images`` rows of the session.

    Returns:
        Rows of ``tables.HoleDetections``: each image with pixels in which holes were clicked, by ``WAYS``.
    """
    import pandas as pd

    from ptolemy_kedro import tables
    from ptolemy_kedro.choices import selected_sites
    from ptolemy_kedro.holes.locating import images_of_holes

    clicks = selected_sites(targets, "hole")
    clicks = clicks[clicks["image_id"].isin(images_of_holes(images)["image_id"])]
    rows = [
        {"session_id": of_image["session_id"].iloc[0], "image_id": image_id, "method": way}
        | _counts(holes[(holes["image_id"] == image_id) & holes["found_by"].isin(found_by)], of_image)
        for image_id, of_image in clicks.groupby("image_id")
        for way, found_by in WAYS.items()
    ]
    return pd.DataFrame(rows) if rows else tables.empty(tables.HoleDetections)


def judge_locating(
    detections: "pd.DataFrame", split: "pd.DataFrame", options: EvaluateOptions
) -> dict[str, dict[str, Any]]:
    """Measure each way of locating on the validation and on the test sessions.

    Args:
        detections: Rows of ``tables.HoleDetections`` of these sessions.
        split: One row a session: ``session_id``, ``part``.
        options: Of the bootstrap.

    Returns:
        Way, then part, then the measures of ``metrics.detection.evaluate``.

    Raises:
        TableError: Nobody clicked a hole in the test sessions.
    """
    if not detections["session_id"].isin(part_of(split, "test")).any():
        raise TableError(
            "No hole was clicked in the images of the test sessions, so the localiser cannot be judged. "
            "Add sessions."
        )
    judged: dict[str, dict[str, Any]] = {}
    for (way, part), rows in detections.merge(split, on="session_id").groupby(["method", "part"]):
        hits, found, clicked = (rows[name] for name in ("hits", "found", "clicked"))
        measures = detection.evaluate(hits, found, clicked, rows["session_id"], options.seed, options.draws)
        judged.setdefault(str(way), {})[str(part)] = measures
    return judged


def misses(holes: "pd.DataFrame", targets: "pd.DataFrame") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give what is wrong in one image: clicks in no hole found, and holes found that nobody clicked.

    Returns:
        Points (row, col) [px]; shapes (m, 2) and (n, 2).
    """
    from ptolemy_kedro.choices import selected_sites

    clicks = points_of(selected_sites(targets, "hole"))
    pairs = detection.match_points(clicks, points_of(holes), holes["radius_px"].to_numpy(float))
    return np.delete(clicks, pairs[:, 0], axis=0), np.delete(points_of(holes), pairs[:, 1], axis=0)


def points_of(rows: "pd.DataFrame") -> NDArray[np.float64]:
    """Read points (row, col) [px] off rows; shape (n, 2)."""
    return rows[["row_px", "col_px"]].to_numpy(float)


def _counts(holes: "pd.DataFrame", clicks: "pd.DataFrame") -> dict[str, int]:
    # Clicks are what is found here, and holes what is wanted: the reach is that of the hole.
    pairs = detection.match_points(points_of(clicks), points_of(holes), holes["radius_px"].to_numpy(float))
    return {"found": len(holes), "clicked": len(clicks), "hits": len(pairs)}
