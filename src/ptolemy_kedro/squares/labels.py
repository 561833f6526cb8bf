"""What an operator's choices say about the squares that were found."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.choices import rejected_sites, selected_sites, sites_of_models

if TYPE_CHECKING:
    import pandas as pd

BESIDE = 1.25
"""A click counts for a square up to this many half edges from its centre: operators click beside, too."""


def label_squares(squares: "pd.DataFrame", targets: "pd.DataFrame", images: "pd.DataFrame") -> "pd.Series":
    """Label each square selected, rejected or unknown.

    A square is selected where a selected target (``choices``) lies in any sighting of it; else rejected where
    an operator's rejected one does, or where one of its images was viewed and it was left; else unknown. One
    that a model selected was not left.

    Args:
        squares: ``tables.Squares`` rows of one session, with corners and ``physical_id``.
        targets: ``tables.Targets`` rows of the session.
        images: ``tables.Images`` rows of the session.

    Returns:
        Labels, by the index of ``squares``.
    """
    import pandas as pd

    viewed = squares["image_id"].isin(images.loc[images["viewed"].astype(bool), "image_id"]).to_numpy()
    said = {
        "selected": _holding(squares, selected_sites(targets, "square")),
        "rejected": _holding(squares, rejected_sites(targets, "square")),
        "viewed": viewed,
        "by_model": _holding(squares, sites_of_models(targets, "square")),
    }
    sightings = pd.DataFrame(said, index=squares.index).groupby(squares["physical_id"].to_numpy())
    of_any = sightings.transform("any")
    against = of_any["rejected"] | (of_any["viewed"] & ~of_any["by_model"])
    labels = np.where(of_any["selected"], "selected", np.where(against, "rejected", "unknown"))
    return pd.Series(labels, index=squares.index, dtype="str")


def squares_at(corners: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.intp]:
    """Find the square each point lies in, the nearest where several hold it; -1 for none.

    Args:
        corners: Rectangles, (row, col) [px]; shape (n, 4, 2).
        points: (row, col) [px]; shape (m, 2).

    Returns:
        Indices of squares; shape (m,).
    """
    if not len(corners) or not len(points):
        return np.full(len(points), -1, np.intp)
    centres = corners.mean(axis=1)
    half_edges = (corners[:, [1, 3]] - corners[:, [0]]) / 2
    lengths = np.maximum((half_edges**2).sum(axis=2), 1e-9)
    offsets = points[:, None] - centres[None]
    along = np.abs(np.einsum("mnk,nek->mne", offsets, half_edges)) / lengths
    furthest = along.max(axis=2)
    nearest = furthest.argmin(axis=1)
    return np.where(furthest[np.arange(len(points)), nearest] <= BESIDE, nearest, -1)


def _holding(squares: "pd.DataFrame", targets: "pd.DataFrame") -> NDArray[np.bool_]:
    holding = np.zeros(len(squares), bool)
    positions = squares.groupby("image_id", sort=False).indices
    for image_id, of_image in targets.groupby("image_id", sort=False):
        if image_id not in positions:
            continue
        found = positions[image_id]
        points = of_image[["row_px", "col_px"]].to_numpy(float)
        owners = squares_at(_corners(squares.iloc[found]), points)
        holding[found[owners[owners >= 0]]] = True
    return holding


def _corners(squares: "pd.DataFrame") -> NDArray[np.float64]:
    columns = [f"corner_{k}_{axis}_px" for k in range(1, 5) for axis in ("row", "col")]
    return squares[columns].to_numpy(float).reshape(-1, 4, 2)
