"""The holes of an image as rows of the table ``holes``."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import stage_map
from ptolemy_kedro.holes.found import FoundHoles, usual_spacing_px
from ptolemy_kedro.holes.identity import hole_ids

if TYPE_CHECKING:
    import pandas as pd

STEPS = ("step_row_row_px", "step_row_col_px", "step_col_row_px", "step_col_col_px")


def holes_table(
    session_id: str,
    image: Mapping[str, Any],
    found: FoundHoles,
    descriptors: Mapping[str, NDArray[np.float64]],
    shape: tuple[int, int],
) -> "pd.DataFrame":
    """Make one row (``tables.Holes``) a hole, its label unknown until targets are joined.

    Args:
        session_id: The session.
        image: The image's row of ``tables.Images``.
        found: Holes in it.
        descriptors: Of ``describe_holes``.
        shape: Of the image as read (rows, cols) [px].
    """
    import pandas as pd

    n = len(found)
    text = {
        "session_id": [session_id] * n,
        "grid_id": [image["grid_id"]] * n,
        "image_id": [image["image_id"]] * n,
        "hole_id": hole_ids(session_id, image["image_id"], found, shape),
        "found_by": np.where(found.from_lattice, "lattice", "network").tolist(),
        "localiser": [found.localiser] * n,
        "label": ["unknown"] * n,
    }
    pixel_size = image.get("pixel_size_a")
    to_stage = stage_map(image)
    stage = np.full((n, 2), np.nan) if to_stage is None else to_stage.to_stage(found.centres)
    return pd.DataFrame(
        {name: pd.Series(values, dtype="str") for name, values in text.items()}
        | {"row_px": found.centres[:, 0], "col_px": found.centres[:, 1], "radius_px": found.radius_px}
        | _lattice_columns(found)
        | {"probability": found.probability, "stage_x_um": stage[:, 0], "stage_y_um": stage[:, 1]}
        | {"pixel_size_a": np.full(n, np.nan if pd.isna(pixel_size) else float(pixel_size))}
        | dict(descriptors)
    )


def found_of(rows: "pd.DataFrame") -> FoundHoles:
    """Read the holes of one image back from their rows, in their order."""
    lattice = rows["lattice"].fillna(-1).to_numpy(np.int64)
    count = int(lattice.max(initial=-1)) + 1
    bases = np.full((count, 2, 2), np.nan)
    for number in np.unique(lattice[lattice >= 0]):
        first = rows[lattice == number].iloc[0]
        bases[number] = first[list(STEPS)].to_numpy(float).reshape(2, 2)
    found = FoundHoles(
        centres=rows[["row_px", "col_px"]].to_numpy(float),
        radius_px=rows["radius_px"].to_numpy(float),
        probability=rows["probability"].to_numpy(float),
        from_lattice=(rows["found_by"] == "lattice").to_numpy(bool),
        lattice=lattice,
        indices=rows[["lattice_row", "lattice_col"]].fillna(0).to_numpy(np.int64),
        bases=bases,
        localiser=str(rows["localiser"].iloc[0]) if len(rows) else "",
    )
    return replace(found, spacing_px=usual_spacing_px(found))


def _lattice_columns(found: FoundHoles) -> "dict[str, pd.Series]":
    """Columns of the lattice, empty for a hole that is on none."""
    import pandas as pd

    on = (found.lattice >= 0) & (found.lattice < len(found.bases))
    whole = {"lattice": found.lattice, "lattice_row": found.indices[:, 0], "lattice_col": found.indices[:, 1]}
    columns = {name: pd.Series(values, dtype="Int64").where(on) for name, values in whole.items()}
    steps = np.full((len(found), 4), np.nan)
    steps[on] = found.bases[found.lattice[on]].reshape(-1, 4)
    return columns | {name: pd.Series(steps[:, k]) for k, name in enumerate(STEPS)}
