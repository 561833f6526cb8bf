"""What the models that judge holes learn from: read a session at a time, as small as a network takes it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.holes.context import DESCRIPTORS, matrix
from ptolemy_kedro.holes.crop_table import hole_crops_of
from ptolemy_kedro.holes.crops import HoleCrops
from ptolemy_kedro.partitions import SessionTable

if TYPE_CHECKING:
    import pandas as pd


def gather_frames(
    holes: SessionTable, crops: SessionTable, size_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32], "pd.DataFrame"]:
    """Bring the holes of known label to frames of one size, with their descriptors.

    Args:
        holes: ``tables.Holes`` of the sessions to learn from.
        crops: ``tables.HoleCrops`` of these sessions and maybe others.
        size_px: Rows and cols of a frame.

    Returns:
        Frames (n, 1, size, size), descriptors (n, d) in the order of ``DESCRIPTORS``, and ``session_id`` and
        ``label`` of each.

    Raises:
        TableError: A labelled hole has no crop.
    """
    known = _known(holes)
    frames = np.empty((len(known), 1, size_px, size_px), np.uint8)
    numbers = np.empty((len(known), len(DESCRIPTORS)), np.float32)
    at = 0
    for session_id, rows in known.groupby("session_id", sort=False):
        cut_out = _crops(crops, str(session_id), rows)
        part = slice(at, at := at + len(rows))
        frames[part] = cut_out.frames(size_px)
        described = holes[str(session_id)].set_index("hole_id").loc[rows["hole_id"]]
        numbers[part] = matrix({name: described[name].to_numpy() for name in DESCRIPTORS})
    return frames, numbers, known[["session_id", "label"]]


def gather_crops(
    holes: SessionTable, crops: SessionTable, largest_px: int
) -> tuple["pd.DataFrame", HoleCrops]:
    """Read the crops of the holes of known label, none larger than a side.

    Args:
        holes: ``tables.Holes`` of the sessions to learn from.
        crops: ``tables.HoleCrops`` of these sessions and maybe others.
        largest_px: Crops that are larger are reduced as they are read.

    Returns:
        ``session_id`` and ``label`` of each, and the crops in their order.

    Raises:
        TableError: A labelled hole has no crop.
    """
    known = _known(holes)
    parts = [
        _crops(crops, str(session_id), rows).limited(largest_px)
        for session_id, rows in known.groupby("session_id", sort=False)
    ]
    return known[["session_id", "label"]], _joined(parts)


def _known(holes: SessionTable) -> "pd.DataFrame":
    """List the holes of known label, a session after the other: ``session_id``, ``hole_id``, ``label``."""
    import pandas as pd

    columns = ["session_id", "hole_id", "label"]
    parts = [table.loc[table["label"] != "unknown", columns] for _, table in holes]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _crops(crops: SessionTable, session_id: str, rows: "pd.DataFrame") -> HoleCrops:
    table = crops[session_id].set_index("hole_id")
    if missing := len(rows) - int(rows["hole_id"].isin(table.index).sum()):
        raise TableError(f"{missing} holes of {session_id} have no crop. Cut them anew.")
    return hole_crops_of(table.loc[rows["hole_id"]])


def _joined(parts: list[HoleCrops]) -> HoleCrops:
    if not parts:
        none, count = np.zeros(0), np.zeros(0, np.int64)
        return HoleCrops([], count, none, none, none, count)
    return HoleCrops(
        [crop for part in parts for crop in part.pixels],
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("size_class", "mean", "std", "hole_px", "reduction")
        ),
    )
