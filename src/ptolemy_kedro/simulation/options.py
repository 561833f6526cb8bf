"""What is simulated: the parameter block ``simulate``."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

Drawn = Literal["training", "held_out", "any"]
"""Which optics presets or operator families are drawn: those for training, those no training uses, or all."""


@dataclass(frozen=True, config={"extra": "forbid"})
class SimulateOptions:
    """How many sessions are simulated, how large, and from which optics and operators.

    The published data are 76 sessions of 17 tiles of 1024 px and 31 squares each (Ptolemy's own figures).
    """

    sessions: Annotated[int, Field(ge=0, le=100_000)] = 6
    seed: Annotated[int, Field(ge=0)] = 10_000  # of the first session; the next ones count up
    grids: Annotated[int, Field(ge=1, le=12)] = 1  # a session
    tiles: Annotated[int, Field(ge=1, le=400)] = 18  # a grid
    tile_px: Annotated[int, Field(ge=64, le=8192)] = 1024  # edge of a tile
    overlap: Annotated[float, Field(ge=0, lt=0.5)] = 0.08  # share of a tile's edge seen by its neighbour too
    squares_a_tile: Annotated[float, Field(ge=1, le=4000)] = 34.0  # median; sets the pixel size
    scale_spread: Annotated[float, Field(ge=0, le=2)] = 0.45  # sd of ln(pixel size) between sessions
    atlas_px: Annotated[int, Field(ge=0, le=4096)] = 512  # edge of the whole-grid montage; 0 for none
    visited_squares: Annotated[int, Field(ge=0, le=500)] = 12  # a grid; those with exposures
    patches_a_square: Annotated[int, Field(ge=1, le=50)] = 4  # medium images
    holes_a_patch: Annotated[int, Field(ge=1, le=200)] = 12  # exposures
    medium_images: Annotated[int, Field(ge=0, le=10_000)] = 0  # a grid; medium images that have a file
    medium_px: Annotated[int, Field(ge=128, le=8192)] = 1440  # longer edge of a medium image
    medium_twins: Annotated[int, Field(ge=0, le=10_000)] = 0  # a grid; of those, with an unbinned twin
    optics: Drawn = "training"
    operators: Drawn = "training"
    clip: Annotated[float, Field(ge=0, le=1)] = 0.25  # share of grids with an aperture's edge in their tiles
