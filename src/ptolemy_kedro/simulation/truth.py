"""The truth of a simulated session, kept apart from it: no training reads this."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from ptolemy_kedro.simulation import atlas, outcomes
from ptolemy_kedro.simulation.operators import Operator, chance, digest, visible_ice_nm
from ptolemy_kedro.simulation.visit import GridVisit


def truth_tables(
    session_id: str, operator: Operator, visits: list[GridVisit], chosen: set[str]
) -> dict[str, pd.DataFrame]:
    """Tabulate what was so.

    Returns:
        ``squares``, one row an opening of a grid: ``true_id``, centre and four corners on the stage [um], ice
        [nm], state, tear and specks, ``worth`` (share of holes that give a good exposure), ``want`` (the
        operator's wanting without noise: the oracle), ``chance`` (P(selected | viewed)) and ``selected``.
        ``outlines``: see ``atlas.outlines``. ``operators``: one row, with the digest of ``operators.py``.
    """
    person = asdict(operator)
    weights = person.pop("weights")
    return {
        "squares": pd.concat([_squares(session_id, operator, v, chosen) for v in visits], ignore_index=True),
        "outlines": pd.concat([v.outlines for v in visits], ignore_index=True).assign(session_id=session_id),
        "operators": pd.DataFrame([{"session_id": session_id, **person, **weights, "digest": digest()}]),
    }


def _squares(session_id: str, operator: Operator, visit: GridVisit, chosen: set[str]) -> pd.DataFrame:
    openings, corners = visit.grid.openings, visit.grid.corners_um()
    ids = atlas.true_ids(visit.grid, visit.grid_id)
    corner_columns = {f"{axis}{i}_um": corners[:, i, a] for i in range(4) for a, axis in enumerate("xy")}
    return pd.DataFrame(
        {
            "session_id": session_id,
            "grid_id": visit.grid_id,
            "true_id": ids,
            "x_um": openings.centre_um[:, 0],
            "y_um": openings.centre_um[:, 1],
            **corner_columns,
            "ice_nm": visible_ice_nm(visit.grid),
            "state": openings.state,
            "tear": openings.tear,
            "specks": openings.specks,
            "meniscus_um": openings.meniscus_um,
            "worth": outcomes.square_worth(visit.grid),
            "want": visit.want,
            "chance": chance(operator, visit.want),
            "selected": np.isin(ids, sorted(chosen)),
        }
    )
