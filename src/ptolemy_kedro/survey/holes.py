"""The holes of a new session: found and judged in every medium image, and placed on square and atlas."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.holes.table import holes_table
from ptolemy_kedro.survey.models import Stored, hole_classifier, hole_localiser
from ptolemy_kedro.survey.newcomer import FINDS_HOLES, Newcomer
from ptolemy_kedro.survey.options import SurveyOptions
from ptolemy_kedro.survey.placing import on_atlas, on_squares, same_hole
from ptolemy_kedro.survey.sightings import in_one_table, records, stand_and_rank
from ptolemy_kedro.targeting import rank_holes

if TYPE_CHECKING:
    import pandas as pd

Foil = tuple[float | None, float | None]
"""Spacing and diameter of holes [um], where they are known."""


def survey_holes(
    newcomer: Newcomer,
    squares: "pd.DataFrame",
    options: SurveyOptions,
    localiser: Stored,
    classifier: Stored,
    workers: int = 1,
) -> "pd.DataFrame":
    """Find, judge and place the holes of a session (``tables.TargetHoles``).

    Args:
        newcomer: The session.
        squares: ``tables.TargetSquares`` rows of it.
        options: What is known of the foil, where the session does not say it.
        localiser: Finds the holes.
        classifier: Judges them.
        workers: Processes.

    Raises:
        PtolemyError: An image cannot be used; the note says which.
    """
    from ptolemy_kedro import tables

    foils = _foils(newcomer.grids, options)
    seen = in_one_table(newcomer, FINDS_HOLES, _look, foils, localiser, classifier, workers=workers)
    if seen is None:
        return tables.empty(tables.TargetHoles)
    seen = seen.drop(columns="label").assign(physical_id=same_hole(seen))
    # What the border of its image cuts is judged by half of it.
    cut = np.asarray(seen["to_border"] < seen["radius_px"], np.float64)
    ranked = stand_and_rank(seen, cut).drop(columns="to_border")
    on_square = on_squares(ranked, squares, newcomer.images)
    return ranked.assign(square_id=on_square, **on_atlas(ranked, newcomer.images))


def _look(
    row: dict[str, Any], pixels: NDArray, foils: dict[str, Foil], localiser: Stored, classifier: Stored
) -> "pd.DataFrame":
    size = row["pixel_size_a"]
    known = (float(size) if np.isfinite(float(size)) else None, *foils[row["grid_id"]])
    ranked = rank_holes(pixels, hole_localiser(localiser), hole_classifier(classifier), *known)
    table = holes_table(row["session_id"], row, ranked.found, {}, pixels.shape)
    inside = _to_border(ranked.found.centres, pixels.shape)
    return table.assign(score=ranked.scores, model=ranked.model, to_border=inside)


def _foils(grids: "pd.DataFrame", options: SurveyOptions) -> dict[str, Foil]:
    """What is known of each grid's foil; its own record counts before the options."""
    return {
        str(row["grid_id"]): (
            _known(row["hole_spacing_um"], options.spacing_um),
            _known(row["hole_diameter_um"], options.diameter_um),
        )
        for row in records(grids)
    }


def _known(recorded: float, said: float | None) -> float | None:
    return float(recorded) if np.isfinite(float(recorded)) else said


def _to_border(centres: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Distance of points to the border of their image [px]; shape (n,)."""
    far = np.minimum(centres, np.array(shape) - 1 - centres)
    return far.min(axis=1) if len(far) else np.zeros(0)
