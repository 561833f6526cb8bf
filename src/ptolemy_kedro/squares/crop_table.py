"""Crops as tables: one row a square, and for storage one Arrow table a size class.

Pixels of one class have one length, so that they are stored as fixed-size binary: smaller, and read
much faster than lists.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.squares.crops import Crops

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


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
        [_pixels(*row) for row in zip(table["pixels"], table["rows_px"], table["cols_px"], strict=True)],
        table["size_class"].to_numpy(np.int64),
        table["mean"].to_numpy(float),
        table["std"].to_numpy(float),
        table["typical_px"].to_numpy(float),
        table["reduction"].to_numpy(np.int64),
    )


def to_arrow(table: "pd.DataFrame") -> "dict[int, pa.Table]":
    """Split crops by size class, the pixels of each padded with zeros to one length."""
    sides = sorted(set(table["size_class"].tolist()))
    return {side: _class_to_arrow(table[table["size_class"] == side], side) for side in sides}


def from_arrow(classes: "Mapping[int, pa.Table]") -> "pd.DataFrame":
    """Join size classes again, ordered by class, the padding taken off."""
    import pandas as pd

    parts = [classes[side].to_pandas() for side in sorted(classes)]
    table = pd.concat(parts, ignore_index=True)
    sizes = table["rows_px"] * table["cols_px"]
    table["pixels"] = [pixels[:size] for pixels, size in zip(table["pixels"], sizes, strict=True)]
    return table


def _class_to_arrow(part: "pd.DataFrame", side: int) -> "pa.Table":
    import pyarrow as pa

    padded = [pixels.ljust(side * side, b"\0") for pixels in part["pixels"]]
    others = pa.Table.from_pandas(part.drop(columns="pixels"), preserve_index=False)
    return others.append_column("pixels", pa.array(padded, pa.binary(side * side)))


def _pixels(content: bytes, rows: int, cols: int) -> NDArray[np.uint8]:
    if len(content) != rows * cols:
        raise TableError(
            f"A crop holds {len(content)} bytes; {rows} x {cols} are needed. Cut the crops again."
        )
    return np.frombuffer(content, np.uint8).reshape(rows, cols)
