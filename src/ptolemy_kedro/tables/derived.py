"""The derived tables: what the project computes from the raw ones."""

from typing import ClassVar

import pandera.pandas as pa
from pandera.typing.pandas import Series

from ptolemy_kedro.tables.holes import (
    HoleCrops,
    HoleDetections,
    HoleExposures,
    Holes,
    HoleScores,
    LocaliserPatches,
)  # fmt: skip
from ptolemy_kedro.tables.schema import ID, LABELS, ORIGINS, Table, optional
from ptolemy_kedro.tables.survey import Plan, TargetHoles, TargetSquares


class ArchiveReports(Table):
    """One row an archive looked at; ``session_id`` is the archive's own name where it could not be read."""

    archive: Series[str]  # file or folder name
    origin: Series[str] = optional(isin=ORIGINS)
    archive_digest: Series[str] = optional()
    problems: Series[str] = optional()  # one a line; an archive with any is set aside
    warnings: Series[str] = optional()  # one a line; what a permissive reading lived with


class SquareScores(Table):
    """One row a square in an image and a model: P(selected | viewed)."""

    square_id: Series[str]
    physical_id: Series[str]
    image_id: Series[str] = pa.Field(**ID)
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
    stage_x_um: Series[float] = optional()
    stage_y_um: Series[float] = optional()
    pixel_size_a: Series[float] = optional(gt=0)
    label: Series[str] = pa.Field(isin=LABELS)
    # Descriptors, as ptolemy_kedro.squares.descriptors explains them.
    mean: Series[float]
    maximum: Series[float]
    variance: Series[float] = pa.Field(ge=0)
    area_px: Series[float] = pa.Field(ge=0)
    crop_mean: Series[float]
    crop_maximum: Series[float]
    crop_variance: Series[float] = pa.Field(ge=0)
    variation: Series[float]
    dark_tail: Series[float]
    bright_tail: Series[float]
    centre_level: Series[float]
    texture: Series[float]
    vacuum_share: Series[float]
    near_vacuum: Series[float] = pa.Field(in_range={"min_value": 0, "max_value": 1})
    dark_share: Series[float] = pa.Field(in_range={"min_value": 0, "max_value": 1})
    filled: Series[float]
    aspect: Series[float]
    cut: Series[float] = pa.Field(isin=(0.0, 1.0))  # by the border of the image
    relative_mean: Series[float]
    relative_edge: Series[float]
    relative_variation: Series[float]
    rank_mean: Series[float]
    level_z: Series[float]
    level_off: Series[float] = pa.Field(ge=0)
    relative_texture: Series[float]
    relative_bright: Series[float]
    neighbour_mean: Series[float]
    neighbour_edge: Series[float]
    neighbour_distance: Series[float]
    fine_neighbours: Series[float] = pa.Field(in_range={"min_value": 0, "max_value": 1})
    crowding: Series[float] = pa.Field(in_range={"min_value": 0, "max_value": 1})
    border_distance: Series[float]
    edge_um: Series[float]  # 0 where the pixel size is unknown
    speck_count: Series[float] = pa.Field(ge=0)
    speck_share: Series[float] = pa.Field(ge=0, le=1)
    speck_depth: Series[float] = pa.Field(ge=0)
    darkest: Series[float]
    crack_count: Series[float] = pa.Field(ge=0)
    crack_share: Series[float] = pa.Field(ge=0, le=1)
    crack_length: Series[float] = pa.Field(ge=0)
    brightest: Series[float]
    grain: Series[float] = pa.Field(ge=0)
    depth_least: Series[float]
    depth_usual: Series[float]
    depth_most: Series[float]
    unevenness: Series[float] = pa.Field(ge=0)
    pool_depth: Series[float]
    pool_share: Series[float] = pa.Field(ge=0, le=1)
    torn_share: Series[float] = pa.Field(ge=0, le=1)

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


DERIVED: dict[str, type[Table]] = {
    "squares": Squares,
    "square_crops": SquareCrops,
    "localiser_patches": LocaliserPatches,
    "holes": Holes,
    "hole_crops": HoleCrops,
    "hole_exposures": HoleExposures,
    "hole_detections": HoleDetections,
    "hole_scores": HoleScores,
    "target_squares": TargetSquares,
    "target_holes": TargetHoles,
    "target_plan": Plan,
}
