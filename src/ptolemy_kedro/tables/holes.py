"""The derived tables of holes."""

from typing import ClassVar

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from ptolemy_kedro.tables.schema import ID, LABELS, SHARE, Table, optional


class LocaliserPatches(Table):
    """One row a patch for the localiser to learn from: a part of an image, scaled, and what was clicked."""

    image_id: Series[str]
    patch: Series[int] = pa.Field(ge=0)  # several are cut out of an image
    size_px: Series[int] = pa.Field(ge=32)  # edge
    pixels: Series[object]  # size_px x size_px bytes, row by row
    maps: Series[object]  # 3 x (size_px / 2) x (size_px / 2) bytes: clicks, knowledge, log radius

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "image_id", "patch"]


class Holes(Table):
    """One row a hole found in an image of a square or a part of one."""

    grid_id: Series[str]
    image_id: Series[str]
    hole_id: Series[str]  # hash of the image, the lattice's frame and indices, else of the rounded centre
    row_px: Series[float]
    col_px: Series[float]
    radius_px: Series[float] = pa.Field(gt=0)
    lattice: Series[pd.Int64Dtype] = optional(ge=0)  # which of the image's; empty for a hole on none
    lattice_row: Series[pd.Int64Dtype] = optional()  # index in the lattice's own frame
    lattice_col: Series[pd.Int64Dtype] = optional()
    step_row_row_px: Series[float] = optional()  # the lattice's two steps, (row, col) each
    step_row_col_px: Series[float] = optional()
    step_col_row_px: Series[float] = optional()
    step_col_col_px: Series[float] = optional()
    found_by: Series[str] = pa.Field(isin=("network", "lattice"))
    probability: Series[float] = pa.Field(**SHARE)  # that a hole is there
    localiser: Series[str]  # name and version
    stage_x_um: Series[float] = optional()
    stage_y_um: Series[float] = optional()
    pixel_size_a: Series[float] = optional(gt=0)
    label: Series[str] = pa.Field(isin=LABELS)
    # Descriptors, as ptolemy_kedro.holes.context explains them.
    ice: Series[float]
    ice_over_foil: Series[float]
    flat_ice: Series[float]
    spread: Series[float]
    slope: Series[float]
    dome: Series[float]
    dark_tail: Series[float]
    bright_tail: Series[float]
    texture: Series[float]
    roughness: Series[float] = pa.Field(ge=0)
    dirt_share: Series[float] = pa.Field(**SHARE)
    foil_dark: Series[float]
    foil_bright: Series[float]
    foil_dirt: Series[float] = pa.Field(**SHARE)
    rank_ice: Series[float] = pa.Field(**SHARE)
    ice_z: Series[float]
    ice_off: Series[float] = pa.Field(ge=0)
    rank_flat: Series[float] = pa.Field(**SHARE)
    flat_z: Series[float]
    rank_over: Series[float] = pa.Field(**SHARE)
    over_z: Series[float]
    ice_trend: Series[float]
    ice_residual: Series[float]
    relative_foil: Series[float]
    relative_texture: Series[float]
    relative_spread: Series[float]
    relative_roughness: Series[float]
    rough_z: Series[float]
    bright_z: Series[float]
    above_thinnest: Series[float]
    relative_radius: Series[float]
    neighbour_ice: Series[float]
    neighbour_over: Series[float]
    neighbour_spread: Series[float]
    neighbours: Series[float] = pa.Field(**SHARE)
    bar_distance: Series[float] = pa.Field(ge=0)
    border_distance: Series[float] = pa.Field(ge=0)
    off_centre: Series[float]
    found_probability: Series[float] = pa.Field(**SHARE)
    on_lattice: Series[float] = pa.Field(**SHARE)
    image_ice: Series[float]
    image_over: Series[float]
    image_spread: Series[float]
    image_holes: Series[float]
    radius_um: Series[float] = pa.Field(ge=0)

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "hole_id"]


class HoleCrops(Table):
    """One row a hole cut out upright; ``pixels`` holds rows_px x cols_px bytes, row by row."""

    hole_id: Series[str]
    rows_px: Series[int] = pa.Field(ge=2, le=256)
    cols_px: Series[int] = pa.Field(ge=2, le=256)
    size_class: Series[int] = pa.Field(isin=(24, 32, 48, 64, 96, 128, 192, 256))
    reduction: Series[int] = pa.Field(ge=1)  # original pixels to one of the crop
    hole_px: Series[float] = pa.Field(gt=0)  # radius of the hole in the crop
    mean: Series[float]  # intensity stored as 128
    std: Series[float] = pa.Field(gt=0)  # intensities to 16 stored levels
    pixels: Series[object]

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "hole_id"]


class HoleExposures(Table):
    """One row a match of a hole with an exposure, one to one, within half a radius of the hole."""

    hole_id: Series[str]
    exposure_id: Series[str]
    distance_px: Series[float] = pa.Field(ge=0)

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "hole_id"]


class HoleDetections(Table):
    """One row an image and a way of locating: how many holes it found, and how many of the clicks."""

    image_id: Series[str]
    method: Series[str]
    found: Series[int] = pa.Field(ge=0)  # holes
    clicked: Series[int] = pa.Field(ge=0)  # holes that the operator selected
    hits: Series[int] = pa.Field(ge=0)  # clicks that lie in a hole that was found, one to one

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "image_id", "method"]


class HoleScores(Table):
    """One row a hole and a model: P(selected | viewed)."""

    hole_id: Series[str]
    image_id: Series[str] = pa.Field(**ID)
    label: Series[str] = pa.Field(isin=LABELS)
    model: Series[str]
    score: Series[float] = pa.Field(**SHARE)

    class Config(Table.Config):
        unique: ClassVar[list[str]] = ["session_id", "hole_id", "model"]
