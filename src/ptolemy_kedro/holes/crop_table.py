"""Hole crops as tables: one row a hole; ``stored_crops`` splits them by size class for storage."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ptolemy_kedro.holes.crops import HoleCrops
from ptolemy_kedro.stored_crops import pixels_of

if TYPE_CHECKING:
    import pandas as pd


def hole_crop_table(session_id: str, hole_ids: Sequence[str], crops: HoleCrops) -> "pd.DataFrame":
    """Make one row (``tables.HoleCrops``) a crop."""
    import pandas as pd

    shapes = crops.shapes
    return pd.DataFrame(
        {
            "session_id": pd.Series([session_id] * len(crops), dtype="str"),
            "hole_id": pd.Series(list(hole_ids), dtype="str"),
            "rows_px": shapes[:, 0],
            "cols_px": shapes[:, 1],
            "size_class": crops.size_class,
            "reduction": crops.reduction,
            "hole_px": crops.hole_px,
            "mean": crops.mean,
            "std": crops.std,
            "pixels": pd.Series([crop.tobytes() for crop in crops.pixels], dtype=object),
        }
    )


def hole_crops_of(table: "pd.DataFrame") -> HoleCrops:
    """Read crops back from their rows, in their order.

    Raises:
        TableError: A row's bytes are not as many as its rows and columns say.
    """
    return HoleCrops(
        [pixels_of(*row) for row in zip(table["pixels"], table["rows_px"], table["cols_px"], strict=True)],
        table["size_class"].to_numpy(np.int64),
        table["mean"].to_numpy(float),
        table["std"].to_numpy(float),
        table["hole_px"].to_numpy(float),
        table["reduction"].to_numpy(np.int64),
    )
