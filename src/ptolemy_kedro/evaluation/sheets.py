"""What a model makes of the sessions held out for good, for each kind of registered model."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.evaluation.comparison import known_sites
from ptolemy_kedro.evaluation.contest import RANKING, Sheet, Yardstick
from ptolemy_kedro.evaluation.judging_holes import score_holes_of_session
from ptolemy_kedro.evaluation.scoring import score_session
from ptolemy_kedro.metrics.ranking import Ranking
from ptolemy_kedro.partitions import SessionTable

if TYPE_CHECKING:
    import pandas as pd

    from ptolemy_kedro.training.model import TrainedModel

Scorer = Callable[..., "pd.DataFrame"]


@dataclass(frozen=True)
class Kind:
    """How a kind of model is compared.

    Attributes:
        tables: What its scoring reads, by the names of the catalog.
        sheets: Called with the models by role, the sessions that judge, and these tables.
        yardstick: What decides.
    """

    tables: tuple[str, ...]
    sheets: Callable[..., Mapping[str, Sheet]]
    yardstick: Yardstick


def square_sheets(
    models: Mapping[str, "TrainedModel"], judges: Iterable[str], squares: SessionTable, crops: SessionTable
) -> dict[str, Ranking]:
    """Rank the squares of known fate with each model; one seen in several images counts once."""
    return _ranked(score_session, models, judges, squares, crops)


def hole_sheets(
    models: Mapping[str, "TrainedModel"], judges: Iterable[str], holes: SessionTable, crops: SessionTable
) -> dict[str, Ranking]:
    """Rank the holes of known fate with each model."""
    return _ranked(score_holes_of_session, models, judges, holes, crops)


KINDS = {
    "square-ranker": Kind(("squares", "square_crops"), square_sheets, RANKING),
    "hole-classifier": Kind(("holes", "hole_crops"), hole_sheets, RANKING),
}


def kind_of(name: str) -> Kind:
    """Look up how models of a registered name are compared.

    Raises:
        ModelError: They are not.
    """
    if name not in KINDS:
        raise ModelError(f"Models named {name!r} are not compared; {', '.join(sorted(KINDS))} are.")
    return KINDS[name]


def _ranked(
    score: Scorer,
    models: Mapping[str, "TrainedModel"],
    judges: Iterable[str],
    sites: SessionTable,
    crops: SessionTable,
) -> dict[str, Ranking]:
    import pandas as pd

    rows = [score(sites[name], crops[name], models) for name in judges]
    return rankings_of(pd.concat(rows, ignore_index=True), models)


def rankings_of(scores: "pd.DataFrame", models: Iterable[str]) -> dict[str, Ranking]:
    """Rank the sites of known fate with each model.

    Args:
        scores: ``tables.SquareScores`` or ``tables.HoleScores``.
        models: Names in their column ``model``.
    """
    known = known_sites(scores)
    return {name: _ranking(known[known["model"] == name]) for name in models}


def _ranking(rows: "pd.DataFrame") -> Ranking:
    return Ranking(rows["score"], rows["selected"], rows["session_id"])
