"""The squares of an image as rows of the table ``squares``, and of a session's images together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import stage_map
from ptolemy_kedro.squares.identity import physical_ids, square_ids
from ptolemy_kedro.squares.labels import label_squares
from ptolemy_kedro.squares.segmentation import Squares

if TYPE_CHECKING:
    import pandas as pd


def squares_table(
    session_id: str, image: Mapping[str, Any], squares: Squares, descriptors: dict[str, NDArray[np.float64]]
) -> "pd.DataFrame":
    """Make one row (``tables.Squares``) a square, its physical id its own and its label unknown until joined.

    Args:
        session_id: The session.
        image: The image's row of ``tables.Images``.
        squares: Found in it.
        descriptors: Of ``describe``.
    """
    import pandas as pd

    n = len(squares)
    ids = square_ids(session_id, image["image_id"], squares.centres)
    stage = _stage(image, squares.centres)
    pixel_size = image.get("pixel_size_a")
    corners = squares.corners.reshape(n, 8).T
    names = [f"corner_{k}_{axis}_px" for k in range(1, 5) for axis in ("row", "col")]
    text = {
        "session_id": [session_id] * n,
        "grid_id": [image["grid_id"]] * n,
        "image_id": [image["image_id"]] * n,
        "square_id": ids,
        "physical_id": ids,
        "label": ["unknown"] * n,
    }
    return pd.DataFrame(
        {name: pd.Series(values, dtype="str") for name, values in text.items()}
        | {"row_px": squares.centres[:, 0], "col_px": squares.centres[:, 1]}
        | dict(zip(names, corners, strict=True))
        | {"angle_deg": squares.angle_deg, "brightness": squares.brightness}
        | {"stage_x_um": stage[:, 0], "stage_y_um": stage[:, 1]}
        | {"pixel_size_a": np.full(n, np.nan if pd.isna(pixel_size) else float(pixel_size))}
        | descriptors
    )


def join_sightings(
    squares: "pd.DataFrame", targets: "pd.DataFrame", images: "pd.DataFrame"
) -> "pd.DataFrame":
    """Fill in physical ids and labels, once the squares of all of a session's images are there.

    Args:
        squares: ``tables.Squares`` rows of one session.
        targets: ``tables.Targets`` rows of the session.
        images: ``tables.Images`` rows of the session.
    """
    joined = squares.reset_index(drop=True)
    joined = joined.assign(physical_id=physical_ids(joined))
    return joined.assign(label=label_squares(joined, targets, images))


def _stage(image, centres):
    to_stage = stage_map(image)
    return np.full((len(centres), 2), np.nan) if to_stage is None else to_stage.to_stage(centres)
