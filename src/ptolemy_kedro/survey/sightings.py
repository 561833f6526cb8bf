"""What squares and holes of a survey have in common: images one by one, one sighting that stands for all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import PtolemyError
from ptolemy_kedro.survey.newcomer import Newcomer
from ptolemy_kedro.workers import executor, ordered

if TYPE_CHECKING:
    import pandas as pd

IMAGES_A_WORKER = 4
"""A process takes about as long to start as it takes to look at so many images."""


def in_one_table(
    newcomer: Newcomer,
    kinds: tuple[str, ...],
    look: "Callable[..., pd.DataFrame]",
    *more: Any,
    workers: int = 1,
) -> "pd.DataFrame | None":
    """Look at the images of some kinds and put together what is seen in them; few are in memory at a time.

    Args:
        newcomer: The session.
        kinds: Of images.
        look: Called with an image's row, its pixels and the rest; picklable where there are several workers.
        more: What else it is called with.
        workers: Processes; each needs some images to be worth its start.

    Returns:
        None where nothing is seen.

    Raises:
        PtolemyError: An image cannot be used; the note says which.
    """
    import pandas as pd

    rows = records(newcomer.images_of(kinds))
    workers = max(1, min(workers, len(rows) // IMAGES_A_WORKER))
    with executor(workers) as pool:
        tables = ordered(pool, _seen, _with_pixels(newcomer, rows, look, more), workers)
        seen = [table for table in tables if len(table)]
    return pd.concat(seen, ignore_index=True) if seen else None


def _with_pixels(
    newcomer: Newcomer, rows: list[dict[str, Any]], look: Any, more: tuple[Any, ...]
) -> Iterator[tuple[Any, ...]]:
    with newcomer.opened() as read:
        for row in rows:
            with _naming(row):
                pixels = read(row["file"])
            yield look, row, pixels, *more


def _seen(look: "Callable[..., pd.DataFrame]", row: dict[str, Any], *more: Any) -> "pd.DataFrame":
    with _naming(row):
        return look(row, *more)


@contextmanager
def _naming(row: dict[str, Any]) -> Iterator[None]:
    """Add to an error which image it is about."""
    try:
        yield
    except PtolemyError as failure:
        failure.add_note(f"image {row['image_id']}")
        raise


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
