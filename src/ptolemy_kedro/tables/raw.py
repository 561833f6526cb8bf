"""The raw tables: what a session left. They never name a derived row; the two are joined by geometry."""

from typing import ClassVar

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from ptolemy_kedro.tables.schema import (
    DECISIONS,
    FOILS,
    ID,
    IMAGE_KINDS,
    ORIGINS,
    PIXEL_SIZE,
    SOURCES,
    TARGET_KINDS,
    Table,
    Time,
    optional,
)  # fmt: skip


class Sessions(Table):
    """One row a session."""

    facility: Series[str] = optional()
    microscope: Series[str] = optional()
    voltage_kv: Series[float] = optional(gt=0)
    detector: Series[str] = optional()
    software: Series[str] = optional()
    started_at: Series[Time] = optional()
    origin: Series[str] = pa.Field(isin=ORIGINS)
    archive_digest: Series[str] = optional()  # sha256 of the archive's content, set by whoever reads it

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id"]


class Grids(Table):
    """One row a grid of a session."""

    grid_id: Series[str] = pa.Field(**ID)
    slot: Series[pd.Int64Dtype] = optional()
    foil_material: Series[str] = pa.Field(isin=FOILS)
    mesh: Series[pd.Int64Dtype] = optional(gt=0)  # bars per inch
    hole_diameter_um: Series[float] = optional(gt=0)
    hole_spacing_um: Series[float] = optional(gt=0)  # centre to centre
    sample: Series[str] = optional()

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "grid_id"]


class Images(Table):
    """One row an image.

    Stage (x, y) [um] = ((x_um_per_row, x_um_per_col), (y_um_per_row, y_um_per_col)) @ (row, col)
    + (x_at_origin_um, y_at_origin_um).
    """

    image_id: Series[str] = pa.Field(**ID)
    grid_id: Series[str] = pa.Field(**ID)
    parent_id: Series[str] = optional()  # the image whose target led here
    kind: Series[str] = pa.Field(isin=IMAGE_KINDS)
    file: Series[str] = optional()  # below the archive's images/; may be absent
    rows_px: Series[pd.Int64Dtype] = pa.Field(gt=0)  # as stored
    cols_px: Series[pd.Int64Dtype] = pa.Field(gt=0)
    readout_rows_px: Series[pd.Int64Dtype] = optional(gt=0)  # as the detector read it out
    readout_cols_px: Series[pd.Int64Dtype] = optional(gt=0)
    binning: Series[pd.Int64Dtype] = optional(gt=0)
    pixel_size_a: Series[float] = optional(gt=0, description=PIXEL_SIZE)  # as stored
    x_um_per_row: Series[float] = optional()
    x_um_per_col: Series[float] = optional()
    y_um_per_row: Series[float] = optional()
    y_um_per_col: Series[float] = optional()
    x_at_origin_um: Series[float] = optional()  # stage position of pixel (0, 0)
    y_at_origin_um: Series[float] = optional()
    stage_x_um: Series[float] = optional()
    stage_y_um: Series[float] = optional()
    stage_z_um: Series[float] = optional()
    beam_shift_x_um: Series[float] = optional()
    beam_shift_y_um: Series[float] = optional()
    image_shift_x_um: Series[float] = optional()
    image_shift_y_um: Series[float] = optional()
    tilt_alpha_deg: Series[float] = optional(in_range={"min_value": -90, "max_value": 90})
    tilt_beta_deg: Series[float] = optional(in_range={"min_value": -90, "max_value": 90})
    tilt_axis_deg: Series[float] = optional()
    defocus_um: Series[float] = optional()
    taken_at: Series[Time] = optional()
    pixels_of: Series[str] = optional()  # the image that holds the same field unbinned
    viewed: Series[bool]  # did anyone target in it?

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "image_id"]


class Targets(Table):
    """One row a candidate site in an image: selected, rejected, or not considered by anyone."""

    target_id: Series[str] = pa.Field(**ID)
    image_id: Series[str] = pa.Field(**ID)
    kind: Series[str] = pa.Field(isin=TARGET_KINDS)
    row_px: Series[float]
    col_px: Series[float]
    size_px: Series[float] = optional(gt=0)  # diameter
    source: Series[str] = pa.Field(isin=SOURCES)
    decision: Series[str] = pa.Field(isin=DECISIONS)
    reason: Series[str] = optional()
    state: Series[str] = optional()
    order: Series[pd.Int64Dtype] = optional(ge=0)  # the order in which it was visited

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "target_id"]


class Exposures(Table):
    """One row a shot; several a target are normal."""

    exposure_id: Series[str] = pa.Field(**ID)
    target_id: Series[str] = pa.Field(**ID)
    image_id: Series[str] = optional()  # the exposure's own image, where it is in the archive
    offset_x_um: Series[float] = optional()  # stage offset from the target's centre
    offset_y_um: Series[float] = optional()

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "exposure_id"]


class Outcomes(Table):
    """One row a measured fact of a shot; a later one of the same quantity and program revises it."""

    exposure_id: Series[str] = pa.Field(**ID)
    quantity: Series[str]
    value: Series[float]
    unit: Series[str]
    confidence: Series[float] = optional()
    program: Series[str] = optional()
    measured_at: Series[Time] = optional()


RAW: dict[str, type[Table]] = {
    "sessions": Sessions,
    "grids": Grids,
    "images": Images,
    "targets": Targets,
    "exposures": Exposures,
    "outcomes": Outcomes,
}

KEYS = {"grids": "grid_id", "images": "image_id", "targets": "target_id", "exposures": "exposure_id"}
"""The column of each raw table that other tables name a row of it by."""
