"""The pictures of a survey: atlases, tiles, a gallery of squares, medium images; drawn one at a time."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import StageMap, stage_map
from ptolemy_kedro.resampling import Image, interpolate, reduce, usable
from ptolemy_kedro.survey.newcomer import Newcomer, Read
from ptolemy_kedro.survey.sightings import records
from ptolemy_kedro.survey.squares import CORNERS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Drawn = "Iterator[tuple[str, Figure]]"
"""Names of pictures, each with its figure."""

SHOWN_PX = 1024
"""Longest edge of a picture; larger images are reduced by a whole number, much smaller ones enlarged."""
GALLERY_ROWS, GALLERY_COLUMNS = 4, 12
CROP_PX = 72
MARGIN = 0.08
"""Rim around a square in the gallery, as a share of its edges."""


def draw_atlases(
    newcomer: Newcomer, squares: "pd.DataFrame", holes: "pd.DataFrame"
) -> "Iterator[tuple[str, Figure]]":
    """Draw each atlas with all squares that have a place on it, by rank; a dot where holes were judged."""
    from ptolemy_kedro.figures.survey import outlines_over

    stand = squares[squares["stands"]]
    with_holes = set(holes["square_id"].dropna())
    with newcomer.opened() as read:
        maps = _maps(newcomer)
        for row in records(newcomer.images_of(("atlas",))):
            name = str(row["image_id"])
            there = stand[stand["grid_id"] == row["grid_id"]]
            corners = np.array([_seen_in(name, square, maps) for square in records(there)]).reshape(-1, 4, 2)
            shown = np.isfinite(corners).all(axis=(1, 2))
            there, corners = there[shown], corners[shown]
            pixels, factor = _shown(read, row)
            dots = there["physical_id"].isin(with_holes).to_numpy(bool)
            caption = f"{name}: {len(there)} squares, dark blue the best; dots: their holes are judged"
            yield (
                name,
                outlines_over(pixels, _reduced(corners, factor), *_ranks(there, len(stand)), caption, dots),
            )


def draw_tiles(newcomer: Newcomer, squares: "pd.DataFrame") -> "Iterator[tuple[str, Figure]]":
    """Draw each tile with its squares by rank among all of the session."""
    from ptolemy_kedro.figures.survey import outlines_over

    count = int(squares["stands"].sum())
    with newcomer.opened() as read:
        for row in records(newcomer.images_of(("tile",))):
            here = squares[squares["image_id"] == row["image_id"]]
            pixels, factor = _shown(read, row)
            corners = _reduced(here[CORNERS].to_numpy(float).reshape(-1, 4, 2), factor)
            caption = f"{row['image_id']}: {len(here)} squares, rank among all {count} of the session"
            yield str(row["image_id"]), outlines_over(pixels, corners, *_ranks(here, count), caption)


def draw_gallery(newcomer: Newcomer, squares: "pd.DataFrame") -> "Iterator[tuple[str, Figure]]":
    """Draw squares from the best to the worst, evenly taken."""
    from ptolemy_kedro.figures.survey import gallery

    stand = squares[squares["stands"]].sort_values("rank")
    count = GALLERY_ROWS * GALLERY_COLUMNS
    taken = stand.iloc[np.unique(np.linspace(0, len(stand) - 1, count).astype(int))] if len(stand) else stand
    crops: dict[int, Image] = {}
    with newcomer.opened() as read:
        files = dict(zip(newcomer.images["image_id"], newcomer.images["file"], strict=True))
        for image_id, here in taken.groupby("image_id", sort=False):
            pixels = usable(read(files[image_id]))
            for square in records(here):
                crops[square["rank"]] = _cut(pixels, square)
    if crops:
        shown = [crops[rank] for rank in taken["rank"]]
        yield (
            "squares",
            gallery(shown, taken["score"].to_numpy(float), taken["rank"].tolist(), GALLERY_COLUMNS),
        )


def draw_holes(newcomer: Newcomer, holes: "pd.DataFrame") -> "Iterator[tuple[str, Figure]]":
    """Draw each image in which holes were looked for, with those found."""
    from ptolemy_kedro.figures.survey import holes_over
    from ptolemy_kedro.holes.table import found_of
    from ptolemy_kedro.survey.newcomer import FINDS_HOLES

    with newcomer.opened() as read:
        for row in records(newcomer.images_of(FINDS_HOLES)):
            here = holes[holes["image_id"] == row["image_id"]].sort_values("score", ascending=False)
            pixels, factor = _shown(read, row)
            found = found_of(here.assign(**_reduced_places(here, factor)))
            yield (
                str(row["image_id"]),
                holes_over(pixels, found, here["score"].to_numpy(float), str(row["image_id"])),
            )


def _maps(newcomer: Newcomer) -> dict[str, StageMap]:
    rows = records(newcomer.images)
    return {row["image_id"]: found for row in rows if (found := stage_map(row)) is not None}


def _seen_in(image_id: str, square: dict[str, Any], maps: dict[str, StageMap]) -> NDArray[np.float64]:
    """Corners of a square in another image than its own, by the stage; NaN where its place is unknown."""
    corners = np.array([square[name] for name in CORNERS], float).reshape(4, 2)
    if square["image_id"] == image_id:
        return corners
    if square["image_id"] not in maps or image_id not in maps:
        return np.full((4, 2), np.nan)
    return maps[image_id].to_pixels(maps[square["image_id"]].to_stage(corners))


def _shown(read: Read, row: dict[str, Any]) -> tuple[Image, float]:
    """Read an image and bring it to the size of a picture; and its pixels to one of the picture."""
    pixels = usable(read(row["file"]))
    longer = max(pixels.shape)
    if longer * 2 <= SHOWN_PX:
        times = SHOWN_PX // longer
        return pixels.repeat(times, axis=0).repeat(times, axis=1), 1 / times
    factor = -(-longer // SHOWN_PX)
    return reduce(pixels, factor), factor


def _reduced(points: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    return (points + 0.5) / factor - 0.5


def _reduced_places(holes: "pd.DataFrame", factor: float) -> dict[str, Any]:
    places = {name: _reduced(holes[name].to_numpy(float), factor) for name in ("row_px", "col_px")}
    return places | {"radius_px": holes["radius_px"].to_numpy(float) / factor}


def _ranks(squares: "pd.DataFrame", count: int) -> tuple[NDArray[np.float64], list[int]]:
    """Places of squares among all, 0 the best and 1 the worst, shape (n,); and their ranks."""
    ranks = squares["rank"].to_numpy(int)
    return (ranks - 1) / max(count - 1, 1), ranks.tolist()


def _cut(pixels: Image, square: dict[str, Any]) -> Image:
    """Cut a square out upright."""
    corners = np.array([square[name] for name in CORNERS], float).reshape(4, 2)
    across = np.linspace(-MARGIN, 1 + MARGIN, CROP_PX)
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    points = corners[0] + across[None, :, None] * along + across[:, None, None] * down
    return interpolate(pixels, points[..., 0], points[..., 1], float(np.median(pixels)))
