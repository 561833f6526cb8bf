"""Crops as tables: one row a square, and for storage one Arrow table a size class.

Pixels of one class have one length, so that they are stored as fixed-size binary: smaller, and read
much faster than lists.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ptolemy_kedro.squares.crops import Crops
from ptolemy_kedro.stored_crops import pixels_of

if TYPE_CHECKING:
    import pandas as pd


def crop_table(session_id: str, square_ids: Sequence[str], crops: Crops) -> "pd.DataFrame":
    """Make one row (``tables.SquareCrops``) a crop."""
    import pandas as pd

    shapes = crops.shapes
    return pd.DataFrame(
        {
            "session_id": pd.Series([session_id] * len(crops), dtype="str"),
            "square_id": pd.Series(list(square_ids), dtype="str"),
            "rows_px": shapes[:, 0],
            "cols_px": shapes[:, 1],
            "size_class": crops.size_class,
            "reduction": crops.reduction,
            "typical_px": crops.typical_px,
            "mean": crops.mean,
            "std": crops.std,
            "pixels": pd.Series([crop.tobytes() for crop in crops.pixels], dtype=object),
        }
    )


def crops_of(table: "pd.DataFrame") -> Crops:
    """Read crops back from their rows, in their order.

    Raises:
        TableError: A row's bytes are not as many as its rows and columns say.
    """
    return Crops(
        [pixels_of(*row) for row in zip(table["pixels"], table["rows_px"], table["cols_px"], strict=True)],
        table["size_class"].to_numpy(np.int64),
        table["mean"].to_numpy(float),
        table["std"].to_numpy(float),
        table["typical_px"].to_numpy(float),
        table["reduction"].to_numpy(np.int64),
    )
