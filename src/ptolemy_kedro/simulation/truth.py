"""The truth of a simulated session, kept apart from it: no training reads this."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from ptolemy_kedro.simulation import atlas, hole_operators, outcomes
from ptolemy_kedro.simulation.hole_operators import HoleOperator
from ptolemy_kedro.simulation.medium_images import MediumImage
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


def hole_tables(
    session_id: str, operator: HoleOperator, visits: list[GridVisit], media: list[list[MediumImage]]
) -> dict[str, pd.DataFrame]:
    """Tabulate what was so in the medium images that have a file.

    Returns:
        ``holes``, one row a hole and image: where it is in the image [px] and on the stage [um], ``true_id``
        (the same in every image of it), whether it is ``open`` to view or ``doubtful``, its ice [nm],
        distance to the bar [um], dirt, state, ``want`` (the operator's wanting without noise: the oracle),
        ``chance`` (P(selected | viewed)), ``selected``. ``hole_operators``: one row, with the digest.
    """
    parts = [
        _holes(session_id, visit.grid_id, image)
        for visit, planned in zip(visits, media, strict=True)
        for image in planned
    ]
    person = asdict(operator)
    weights, (bias_row, bias_col) = person.pop("weights"), person.pop("bias")
    row = {"session_id": session_id, **person, **weights, "bias_row": bias_row, "bias_col": bias_col}
    holes = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(HOLE_COLUMNS))
    return {"holes": holes, "hole_operators": pd.DataFrame([row | {"digest": hole_operators.digest()}])}


HOLE_COLUMNS = (
    "session_id", "grid_id", "image_id", "true_id", "square_id", "row_px", "col_px", "x_um", "y_um",
    "radius_px", "open", "doubtful", "ice_nm", "bar_um", "dirt", "around", "state", "want", "chance",
    "selected",
)  # fmt: skip


def _holes(session_id: str, grid_id: str, image: MediumImage) -> pd.DataFrame:
    sites, picks = image.sites, image.picks
    columns: dict[str, object] = {
        "row_px": sites.centre_px[:, 0],
        "col_px": sites.centre_px[:, 1],
        "x_um": sites.stage[:, 0],
        "y_um": sites.stage[:, 1],
        "radius_px": sites.radius_px,
        **{
            name: getattr(sites, name)
            for name in ("open", "doubtful", "ice_nm", "bar_um", "dirt", "around", "state")
        },
        "want": picks.want,
        "chance": picks.chance,
        "selected": np.isin(np.arange(len(sites)), picks.selected),
    }
    named = {"session_id": session_id, "grid_id": grid_id, "image_id": image.image_id}
    names = [f"{grid_id}_h{i}_{j}_{second}" for i, j, second in sites.index]
    table = pd.DataFrame(columns).assign(**named, true_id=names, square_id=image.square_id)
    return table[list(HOLE_COLUMNS)]
