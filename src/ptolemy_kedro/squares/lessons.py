"""What the ranker learns from: the squares of each session, with the rest of their grid and without."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.squares.classifiers import PORTABLE
from ptolemy_kedro.squares.context import CONTEXTS
from ptolemy_kedro.squares.impressions import IMPRESSIONS
from ptolemy_kedro.squares.sight import PERCEIVED
from ptolemy_kedro.squares.sightings import best_sightings, context_of_table

if TYPE_CHECKING:
    import pandas as pd

INPUTS = (*PORTABLE, *CONTEXTS)
"""Descriptors that the ranker goes by, where squares were not looked at."""


@dataclass(frozen=True)
class Lessons:
    """What is learnt from.

    Attributes:
        inputs: Names of the descriptors.
        values: Of these; shape (n, inputs).
        selected: Shape (n,).
        session: Number of each row's session; shape (n,).
        groups: Rows that are ordered among each other, with the weight of the group.
    """

    inputs: tuple[str, ...]
    values: NDArray[np.float32]
    selected: NDArray[np.bool_]
    session: NDArray[np.intp]
    groups: list[tuple[NDArray[np.intp], float]]


def lessons_of(squares: "pd.DataFrame", alone: float) -> tuple[Lessons, list[str]]:
    """Gather what is learnt from: each square of known label at its best, and again without its grid.

    Args:
        squares: Every sighting of every session, with ``PERCEIVED`` where they were looked at.
        alone: Weight of the squares without their grid.

    Returns:
        The lessons, and the names of the sessions that they are of.

    Raises:
        TableError: Fewer than two sessions hold selected and rejected squares.
    """
    parts = [
        (str(name), part)
        for name, rows in squares.groupby("session_id", sort=True)
        for part in _views(rows, alone)
    ]
    names = list(dict.fromkeys(name for name, _ in parts))
    if len(names) < 2:
        raise TableError(
            f"{len(names)} session(s) hold both selected and rejected squares; the ranker needs two or more. "
            "Ingest more sessions in which an operator chose squares."
        )
    starts = np.cumsum([0, *(len(part.values) for _, part in parts)])
    groups = [
        (rows + start, weight)
        for (_, part), start in zip(parts, starts, strict=False)
        for rows, weight in part.groups
    ]
    session = np.concatenate([np.full(len(part.values), names.index(name)) for name, part in parts])
    values, selected = (
        np.concatenate([getattr(part, of) for _, part in parts]) for of in ("values", "selected")
    )
    return Lessons(parts[0][1].inputs, values, selected, session, groups), names


def _views(rows: "pd.DataFrame", alone: float) -> Iterator[Lessons]:
    """Give one session's squares with their grid, and without; nothing where only one label is there."""
    known, selected = (rows["label"] != "unknown").to_numpy(), (rows["label"] == "selected").to_numpy()
    if not selected.any() or selected[known].all():
        return
    for chosen, weight in ((np.unique(best_sightings(rows)[known]), 1.0), (np.flatnonzero(known), alone)):
        table = rows.assign(**context_of_table(rows, alone=weight != 1)).iloc[chosen]
        inputs = INPUTS + (IMPRESSIONS if PERCEIVED[0] in rows else ())
        values = table[list(inputs)].to_numpy(np.float32)
        yield Lessons(
            inputs, values, selected[chosen], np.zeros(len(chosen), np.intp), _groups(table, weight)
        )


def _groups(table: "pd.DataFrame", weight: float) -> list[tuple[NDArray[np.intp], float]]:
    """Order squares of the whole session, or where each image stands alone, of each image."""
    if weight == 1:
        return [(np.arange(len(table)), weight)]
    images = [np.asarray(rows) for rows in table.groupby("image_id", sort=True).indices.values()]
    return [(rows, weight / len(images)) for rows in images]
