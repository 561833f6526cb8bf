"""How crops of squares and of holes are kept: a byte a pixel, in tables of one size class each.

Pixels of one class have one length, so that they are stored as fixed-size binary: smaller, and read
much faster than lists.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import TableError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SIZE_CLASSES = (24, 32, 48, 64, 96, 128, 192, 256)
"""Sides [px] that crops are stored at; each takes the least that holds it."""

LEVELS_PER_SD = 16
"""Stored levels to a standard deviation; the mean is stored as 128, what is over 8 away is clipped."""

MIDDLE = 128


def standardised(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn stored levels into standard deviations from the mean of the sites in the image; any shape."""
    return (frames.astype(np.float32) - MIDDLE) / np.float32(LEVELS_PER_SD)


def levels(crop: NDArray[np.float32], mean: float, std: float) -> NDArray[np.uint8]:
    """Turn intensities into stored levels; any shape."""
    scaled = np.rint((crop - np.float32(mean)) * np.float32(LEVELS_PER_SD / std) + MIDDLE)
    return np.clip(scaled, 0, 255).astype(np.uint8)


def size_classes(crops: Sequence[NDArray]) -> NDArray[np.int64]:
    """Give the least side of ``SIZE_CLASSES`` that holds each crop; shape (n,)."""
    sides = np.array([max(crop.shape) for crop in crops], dtype=np.intp)
    return np.array(SIZE_CLASSES)[np.minimum(np.searchsorted(SIZE_CLASSES, sides), len(SIZE_CLASSES) - 1)]


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


def pixels_of(content: bytes, rows: int, cols: int) -> NDArray[np.uint8]:
    """Read a crop back from its bytes.

    Raises:
        TableError: They are not as many as its rows and columns say.
    """
    if len(content) != rows * cols:
        raise TableError(
            f"A crop holds {len(content)} bytes; {rows} x {cols} are needed. Cut the crops again."
        )
    return np.frombuffer(content, np.uint8).reshape(rows, cols)


def _class_to_arrow(part: "pd.DataFrame", side: int) -> "pa.Table":
    import pyarrow as pa

    padded = [pixels.ljust(side * side, b"\0") for pixels in part["pixels"]]
    others = pa.Table.from_pandas(part.drop(columns="pixels"), preserve_index=False)
    return others.append_column("pixels", pa.array(padded, pa.binary(side * side)))
