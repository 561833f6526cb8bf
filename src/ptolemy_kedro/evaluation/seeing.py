"""What squares of simulated sessions are like in truth, and how well that is seen."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ptolemy_kedro.evaluation.rehearsal import Rehearsed
from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.squares.sight import MEASURED, STATES, SquareSight

if TYPE_CHECKING:
    import pandas as pd

TRUTH = tuple(name.replace("seen_", "true_") for name in MEASURED)
"""Names of the truth, in the order of ``sight.MEASURED``."""

FEWEST = 8
"""Squares of an image that an order is told of."""


def truth_of(made: Rehearsed) -> "pd.DataFrame":
    """Look up what each sighting shows: ``TRUTH`` and ``state``, missing where the find is no opening."""
    import pandas as pd

    from ptolemy_kedro.simulation.atlas import true_ids
    from ptolemy_kedro.simulation.operators import visible_ice_nm
    from ptolemy_kedro.simulation.seeds import generator
    from ptolemy_kedro.simulation.specimen import draw_grid

    seed = int(str(made.squares["session_id"].iloc[0]).removeprefix("sim"))
    grid = draw_grid(generator(seed, "grid", 1))
    openings = grid.openings
    values = (
        np.log(visible_ice_nm(grid)),
        np.log1p(openings.blob_nm / openings.ice_nm),
        np.log1p(openings.specks),
        (openings.edges_um.mean(axis=1) - openings.meniscus_um) * 2 / grid.pitch_um,
        openings.tear,
    )
    truth = pd.DataFrame(dict(zip(TRUTH, values, strict=True)), index=true_ids(grid, "g1"))
    return truth.assign(state=openings.state).reindex(made.wanting["true_id"]).reset_index(drop=True)


def account(sight: SquareSight, sessions: Iterable[Rehearsed]) -> dict[str, float]:
    """Tell how well squares are seen.

    Returns:
        The mean rank correlation with the truth within images of each of ``TRUTH`` but tears, and the AUC of
        telling each state from the others.
    """
    import pandas as pd

    from ptolemy_kedro.squares.crop_table import crops_of

    parts = []
    for made in sessions:
        values = {name: made.squares[name].to_numpy(float) for name in sight.descriptors}
        seen = sight.see(crops_of(made.crops), values, made.squares["image_id"].to_numpy(object))
        whole = made.squares[["session_id", "image_id", "cut"]].assign(**seen)
        parts.append(pd.concat([whole, truth_of(made)], axis=1))
    squares = pd.concat(parts, ignore_index=True).dropna()
    whole = squares[(squares["cut"] == 0) & (squares["state"] != "empty")]
    told = {
        f"order of {true.removeprefix('true_')}": _order(whole, seen, true)
        for seen, true in zip(MEASURED[:-1], TRUTH[:-1], strict=True)
    }
    told |= {
        f"AUC of {state}": roc_auc(squares[f"seems_{state}"], squares["state"] == state) for state in STATES
    }
    return {name: round(float(value), 3) for name, value in told.items() if np.isfinite(value)}


def _order(squares: "pd.DataFrame", seen: str, true: str) -> float:
    rows = [
        part[seen].rank().corr(part[true].rank())
        for _, part in squares.groupby(["session_id", "image_id"])
        if len(part) >= FEWEST
    ]
    return float(np.nanmean(rows))
