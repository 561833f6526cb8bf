"""The schema of every table, raw and derived; docs/data-model.md says the same in prose.

A field's ``description`` is the sentence that an error message says about it.

A column's suffix is its unit. Rows of one session form one partition. Raw tables are what a session left and
never name a derived row; the two are joined by geometry. ``str`` columns that may be empty hold ``NA``.
"""

from typing import Annotated, Any, ClassVar

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.faults import find_faults

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
_ID: dict[str, Any] = {
    "str_matches": r"[^/\\\x00-\x1f]{1,200}\Z",
    "description": "An id is 1 to 200 characters without / and \\.",
}


def _optional(**checks: Any) -> Any:
    return pa.Field(nullable=True, **checks)


class Table(pa.DataFrameModel):
    """What all tables share: a session, no unknown column, values of the declared type."""

    session_id: Series[str] = pa.Field(**_ID)

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
        unique: ClassVar[list[str]] = ["session_id"]


class Grids(Table):
    """One row a grid of a session."""

    grid_id: Series[str] = pa.Field(**_ID)
    slot: Series[pd.Int64Dtype] = _optional()
    foil_material: Series[str] = pa.Field(isin=FOILS)
    mesh: Series[pd.Int64Dtype] = _optional(gt=0)  # bars per inch
    hole_diameter_um: Series[float] = _optional(gt=0)
    hole_spacing_um: Series[float] = _optional(gt=0)  # centre to centre
    sample: Series[str] = _optional()

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "grid_id"]


class Images(Table):
    """One row an image.

    Stage (x, y) [um] = ((x_um_per_row, x_um_per_col), (y_um_per_row, y_um_per_col)) @ (row, col)
    + (x_at_origin_um, y_at_origin_um).
    """

    image_id: Series[str] = pa.Field(**_ID)
    grid_id: Series[str] = pa.Field(**_ID)
    parent_id: Series[str] = _optional()  # the image whose target led here
    kind: Series[str] = pa.Field(isin=IMAGE_KINDS)
    file: Series[str] = _optional()  # below the archive's images/; may be absent
    rows_px: Series[pd.Int64Dtype] = pa.Field(gt=0)  # as stored
    cols_px: Series[pd.Int64Dtype] = pa.Field(gt=0)
    readout_rows_px: Series[pd.Int64Dtype] = _optional(gt=0)  # as the detector read it out
    readout_cols_px: Series[pd.Int64Dtype] = _optional(gt=0)
    binning: Series[pd.Int64Dtype] = _optional(gt=0)
    pixel_size_a: Series[float] = _optional(gt=0, description=PIXEL_SIZE)  # as stored
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
        unique: ClassVar[list[str]] = ["session_id", "image_id"]


class Targets(Table):
    """One row a candidate site in an image: selected, rejected, or not considered by anyone."""

    target_id: Series[str] = pa.Field(**_ID)
    image_id: Series[str] = pa.Field(**_ID)
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
        unique: ClassVar[list[str]] = ["session_id", "target_id"]


class Exposures(Table):
    """One row a shot; several a target are normal."""

    exposure_id: Series[str] = pa.Field(**_ID)
    target_id: Series[str] = pa.Field(**_ID)
    image_id: Series[str] = _optional()  # the exposure's own image, where it is in the archive
    offset_x_um: Series[float] = _optional()  # stage offset from the target's centre
    offset_y_um: Series[float] = _optional()

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "exposure_id"]


class Outcomes(Table):
    """One row a measured fact of a shot; a later one of the same quantity and program revises it."""

    exposure_id: Series[str] = pa.Field(**_ID)
    quantity: Series[str]
    value: Series[float]
    unit: Series[str]
    confidence: Series[float] = _optional()
    program: Series[str] = _optional()
    measured_at: Series[Time] = _optional()


class ArchiveReports(Table):
    """One row an archive looked at; ``session_id`` is the archive's own name where it could not be read."""

    archive: Series[str]  # file or folder name
    origin: Series[str] = _optional(isin=ORIGINS)
    archive_digest: Series[str] = _optional()
    problems: Series[str] = _optional()  # one a line; an archive with any is set aside
    warnings: Series[str] = _optional()  # one a line; what a permissive reading lived with


class SquareScores(Table):
    """One row a square in an image and a model: P(selected | viewed)."""

    square_id: Series[str]
    physical_id: Series[str]
    image_id: Series[str] = pa.Field(**_ID)
    label: Series[str] = pa.Field(isin=LABELS)
    model: Series[str]
    score: Series[float] = pa.Field(in_range={"min_value": 0, "max_value": 1})

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "square_id", "model"]


class Squares(Table):
    """One row a square found in an image. Corners run clockwise on the screen from the uppermost."""

    grid_id: Series[str]
    image_id: Series[str]
    square_id: Series[str]  # hash of the image and the rounded centre
    physical_id: Series[str]  # one for all sightings of one square
    row_px: Series[float]  # centre of the rectangle
    col_px: Series[float]
    corner_1_row_px: Series[float]
    corner_1_col_px: Series[float]
    corner_2_row_px: Series[float]
    corner_2_col_px: Series[float]
    corner_3_row_px: Series[float]
    corner_3_col_px: Series[float]
    corner_4_row_px: Series[float]
    corner_4_col_px: Series[float]
    angle_deg: Series[float] = pa.Field(in_range={"min_value": 0, "max_value": 90})
    brightness: Series[float]  # mean intensity
    stage_x_um: Series[float] = _optional()
    stage_y_um: Series[float] = _optional()
    pixel_size_a: Series[float] = _optional(gt=0)
    label: Series[str] = pa.Field(isin=LABELS)
    # Descriptors, as ptolemy_kedro.squares.descriptors explains them.
    mean: Series[float]
    maximum: Series[float]
    variance: Series[float] = pa.Field(ge=0)
    area_px: Series[float] = pa.Field(ge=0)
    variation: Series[float]
    dark_tail: Series[float]
    bright_tail: Series[float]
    centre_level: Series[float]
    texture: Series[float]
    filled: Series[float]
    aspect: Series[float]
    cut: Series[float] = pa.Field(isin=(0.0, 1.0))  # by the border of the image
    relative_mean: Series[float]
    relative_edge: Series[float]
    relative_variation: Series[float]
    rank_mean: Series[float]
    neighbour_mean: Series[float]
    neighbour_edge: Series[float]
    neighbour_distance: Series[float]
    border_distance: Series[float]
    edge_um: Series[float]  # 0 where the pixel size is unknown

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "square_id"]


class SquareCrops(Table):
    """One row a square cut out upright; ``pixels`` holds rows_px x cols_px bytes, row by row."""

    square_id: Series[str]
    rows_px: Series[int] = pa.Field(ge=2, le=256)
    cols_px: Series[int] = pa.Field(ge=2, le=256)
    size_class: Series[int] = pa.Field(isin=(24, 32, 48, 64, 96, 128, 192, 256))
    reduction: Series[int] = pa.Field(ge=1)  # original pixels to one of the crop
    typical_px: Series[float] = pa.Field(gt=0)  # side of a typical crop of the same image
    mean: Series[float]  # intensity stored as 128
    std: Series[float] = pa.Field(gt=0)  # intensities to 16 stored levels
    pixels: Series[object]

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "square_id"]


class Holes(Table):
    """One row a hole found in a medium-magnification image."""

    image_id: Series[str]
    hole_id: Series[str]
    row_px: Series[float]
    col_px: Series[float]
    radius_px: Series[float] = pa.Field(gt=0)
    lattice_row: Series[pd.Int64Dtype] = _optional()  # index in the lattice's own frame
    lattice_col: Series[pd.Int64Dtype] = _optional()
    step_row_row_px: Series[float] = _optional()  # the lattice's two steps, (row, col) each
    step_row_col_px: Series[float] = _optional()
    step_col_row_px: Series[float] = _optional()
    step_col_col_px: Series[float] = _optional()
    found_by: Series[str] = pa.Field(isin=("network", "lattice"))
    probability: Series[float] = pa.Field(in_range={"min_value": 0, "max_value": 1})
    localiser: Series[str]  # name and version
    label: Series[str] = pa.Field(isin=LABELS)

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "hole_id"]


class HoleExposures(Table):
    """One row a match of a hole with an exposure, one to one, within half a radius of the hole."""

    hole_id: Series[str]
    exposure_id: Series[str]
    distance_px: Series[float] = pa.Field(ge=0)

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "hole_id"]


RAW: dict[str, type[Table]] = {
    "sessions": Sessions,
    "grids": Grids,
    "images": Images,
    "targets": Targets,
    "exposures": Exposures,
    "outcomes": Outcomes,
}

DERIVED: dict[str, type[Table]] = {
    "squares": Squares,
    "square_crops": SquareCrops,
    "holes": Holes,
    "hole_exposures": HoleExposures,
}


def validate(schema: type[Table], table: pd.DataFrame, what: str) -> pd.DataFrame:
    """Check a table against its schema and return it with the declared types and order of columns.

    Absent optional columns are added empty.

    Raises:
        TableError: Names the table, the first offending row and column, and the value.
    """
    try:
        valid, found = find_faults(schema, table)
    except TableError as failure:
        raise TableError(f"{what} {failure}") from None
    if found:
        where = "" if found[0].row is None else f" row {found[0].row}"
        others = f" ({len(found) - 1} more faults in this table.)" if len(found) > 1 else ""
        raise TableError(f"{what}{where}: {found[0]}{others}")
    return valid


def empty(schema: type[Table]) -> pd.DataFrame:
    """Make a table of the schema without rows."""
    return validate(schema, pd.DataFrame(columns=list(schema.to_schema().columns)), schema.__name__)
