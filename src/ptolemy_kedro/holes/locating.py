"""The holes of a whole session: every image of it that shows some, several at a time."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro import archive as archives
from ptolemy_kedro.errors import PtolemyError
from ptolemy_kedro.holes.context import describe_holes
from ptolemy_kedro.holes.crop_table import hole_crop_table
from ptolemy_kedro.holes.crops import HoleCropOptions, cut_hole_crops
from ptolemy_kedro.holes.finding import LocateOptions, find_holes
from ptolemy_kedro.holes.localiser import HoleLocaliser
from ptolemy_kedro.holes.table import holes_table
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.training.model import TrainedModel
from ptolemy_kedro.workers import ordered

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("square", "medium")
"""Kinds of image that show holes."""


@dataclass(frozen=True)
class Locating:
    """How holes are located: the network and the options of each step."""

    localiser: TrainedModel
    locate: LocateOptions
    crop: HoleCropOptions


def images_of_holes(images: "pd.DataFrame") -> "pd.DataFrame":
    """Choose of a session's images those that show holes and have pixels; unbinned twins are left out.

    Args:
        images: ``tables.Images`` rows of the session.
    """
    twins = set(images["pixels_of"].dropna())
    shows = images["kind"].isin(KINDS) & images["file"].notna() & ~images["image_id"].isin(twins)
    return images[shows]


def locate_in_session(
    archive: Path,
    images: "pd.DataFrame",
    grids: "pd.DataFrame",
    locating: Locating,
    pool: Executor,
    workers: int,
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Locate, describe and cut out the holes of a session's images.

    Args:
        archive: The session's archive.
        images: ``tables.Images`` rows of the session.
        grids: ``tables.Grids`` rows of the session: what is known of the foil is a hint, and may be wrong.
        locating: Network and options.
        pool: From ``workers.executor``.
        workers: Size of the pool.

    Returns:
        Holes (``tables.Holes``, labels unknown) and their crops (``tables.HoleCrops``).

    Raises:
        PtolemyError: An image cannot be used; the note says which.
    """
    import pandas as pd

    from ptolemy_kedro import tables

    shown = images_of_holes(images).merge(
        grids[["grid_id", "hole_spacing_um", "hole_diameter_um"]], on="grid_id", how="left"
    )
    found = list(ordered(pool, locate_in_image, _with_pixels(archive, shown, locating), workers))
    holes = [holes for holes, _ in found if len(holes)]
    crops = [crops for _, crops in found if len(crops)]
    return (
        pd.concat(holes, ignore_index=True) if holes else tables.empty(tables.Holes),
        pd.concat(crops, ignore_index=True) if crops else tables.empty(tables.HoleCrops),
    )


def locate_in_image(
    image: dict[str, Any], pixels: NDArray, locating: Locating
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Locate, describe and cut out the holes of one image.

    Args:
        image: Its row of ``tables.Images``, with ``hole_spacing_um`` and ``hole_diameter_um`` of its grid.
        pixels: Shape (rows, cols).
        locating: Network and options.

    Raises:
        PtolemyError: The image cannot be used; the note says which.
    """
    localiser = HoleLocaliser(_network(locating.localiser.onnx), locating.localiser.config)
    pixel_size_a, spacing_um, diameter_um = (
        _known(image[name]) for name in ("pixel_size_a", "hole_spacing_um", "hole_diameter_um")
    )
    try:
        found = find_holes(
            pixels,
            localiser,
            pixel_size_a=pixel_size_a,
            spacing_um=spacing_um,
            diameter_um=diameter_um,
            options=locating.locate,
        )
        described = describe_holes(pixels, found, pixel_size_a)
        table = holes_table(image["session_id"], image, found, described, pixels.shape)
        crops = cut_hole_crops(pixels, found, locating.crop)
    except PtolemyError as error:
        error.add_note(f"image {image['image_id']}")
        raise
    return table, hole_crop_table(image["session_id"], table["hole_id"].tolist(), crops)


def _with_pixels(archive: Path, images: "pd.DataFrame", locating: Locating) -> Iterator[tuple[Any, ...]]:
    # What a strict reading refuses was refused when the session was ingested.
    store = archives.open_pixels(archive, permissive=True)
    with closing(store.container):
        for image in images.to_dict("records"):
            yield image, store.read(image["file"]), locating


@lru_cache(maxsize=1)
def _network(onnx: bytes) -> OnnxModel:
    return OnnxModel(onnx, threads=1)


def _known(value: Any) -> float | None:
    import pandas as pd

    return None if pd.isna(value) or not np.isfinite(value) else float(value)
