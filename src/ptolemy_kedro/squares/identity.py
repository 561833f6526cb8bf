"""Which square is which: ids that survive a re-run, and one id for all sightings of one square."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    import pandas as pd

SAME = 0.5
"""Two sightings nearer than this share of a square's edge are one: neighbours lie over an edge apart."""

ROUND_PX = 4.0
"""Centres are rounded to this before they are hashed, so that ids survive small changes."""


def square_id(session_id: str, image_id: str, centre: NDArray[np.float64]) -> str:
    """Name a square by its image and its rounded centre (row, col) [px]."""
    row, col = np.rint(np.asarray(centre) / ROUND_PX).astype(int)
    return hashlib.sha256(f"{session_id}\n{image_id}\n{row}\n{col}".encode()).hexdigest()[:16]


def square_ids(session_id: str, image_id: str, centres: NDArray[np.float64]) -> list[str]:
    """Name the squares of an image; where centres round alike, each further one gets a name of its own.

    Args:
        session_id: The session.
        image_id: The image.
        centres: (row, col) [px]; shape (n, 2).
    """
    taken: dict[str, int] = {}
    names = []
    for centre in centres:
        name = square_id(session_id, image_id, centre)
        twins = taken[name] = taken.get(name, 0) + 1
        names.append(name if twins == 1 else square_id(session_id, f"{image_id}\n{twins}", centre))
    return names


def physical_ids(squares: "pd.DataFrame") -> "pd.Series":
    """Give every sighting of one square of a grid the same id, whatever image it is seen in.

    Sightings are joined by stage position; two in one image are never one square. A square whose image has no
    stage map, or no known size, is known by its own id only.

    Args:
        squares: ``tables.Squares`` rows of one session: ``grid_id, image_id, square_id, stage_x_um,
            stage_y_um, edge_um, cut``.

    Returns:
        Physical ids, by the index of ``squares``: the square_id of the sighting that is least cut.
    """
    ids = squares["square_id"].astype(object).copy()
    located = squares[["stage_x_um", "stage_y_um"]].notna().all(axis=1) & (squares["edge_um"] > 0)
    for _, sightings in squares[located].groupby("grid_id", sort=False):
        groups = same_square(
            sightings[["stage_x_um", "stage_y_um"]].to_numpy(float),
            sightings["edge_um"].to_numpy(float),
            sightings["image_id"].to_numpy(),
            sightings["cut"].to_numpy(float),
        )
        names = sightings["square_id"].to_numpy(object)
        ids.loc[sightings.index] = names[groups]
    return ids.astype("str")


def same_square(
    stage: NDArray[np.float64], edge_um: NDArray[np.float64], images: NDArray, cut: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Group sightings by stage position.

    Args:
        stage: Positions (x, y) [um]; shape (n, 2).
        edge_um: Edge of each square [um]; shape (n,).
        images: Image of each; shape (n,).
        cut: Whether the image's border cuts it, 0 or 1; shape (n,).

    Returns:
        Index of the sighting that stands for each, the same one for all of a square; shape (n,).
    """
    n, typical = len(stage), float(np.quantile(edge_um, 0.75))
    pairs = cKDTree(stage).query_pairs(_reach(cut.max(initial=0)) * typical, output_type="ndarray")
    gaps = np.linalg.norm(stage[pairs[:, 0]] - stage[pairs[:, 1]], axis=1)
    # What the border leaves of a square has its middle elsewhere.
    allowed = np.array([_reach(either) for either in (0, 1)])[np.maximum(*cut[pairs].T).astype(int)] * typical
    near = (gaps <= allowed) & (images[pairs[:, 0]] != images[pairs[:, 1]])
    group, members = np.arange(n), {i: [i] for i in range(n)}
    for a, b in pairs[near][np.argsort(gaps[near], kind="stable")]:
        first, second = group[a], group[b]
        seen = {images[i] for i in members[first]}
        if first == second or any(images[i] in seen for i in members[second]):
            continue
        members[first] += members.pop(second)
        group[members[first]] = first
    for same in members.values():
        group[same] = min(same, key=lambda i: (cut[i], i))
    return group


def _reach(cut: float) -> float:
    return SAME * (1.4 if cut else 1.0)
