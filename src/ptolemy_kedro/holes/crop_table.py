"""Hole crops as tables: one row a hole; ``stored_crops`` splits them by size class for storage."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ptolemy_kedro.holes.crops import HoleCrops
from ptolemy_kedro.stored_crops import crop_rows, fields_of

if TYPE_CHECKING:
    import pandas as pd


def hole_crop_table(session_id: str, hole_ids: Sequence[str], crops: HoleCrops) -> "pd.DataFrame":
    """Make one row (``tables.HoleCrops``) a crop."""
    return crop_rows(session_id, "hole_id", hole_ids, crops, "hole_px")


def hole_crops_of(table: "pd.DataFrame") -> HoleCrops:
    """Read crops back from their rows, in their order.

    Raises:
        TableError: A row's bytes are not as many as its rows and columns say.
    """
    return HoleCrops(**fields_of(table, "hole_px"))
