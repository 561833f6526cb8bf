"""The squares of a whole session: every low-magnification image of it, several at a time."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ptolemy_kedro import archive as archives
from ptolemy_kedro.errors import PtolemyError
from ptolemy_kedro.squares.crop_table import crop_table
from ptolemy_kedro.squares.crops import CropOptions, cut_crops
from ptolemy_kedro.squares.descriptors import describe
from ptolemy_kedro.squares.segmentation import SegmentOptions, find_squares
from ptolemy_kedro.squares.table import squares_table
from ptolemy_kedro.workers import ordered

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("atlas", "tile")
"""Kinds of image that show squares."""


def find_in_session(
    archive: Path,
    images: "pd.DataFrame",
    segment: SegmentOptions,
    crop: CropOptions,
    pool: Executor,
    workers: int,
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Find, describe and cut out the squares of a session's tiles and atlases that have pixels.

    Args:
        archive: The session's archive.
        images: ``tables.Images`` rows of the session.
        segment: What counts as a square.
        crop: How squares are cut out.
        pool: From ``workers.executor``.
        workers: Size of the pool.

    Returns:
        Squares (``tables.Squares``, not yet joined across images) and their crops (``tables.SquareCrops``).

    Raises:
        PtolemyError: An image cannot be used; the note says which.
    """
    import pandas as pd

    from ptolemy_kedro import tables

    tiles = images[images["kind"].isin(KINDS) & images["file"].notna()]
    found = list(ordered(pool, find_in_image, _with_pixels(archive, tiles, segment, crop), workers))
    squares = [squares for squares, _ in found if len(squares)]
    crops = [crops for _, crops in found if len(crops)]
    return (
        pd.concat(squares, ignore_index=True) if squares else tables.empty(tables.Squares),
        pd.concat(crops, ignore_index=True) if crops else tables.empty(tables.SquareCrops),
    )


def _with_pixels(
    archive: Path, tiles: "pd.DataFrame", segment: SegmentOptions, crop: CropOptions
) -> Iterator[tuple[Any, ...]]:
    # What a strict reading refuses was refused when the session was ingested.
    pixels = archives.open_pixels(archive, permissive=True)
    with closing(pixels.container):
        for tile in tiles.to_dict("records"):
            yield tile, pixels.read(tile["file"]), segment, crop


def find_in_image(
    image: dict[str, Any], pixels: NDArray, segment: SegmentOptions, crop: CropOptions
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Find, describe and cut out the squares of one image: its row of ``tables.Images``, its pixels.

    Raises:
        PtolemyError: The image cannot be used; the note says which.
    """
    try:
        squares = find_squares(pixels, segment)
        crops = cut_crops(pixels, squares, crop)
        descriptors = describe(pixels, squares, image["pixel_size_a"], crops)
        table = squares_table(image["session_id"], image, squares, descriptors)
        return table, crop_table(image["session_id"], table["square_id"].tolist(), crops)
    except PtolemyError as error:
        error.add_note(f"image {image['image_id']}")
        raise
