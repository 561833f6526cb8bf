"""Where to go first: the holes that were seen and are worth it, square by square; then the next squares."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ptolemy_kedro.survey.options import PlanOptions
from ptolemy_kedro.survey.sightings import records

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


def plan_visits(
    squares: "pd.DataFrame",
    holes: "pd.DataFrame",
    session_id: str,
    options: PlanOptions = PlanOptions(),  # noqa: B008
) -> "pd.DataFrame":
    """Put squares and holes in the order in which to visit them (``tables.Plan``).

    What was seen closely comes first: holes with a score of at least ``least_score``, square by square, the
    best square first, image by image in it, best holes first; those on no known square after these. Then come
    the squares of which no image shows the holes yet, best first: medium images of them are to be taken. The
    stage goes to each square once.

    Args:
        squares: ``tables.TargetSquares`` rows of a session.
        holes: ``tables.TargetHoles`` rows of it.
        session_id: Of it.
        options: How much is planned.
    """
    import pandas as pd

    from ptolemy_kedro import tables

    seen = holes[holes["stands"]]
    of_square = dict(list(seen.groupby("square_id")))
    stand = squares[squares["stands"]].sort_values("rank")
    looked_at = stand["physical_id"].isin(list(of_square))
    rows: list[Row] = []
    for square in records(stand[looked_at]):
        rows += _holes_of(of_square[square["physical_id"]], square, len(stand), options)
    rows += _holes_of(seen[seen["square_id"].isna()], None, len(stand), options)
    rows += [_square(square, len(stand)) for square in records(stand[~looked_at].head(options.most_squares))]
    if not rows:
        return tables.empty(tables.Plan)
    plan = pd.DataFrame(rows).assign(session_id=session_id, order=np.arange(1, len(rows) + 1))
    return tables.validate(tables.Plan, plan, f"session {session_id}: plan")


def _holes_of(holes: "pd.DataFrame", square: Row | None, of: int, options: PlanOptions) -> Iterator[Row]:
    """List the holes of one square that are worth a visit, image by image, the image of most worth first."""
    worth = holes[holes["score"] >= options.least_score].sort_values("score", ascending=False)
    worth = worth.head(options.most_holes) if square else worth
    images = worth.groupby("image_id")["score"].sum().sort_values(ascending=False).index
    for image_id in images:
        here = worth[worth["image_id"] == image_id]
        total = int((holes["image_id"] == image_id).sum())
        for place, hole in enumerate(records(here), start=1):
            yield _hole(hole, square, f"hole {place} of {total} in {image_id}", of)


def _hole(hole: Row, square: Row | None, place: str, of: int) -> Row:
    where = f"square {square['rank']} of {of} (P {square['score']:.2f})" if square else "no known square"
    unknown = "" if np.isfinite(hole["stage_x_um"]) else "; its stage position is unknown"
    return {
        **_seen_at(hole),
        "kind": "hole",
        "square_id": square["physical_id"] if square else None,
        "hole_id": hole["physical_id"],
        "square_score": square["score"] if square else None,
        "hole_score": hole["score"],
        "reason": f"{place} (P {hole['score']:.2f}), on {where}{unknown}",
    }


def _square(square: Row, of: int) -> Row:
    place = f"square {square['rank']} of {of} (P {square['score']:.2f})"
    cut = ", cut by the image's border" if square["cut"] else ""
    unknown = "" if np.isfinite(square["stage_x_um"]) else "; its stage position is unknown"
    return {
        **_seen_at(square),
        "kind": "square",
        "square_id": square["physical_id"],
        "square_score": square["score"],
        "reason": f"{place}{cut}; no image of its holes yet{unknown}",
    }


def _seen_at(row: Row) -> Row:
    return {
        name: row[name] for name in ("grid_id", "image_id", "row_px", "col_px", "stage_x_um", "stage_y_um")
    }
