"""Examples to draw: images of a session with their holes, the holes' scores, and what was clicked."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro import archive as archives
from ptolemy_kedro.choices import selected_sites
from ptolemy_kedro.figures.hole_failures import LocatedImage
from ptolemy_kedro.holes.crop_table import hole_crops_of
from ptolemy_kedro.holes.crops import HoleCrops
from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.holes.table import found_of
from ptolemy_kedro.metrics.detection import match_points
from ptolemy_kedro.partitions import SessionTable

if TYPE_CHECKING:
    import pandas as pd


def example_image(
    archive: Path, images: "pd.DataFrame", holes: "pd.DataFrame", scores: "pd.DataFrame"
) -> tuple[NDArray, FoundHoles, NDArray[np.float64], str]:
    """Take the image of a session in which most holes have a known label.

    Args:
        archive: The session's archive.
        images: ``tables.Images`` rows of the session.
        holes: ``tables.Holes`` rows of the session; at least one.
        scores: ``tables.HoleScores`` rows of the session and one model.

    Returns:
        Pixels (rows, cols), the holes in them, the score of each, and the image's name.
    """
    known = (holes["label"] != "unknown").groupby(holes["image_id"]).sum()
    name = str(known.idxmax())
    of_image = holes[holes["image_id"] == name].merge(scores[["hole_id", "score"]], on="hole_id")
    pixels = read_image(archive, images, name)
    title = f"{of_image['session_id'].iloc[0]}, {name}"
    return pixels, found_of(of_image), of_image["score"].to_numpy(float), title


def worst_images(detections: "pd.DataFrame", count: int) -> "pd.DataFrame":
    """Choose the images in which most clicks were missed; of equals, those with most holes nobody clicked.

    Args:
        detections: ``tables.HoleDetections`` rows of one way of locating.
        count: At most.
    """
    missed = 1 - detections["hits"] / detections["clicked"]
    spare = (detections["found"] - detections["hits"]) / detections["found"].clip(lower=1)
    order = np.lexsort([-spare, -missed])
    return detections.iloc[order[:count]]


def located_image(
    archive: Path, images: "pd.DataFrame", holes: "pd.DataFrame", targets: "pd.DataFrame", name: str
) -> LocatedImage:
    """Put together what was found and what was clicked in one image of a session.

    Args:
        archive: The session's archive.
        images: ``tables.Images`` rows of the session.
        holes: ``tables.Holes`` rows of the session.
        targets: ``tables.Targets`` rows of the session.
        name: Id of the image.
    """
    found = holes[holes["image_id"] == name]
    clicks = selected_sites(targets, "hole")
    points = clicks.loc[clicks["image_id"] == name, ["row_px", "col_px"]].to_numpy(float)
    centres, radius_px = found[["row_px", "col_px"]].to_numpy(float), found["radius_px"].to_numpy(float)
    pairs = match_points(points, centres, radius_px)
    clicked = np.zeros(len(centres), bool)
    clicked[pairs[:, 1]] = True
    missed = np.delete(points, pairs[:, 0], axis=0)
    session_id = images["session_id"].iloc[0]
    pixels = read_image(archive, images, name)
    return LocatedImage(f"{session_id}, {name}", pixels, centres, radius_px, clicked, missed)


def across_scores(scores: "pd.DataFrame", count: int) -> "pd.DataFrame":
    """Choose rows with a known label evenly from the best to the worst score, ``count`` at most."""
    known = scores[scores["label"] != "unknown"].sort_values("score", ascending=False)
    places = np.unique(np.linspace(0, len(known) - 1, min(count, len(known))).astype(int))
    return known.iloc[places]


def worst_judged(scores: "pd.DataFrame", count: int) -> "pd.DataFrame":
    """Choose the rejected with the highest scores and the selected with the lowest; ``count`` of each."""
    import pandas as pd

    ordered = scores.sort_values("score")
    praised = ordered[ordered["label"] == "rejected"].tail(count)
    return pd.concat([ordered[ordered["label"] == "selected"].head(count), praised])


def crops_of_scored(
    crops: SessionTable, scores: "pd.DataFrame"
) -> tuple[HoleCrops, NDArray[np.float64], NDArray[np.bool_]]:
    """Read the crops of some scored holes, a session at a time.

    Args:
        crops: ``tables.HoleCrops`` by session.
        scores: Some rows of ``tables.HoleScores`` of one model.

    Returns:
        Crops, scores (n,), and whether each was selected (n,).
    """
    import pandas as pd

    parts = [
        crops[str(session_id)].merge(rows[["hole_id", "score", "label"]], on="hole_id")
        for session_id, rows in scores.groupby("session_id")
    ]
    rows = pd.concat(parts, ignore_index=True)
    return hole_crops_of(rows), rows["score"].to_numpy(float), (rows["label"] == "selected").to_numpy()


def read_image(archive: Path, images: "pd.DataFrame", name: str) -> NDArray:
    """Read the pixels of one image of a session, shape (rows, cols)."""
    file = images.loc[images["image_id"] == name, "file"].iloc[0]
    store = archives.open_pixels(archive, permissive=True)
    with closing(store.container):
        return store.read(str(file))
