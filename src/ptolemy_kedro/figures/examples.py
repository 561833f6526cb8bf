"""Examples to draw: a tile of a session, its squares and their scores."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro import archive as archives
from ptolemy_kedro.errors import TableError
from ptolemy_kedro.squares.crop_table import crops_of
from ptolemy_kedro.squares.crops import Crops
from ptolemy_kedro.squares.identity import square_ids
from ptolemy_kedro.squares.segmentation import SegmentOptions, Squares, find_squares

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ExampleTile:
    """A tile and what was found in it.

    Attributes:
        name: Session and image.
        pixels: Shape (rows, cols).
        squares: Found in it, n of them.
        square_ids: Of each.
    """

    name: str
    pixels: NDArray
    squares: Squares
    square_ids: list[str]

    def scored(self, scores: "pd.DataFrame") -> tuple[Squares, NDArray[np.float64]]:
        """Give the squares that have a score, and the scores (``tables.SquareScores`` rows of one model)."""
        by_id = scores.set_index("square_id")["score"]
        known = np.array([name in by_id.index for name in self.square_ids], bool)
        kept = [name for name, is_known in zip(self.square_ids, known, strict=True) if is_known]
        return self.squares[known], by_id.loc[kept].to_numpy(float)


def example_tile(
    archive: Path, images: "pd.DataFrame", squares: "pd.DataFrame", segment: SegmentOptions
) -> ExampleTile:
    """Take the tile of a session in which most squares have a known label.

    Args:
        archive: The session's archive.
        images: ``tables.Images`` rows of the session.
        squares: ``tables.Squares`` rows of the session.
        segment: As the squares were found.

    Raises:
        TableError: The session has no image with squares.
    """
    if not len(squares):
        raise TableError("No square was found in the session, so there is no tile to draw.")
    tiles = images.loc[images["kind"] == "tile", "image_id"]
    of_tiles = squares[squares["image_id"].isin(tiles)] if squares["image_id"].isin(tiles).any() else squares
    busiest = (of_tiles["label"] != "unknown").groupby(of_tiles["image_id"]).sum().idxmax()
    image = images[images["image_id"] == busiest].iloc[0]
    store = archives.open_pixels(archive, permissive=True)
    with closing(store.container):
        pixels = store.read(image["file"])
    found = find_squares(pixels, segment)
    ids = square_ids(image["session_id"], str(busiest), found.centres)
    return ExampleTile(f"{image['session_id']}, {busiest}", pixels, found, ids)


def scored_crops(
    crops: "pd.DataFrame", scores: "pd.DataFrame"
) -> tuple[Crops, NDArray[np.float64], NDArray[np.bool_]]:
    """Give the crops of the squares with a known label, their scores, and whether they were selected."""
    known = scores.loc[scores["label"] != "unknown", ["square_id", "score", "label"]]
    rows = crops.merge(known, on="square_id")
    return crops_of(rows), rows["score"].to_numpy(float), (rows["label"] == "selected").to_numpy()
