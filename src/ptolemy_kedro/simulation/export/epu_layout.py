"""EPU's files as XML: elements nested as EPU nests them, dictionaries with hashed names, no references."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import StageMap

Content = Any
"""A dictionary of elements, a list of (name, content), a value, or None for nil."""

_HEAD = '<?xml version="1.0"?>\n'
_SPACES = (
    'xmlns="http://schemas.datacontract.org/2004/07/Applications.Epu.Persistence" '
    'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:z="http://schemas.microsoft.com/2003/10/Serialization/"'
)
_HASH = "BpEWF4JT"


def document(root: str, content: Content) -> bytes:
    """Write a file whose outermost element is ``root``."""
    return f"{_HEAD}<{root} {_SPACES}>{_inside(content)}</{root}>".encode()


def dictionary(kind: str, entries: dict[str, Content]) -> Content:
    """Lay out a dictionary as .NET's serialiser does."""
    name = f"KeyValuePairOfint{kind}{_HASH}"
    return [(name, {"key": key, "value": value}) for key, value in entries.items()]


def position(stage_um: Sequence[float] | NDArray[np.float64], z_um: float = 0.0) -> Content:
    """Lay out a stage position (x, y) and z [um]."""
    x, y, z = (float(value) * 1e-6 for value in (*stage_um, z_um))
    return {"A": 0, "B": 0, "X": x, "Y": y, "Z": z}


def point(row_col: NDArray[np.float64]) -> Content:
    """Lay out one of our points (row, col) [px] as EPU's."""
    row, col = np.asarray(row_col, dtype=float).tolist()
    return {"x": col + 0.5, "y": row + 0.5}


def shape(rows: float, cols: float) -> Content:
    """Lay out a size."""
    return {"height": rows, "width": cols}


def reference(stage_map: StageMap) -> Content:
    """Lay out the transformation of an image that lies on the stage as a map says, at binning 1."""
    (m11, m21), (m12, m22) = (-stage_map.matrix[:, ::-1] * 1e-6).tolist()
    return {"matrix": {"_m11": m11, "_m12": m12, "_m21": m21, "_m22": m22}}


def map_of(image: Any) -> StageMap:
    """Read an image's map to the stage off its row."""
    matrix = [[image.x_um_per_row, image.x_um_per_col], [image.y_um_per_row, image.y_um_per_col]]
    return StageMap(np.array(matrix), np.array([image.x_at_origin_um, image.y_at_origin_um]))


def _inside(content: Content) -> str:
    if isinstance(content, dict):
        content = list(content.items())
    if isinstance(content, list):
        return "".join(_element(name, value) for name, value in content)
    return escape(_text(content))


def _element(name: str, content: Content) -> str:
    return f'<{name} i:nil="true"/>' if content is None else f"<{name}>{_inside(content)}</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return repr(float(value)) if isinstance(value, float) else str(value)
