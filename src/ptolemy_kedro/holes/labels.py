"""What an operator's choices say about the holes that were found, and which of them were exposed."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.choices import rejected_sites, selected_sites, sites_of_models

if TYPE_CHECKING:
    import pandas as pd

BESIDE = 1.5
"""A click counts for the nearest hole up to so many radii from its centre: operators click beside, too."""


def label_holes(holes: "pd.DataFrame", targets: "pd.DataFrame", images: "pd.DataFrame") -> "pd.Series":
    """Label each hole selected, rejected or unknown.

    A hole is selected where a selected target (``choices``) is nearest to it and not beside it; else rejected
    where an operator's rejected one is, or where its image was viewed and it was left; else unknown. One
    that a model selected was not left.

    Args:
        holes: ``tables.Holes`` rows of one session.
        targets: ``tables.Targets`` rows of the session.
        images: ``tables.Images`` rows of the session.

    Returns:
        Labels, by the index of ``holes``.
    """
    import pandas as pd

    selected = _clicked(holes, selected_sites(targets, "hole"))
    rejected = _clicked(holes, rejected_sites(targets, "hole"))
    viewed = holes["image_id"].isin(images.loc[images["viewed"].astype(bool), "image_id"]).to_numpy()
    left = viewed & ~_clicked(holes, sites_of_models(targets, "hole"))
    labels = np.where(selected, "selected", np.where(rejected | left, "rejected", "unknown"))
    return pd.Series(labels, index=holes.index, dtype="str")


def with_labels(holes: "pd.DataFrame", targets: "pd.DataFrame", images: "pd.DataFrame") -> "pd.DataFrame":
    """Fill in the labels of a session's holes; arguments as for ``label_holes``."""
    return holes.assign(label=label_holes(holes, targets, images))


def holes_at(
    centres: NDArray[np.float64], radius_px: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Find the hole that each point means: the nearest, unless it is too far off; -1 for none.

    Args:
        centres: Of the holes (row, col) [px]; shape (n, 2).
        radius_px: Of the holes; shape (n,).
        points: (row, col) [px]; shape (m, 2).
    """
    if not len(centres) or not len(points):
        return np.full(len(points), -1, np.intp)
    gaps, nearest = cKDTree(centres).query(points)
    return np.where(gaps <= BESIDE * radius_px[nearest], nearest, -1)


def _clicked(holes: "pd.DataFrame", targets: "pd.DataFrame") -> NDArray[np.bool_]:
    clicked = np.zeros(len(holes), bool)
    places = holes.groupby("image_id", sort=False).indices
    for image_id, of_image in targets.groupby("image_id", sort=False):
        if image_id in places:
            found = places[image_id]
            owners = holes_at(*_circles(holes.iloc[found]), _points(of_image))
            clicked[found[owners[owners >= 0]]] = True
    return clicked


def _circles(holes: "pd.DataFrame") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return _points(holes), holes["radius_px"].to_numpy(float)


def _points(rows: "pd.DataFrame") -> NDArray[np.float64]:
    return rows[["row_px", "col_px"]].to_numpy(float)
