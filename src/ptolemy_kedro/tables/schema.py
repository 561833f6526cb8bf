"""What the schemas of all tables share: a session, the words that columns hold, and the checks of values."""

from typing import Annotated, Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

ORIGINS = ("real", "simulated")
FOILS = ("carbon", "gold", "unknown")
IMAGE_KINDS = ("atlas", "tile", "square", "medium", "hole", "exposure")
TARGET_KINDS = ("square", "hole", "focus")
SOURCES = ("operator", "vendor", "model")
DECISIONS = ("selected", "rejected", "not_considered")
LABELS = ("selected", "rejected", "unknown")
QUANTITIES = ("ctf_resolution", "ice_thickness", "motion", "particle_count")

Time = Annotated[pd.DatetimeTZDtype, "us", "UTC"]

PIXEL_SIZE = "A pixel size is positive, in angstrom."
ID: dict[str, Any] = {
    "str_matches": r"[^/\\\x00-\x1f]{1,200}\Z",
    "description": "An id is 1 to 200 characters without / and \\.",
}
SHARE: dict[str, Any] = {"in_range": {"min_value": 0, "max_value": 1}}


def optional(**checks: Any) -> Any:
    """Declare a column that may be empty, and what its values must be where it is not."""
    return pa.Field(nullable=True, **checks)


class Table(pa.DataFrameModel):
    """What all tables share: a session, no unknown column, values of the declared type."""

    session_id: Series[str] = pa.Field(**ID)

    class Config:
        strict = True
        coerce = True
        ordered = False
