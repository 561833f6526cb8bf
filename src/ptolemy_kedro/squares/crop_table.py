"""Square crops as tables: one row a square; ``stored_crops`` splits them by size class for storage."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ptolemy_kedro.squares.crops import Crops
from ptolemy_kedro.stored_crops import crop_rows, fields_of

if TYPE_CHECKING:
    import pandas as pd


def crop_table(session_id: str, square_ids: Sequence[str], crops: Crops) -> "pd.DataFrame":
    """Make one row (``tables.SquareCrops``) a crop."""
    return crop_rows(session_id, "square_id", square_ids, crops, "typical_px")


def crops_of(table: "pd.DataFrame") -> Crops:
    """Read crops back from their rows, in their order.

    Raises:
        TableError: A row's bytes are not as many as its rows and columns say.
    """
    return Crops(**fields_of(table, "typical_px"))
