"""How crops of squares and of holes are kept: a byte a pixel, in tables of one size class each.

Pixels of one class have one length, so that they are stored as fixed-size binary: smaller, and read
much faster than lists.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

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


class KeptCrops:
    """What crops of squares and of holes have in common; ``pixels`` holds one array (rows, cols) a crop."""

    pixels: list[NDArray[np.uint8]]

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def shapes(self) -> NDArray[np.int64]:
        """True rows and cols of each [px]; shape (n, 2)."""
        return np.array([crop.shape for crop in self.pixels], dtype=np.int64).reshape(-1, 2)


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


def crop_rows(session_id: str, id_name: str, ids: Sequence[str], crops: Any, scale: str) -> "pd.DataFrame":
    """Make one row a crop.

    Args:
        session_id: Of the session they come from.
        id_name: Column of their ids.
        ids: Of the sites, in the order of the crops.
        crops: ``squares.crops.Crops`` or ``holes.crops.HoleCrops``.
        scale: Their field, and column, that tells how large the site is in the crop.
    """
    import pandas as pd

    shapes = crops.shapes
    return pd.DataFrame(
        {
            "session_id": pd.Series([session_id] * len(crops), dtype="str"),
            id_name: pd.Series(list(ids), dtype="str"),
            "rows_px": shapes[:, 0],
            "cols_px": shapes[:, 1],
            "size_class": crops.size_class,
            "reduction": crops.reduction,
            scale: getattr(crops, scale),
            "mean": crops.mean,
            "std": crops.std,
            "pixels": pd.Series([crop.tobytes() for crop in crops.pixels], dtype=object),
        }
    )


def fields_of(table: "pd.DataFrame", scale: str) -> dict[str, Any]:
    """Read the fields of ``crops`` back from what ``crop_rows`` made of them, in the order of the rows.

    Raises:
        TableError: A row's bytes are not as many as its rows and columns say.
    """
    sizes = zip(table["pixels"], table["rows_px"], table["cols_px"], strict=True)
    fields: dict[str, Any] = {"pixels": [_pixels_of(*row) for row in sizes]}
    for name, kind in (("size_class", np.int64), ("mean", float), ("std", float), (scale, float)):
        fields[name] = table[name].to_numpy(kind)
    return fields | {"reduction": table["reduction"].to_numpy(np.int64)}


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


def _pixels_of(content: bytes, rows: int, cols: int) -> NDArray[np.uint8]:
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
