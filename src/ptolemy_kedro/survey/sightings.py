"""What squares and holes of a survey have in common: images one by one, one sighting that stands for all."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import PtolemyError
from ptolemy_kedro.survey.newcomer import Newcomer

if TYPE_CHECKING:
    import pandas as pd


def in_one_table(
    newcomer: Newcomer,
    kinds: tuple[str, ...],
    look: "Callable[[Mapping[str, Any], NDArray], pd.DataFrame]",
) -> "pd.DataFrame | None":
    """Look at the images of some kinds, one in memory at a time, and put together what is seen in them.

    Args:
        newcomer: The session.
        kinds: Of images.
        look: Called with an image's row and its pixels.

    Returns:
        None where nothing is seen.

    Raises:
        PtolemyError: An image cannot be used; the note says which.
    """
    import pandas as pd

    seen = []
    for row in records(newcomer.images_of(kinds)):
        try:
            seen.append(look(row, newcomer.read(row["file"])))
        except PtolemyError as failure:
            failure.add_note(f"session {newcomer.session_id}: image {row['image_id']}")
            raise
    seen = [table for table in seen if len(table)]
    return pd.concat(seen, ignore_index=True) if seen else None


def records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Give a table's rows, each by column."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def stand_and_rank(seen: "pd.DataFrame", handicap: NDArray[np.float64]) -> "pd.DataFrame":
    """Choose the sighting that stands for each thing, and rank the things by its score.

    Args:
        seen: A row a sighting: ``physical_id, pixel_size_a, score``.
        handicap: Of each sighting, shape (n,); the least stands, of equal ones the finest.

    Returns:
        The same rows, best things first, with ``stands`` and ``rank``; the id of all sightings is that of the
        one that stands.
    """
    order = np.lexsort((seen["pixel_size_a"].fillna(np.inf).to_numpy(float), handicap))
    first = ~seen["physical_id"].iloc[order].duplicated()
    stands = first.reindex(seen.index)
    best = seen["physical_id"].map(seen[stands].set_index("physical_id")["score"])
    ranks = best[stands].rank(ascending=False, method="first").astype(int)
    rank = seen["physical_id"].map(dict(zip(seen["physical_id"][stands], ranks, strict=True)))
    ranked = seen.assign(stands=stands, rank=rank)
    return ranked.sort_values(["rank", "stands"], ascending=[True, False], ignore_index=True)
