"""The tables of one new session's survey: what was found and judged in it, and where to go first."""

from typing import ClassVar

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from ptolemy_kedro.tables.schema import SHARE, Table, optional


class TargetSquares(Table):
    """One row a square seen in an image of a new session, with its score."""

    grid_id: Series[str]
    image_id: Series[str]
    square_id: Series[str]  # hash of the image and the rounded centre
    physical_id: Series[str]  # one for all sightings of one square
    stands: Series[bool]  # the sighting that stands for its square: whole, and seen finest
    rank: Series[int] = pa.Field(ge=1)  # of the square among all of the session, 1 the best
    score: Series[float] = pa.Field(**SHARE)  # P(selected | viewed) of this sighting
    row_px: Series[float]  # centre of the rectangle
    col_px: Series[float]
    corner_1_row_px: Series[float]  # clockwise on the screen from the uppermost
    corner_1_col_px: Series[float]
    corner_2_row_px: Series[float]
    corner_2_col_px: Series[float]
    corner_3_row_px: Series[float]
    corner_3_col_px: Series[float]
    corner_4_row_px: Series[float]
    corner_4_col_px: Series[float]
    area_px: Series[float] = pa.Field(ge=0)
    brightness: Series[float]  # mean intensity
    cut: Series[bool]  # by the border of the image
    stage_x_um: Series[float] = optional()
    stage_y_um: Series[float] = optional()
    pixel_size_a: Series[float] = optional(gt=0)
    model: Series[str]  # name, version and origin

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "square_id"]


class TargetHoles(Table):
    """One row a hole seen in an image of a new session, with its score and its place on square and atlas."""

    grid_id: Series[str]
    image_id: Series[str]
    hole_id: Series[str]  # as in holes
    physical_id: Series[str]  # one for all sightings of one hole
    stands: Series[bool]  # the sighting that stands for its hole: farthest from the border, seen finest
    rank: Series[int] = pa.Field(ge=1)  # of the hole among all of the session, 1 the best
    score: Series[float] = pa.Field(**SHARE)  # P(selected | viewed) of this sighting
    row_px: Series[float]
    col_px: Series[float]
    radius_px: Series[float] = pa.Field(gt=0)
    lattice: Series[pd.Int64Dtype] = optional(ge=0)  # which of the image's; empty for a hole on none
    lattice_row: Series[pd.Int64Dtype] = optional()
    lattice_col: Series[pd.Int64Dtype] = optional()
    step_row_row_px: Series[float] = optional()  # the lattice's two steps, (row, col) each
    step_row_col_px: Series[float] = optional()
    step_col_row_px: Series[float] = optional()
    step_col_col_px: Series[float] = optional()
    found_by: Series[str] = pa.Field(isin=("network", "lattice"))
    probability: Series[float] = pa.Field(**SHARE)  # that a hole is there
    stage_x_um: Series[float] = optional()
    stage_y_um: Series[float] = optional()
    pixel_size_a: Series[float] = optional(gt=0)
    square_id: Series[str] = optional()  # physical id of the square it lies on
    atlas_image: Series[str] = optional()  # image of the whole grid, and the hole's place in it
    atlas_row_px: Series[float] = optional()
    atlas_col_px: Series[float] = optional()
    localiser: Series[str]  # name, version and origin
    model: Series[str]

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "hole_id"]


class Plan(Table):
    """One row a visit, in order: a hole to expose, or a square to take medium images of."""

    order: Series[int] = pa.Field(ge=1)
    kind: Series[str] = pa.Field(isin=("hole", "square"))
    grid_id: Series[str]
    image_id: Series[str]  # in which it is seen
    row_px: Series[float]
    col_px: Series[float]
    stage_x_um: Series[float] = optional()
    stage_y_um: Series[float] = optional()
    square_id: Series[str] = optional()  # physical ids
    hole_id: Series[str] = optional()
    square_score: Series[float] = optional(**SHARE)
    hole_score: Series[float] = optional(**SHARE)
    reason: Series[str]

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "order"]
