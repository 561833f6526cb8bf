"""The schema of every table, raw and derived; docs/data-model.md says the same in prose.

A column's suffix is its unit. Rows of one session form one partition. Raw tables are what a session left and
never name a derived row; the two are joined by geometry. ``str`` columns that may be empty hold ``NA``.
"""

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from ptolemy_kedro.errors import TableError

ORIGINS = ("real", "simulated")
FOILS = ("carbon", "gold", "unknown")
IMAGE_KINDS = ("atlas", "tile", "square", "medium", "hole", "exposure")
TARGET_KINDS = ("square", "hole", "focus")
SOURCES = ("operator", "vendor", "model")
DECISIONS = ("selected", "rejected", "not_considered")
LABELS = ("selected", "rejected", "unknown")
QUANTITIES = ("ctf_resolution", "ice_thickness", "motion", "particle_count")

Time = pd.DatetimeTZDtype("us", "UTC")


def _optional(**checks):
    return pa.Field(nullable=True, **checks)


class Table(pa.DataFrameModel):
    """What all tables share: a session, no unknown column, values of the declared type."""

    session_id: Series[str] = pa.Field(str_length={"min_value": 1})

    class Config:
        strict = True
        coerce = True
        ordered = False


class Sessions(Table):
    """One row a session."""

    facility: Series[str] = _optional()
    microscope: Series[str] = _optional()
    voltage_kv: Series[float] = _optional(gt=0)
    detector: Series[str] = _optional()
    software: Series[str] = _optional()
    started_at: Series[Time] = _optional()
    origin: Series[str] = pa.Field(isin=ORIGINS)
    archive_digest: Series[str] = _optional()  # sha256 of the archive's content, set by whoever reads it

    class Config(Table.Config):
        unique = ["session_id"]


class Grids(Table):
    """One row a grid of a session."""

    grid_id: Series[str]
    slot: Series[pd.Int64Dtype] = _optional()
    foil_material: Series[str] = pa.Field(isin=FOILS)
    mesh: Series[pd.Int64Dtype] = _optional(gt=0)  # bars per inch
    hole_diameter_um: Series[float] = _optional(gt=0)
    hole_spacing_um: Series[float] = _optional(gt=0)  # centre to centre
    sample: Series[str] = _optional()

    class Config(Table.Config):
        unique = ["session_id", "grid_id"]


class Images(Table):
    """One row an image. Stage (x, y) [um] = ((x_per_row, x_per_col), (y_per_row, y_per_col)) @ (row, col) + (x_at_origin, y_at_origin)."""

    image_id: Series[str]
    grid_id: Series[str]
    parent_id: Series[str] = _optional()  # the image whose target led here
    kind: Series[str] = pa.Field(isin=IMAGE_KINDS)
    file: Series[str] = _optional()  # below the archive's images/; may be absent
    rows_px: Series[pd.Int64Dtype] = pa.Field(gt=0)  # as stored
    cols_px: Series[pd.Int64Dtype] = pa.Field(gt=0)
    readout_rows_px: Series[pd.Int64Dtype] = _optional(gt=0)  # as the detector read it out
    readout_cols_px: Series[pd.Int64Dtype] = _optional(gt=0)
    binning: Series[pd.Int64Dtype] = _optional(gt=0)
    pixel_size_a: Series[float] = _optional(gt=0)  # as stored
    x_um_per_row: Series[float] = _optional()
    x_um_per_col: Series[float] = _optional()
    y_um_per_row: Series[float] = _optional()
    y_um_per_col: Series[float] = _optional()
    x_at_origin_um: Series[float] = _optional()  # stage position of pixel (0, 0)
    y_at_origin_um: Series[float] = _optional()
    stage_x_um: Series[float] = _optional()
    stage_y_um: Series[float] = _optional()
    stage_z_um: Series[float] = _optional()
    beam_shift_x_um: Series[float] = _optional()
    beam_shift_y_um: Series[float] = _optional()
    image_shift_x_um: Series[float] = _optional()
    image_shift_y_um: Series[float] = _optional()
    tilt_alpha_deg: Series[float] = _optional(in_range={"min_value": -90, "max_value": 90})
    tilt_beta_deg: Series[float] = _optional(in_range={"min_value": -90, "max_value": 90})
    tilt_axis_deg: Series[float] = _optional()
    defocus_um: Series[float] = _optional()
    taken_at: Series[Time] = _optional()
    pixels_of: Series[str] = _optional()  # the image that holds the same field unbinned
    viewed: Series[bool]  # did anyone target in it?

    class Config(Table.Config):
        unique = ["session_id", "image_id"]


class Targets(Table):
    """One row a candidate site in an image: selected, rejected, or not considered by anyone."""

    target_id: Series[str]
    image_id: Series[str]
    kind: Series[str] = pa.Field(isin=TARGET_KINDS)
    row_px: Series[float]
    col_px: Series[float]
    size_px: Series[float] = _optional(gt=0)  # diameter
    source: Series[str] = pa.Field(isin=SOURCES)
    decision: Series[str] = pa.Field(isin=DECISIONS)
    reason: Series[str] = _optional()
    state: Series[str] = _optional()
    order: Series[pd.Int64Dtype] = _optional(ge=0)  # the order in which it was visited

    class Config(Table.Config):
        unique = ["session_id", "target_id"]


class Exposures(Table):
    """One row a shot; several a target are normal."""

    exposure_id: Series[str]
    target_id: Series[str]
    image_id: Series[str] = _optional()  # the exposure's own image, where it is in the archive
    offset_x_um: Series[float] = _optional()  # stage offset from the target's centre
    offset_y_um: Series[float] = _optional()

    class Config(Table.Config):
        unique = ["session_id", "exposure_id"]


class Outcomes(Table):
    """One row a measured fact of a shot; a later row of the same quantity and program revises an earlier one."""

    exposure_id: Series[str]
    quantity: Series[str]
    value: Series[float]
    unit: Series[str]
    confidence: Series[float] = _optional()
    program: Series[str] = _optional()
    measured_at: Series[Time] = _optional()


RAW: dict[str, type[Table]] = {
    "sessions": Sessions,
    "grids": Grids,
    "images": Images,
    "targets": Targets,
    "exposures": Exposures,
    "outcomes": Outcomes,
}


def validate(schema: type[Table], table: pd.DataFrame, what: str) -> pd.DataFrame:
    """Check a table against its schema and return it with the declared types and order of columns.

    Absent optional columns are added empty.

    Raises:
        TableError: Names the table, the first offending row and column, and the value.
    """
    columns = schema.to_schema().columns
    missing = [name for name, column in columns.items() if name not in table and not column.nullable]
    if missing:
        raise TableError(f"{what} lacks the column {missing[0]}. Its columns are: {', '.join(columns)}.")
    filled = table.reindex(columns=[*columns, *(c for c in table if c not in columns)])
    try:
        return schema.validate(filled, lazy=True)
    except pa.errors.SchemaErrors as failure:
        raise TableError(_first_case(failure.failure_cases, what)) from None


def empty(schema: type[Table]) -> pd.DataFrame:
    """Make a table of the schema without rows."""
    return validate(schema, pd.DataFrame(columns=list(schema.to_schema().columns)), schema.__name__)


def _first_case(cases: pd.DataFrame, what: str) -> str:
    first = cases.iloc[0]
    where = "" if pd.isna(first["index"]) else f" row {int(first['index'])}"
    others = f" ({len(cases) - 1} more like it)" if len(cases) > 1 else ""
    return f"{what}{where}: {first['column']} is {first['failure_case']!r}, which breaks {first['check']}{others}."
