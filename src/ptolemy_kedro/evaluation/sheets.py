"""What a model makes of the sessions held out for good, for each kind of registered model."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.evaluation.comparison import known_sites
from ptolemy_kedro.evaluation.contest import FINDING, RANKING, Sheet, Yardstick
from ptolemy_kedro.evaluation.judging_holes import score_holes_of_session
from ptolemy_kedro.evaluation.locating import DEFAULT, compare_with_clicks
from ptolemy_kedro.evaluation.scoring import score_session
from ptolemy_kedro.metrics.detection import Detections
from ptolemy_kedro.metrics.ranking import Ranking
from ptolemy_kedro.partitions import BySession, SessionTable
from ptolemy_kedro.workers import HereExecutor

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


def locating_sheets(
    models: Mapping[str, "TrainedModel"],
    judges: Iterable[str],
    archives: BySession[Path],
    images: SessionTable,
    grids: SessionTable,
    targets: SessionTable,
) -> dict[str, Detections]:
    """Locate the holes of the sessions' images with each model, and count them against the clicks."""
    import pandas as pd

    names = list(judges)
    tables = (images, grids, targets)
    return {
        role: _detections(
            pd.concat([_located(model, archives[name], *(t[name] for t in tables)) for name in names])
        )
        for role, model in models.items()
    }


KINDS = {
    "square-ranker": Kind(("squares", "square_crops"), square_sheets, RANKING),
    "hole-localiser": Kind(("chosen_archives", "images", "grids", "targets"), locating_sheets, FINDING),
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


def _located(
    model: "TrainedModel",
    archive: Path,
    images: "pd.DataFrame",
    grids: "pd.DataFrame",
    targets: "pd.DataFrame",
) -> "pd.DataFrame":
    """Locate a session's holes as the model was trained to be used (``tables.HoleDetections``)."""
    from ptolemy_kedro.holes.crops import HoleCropOptions
    from ptolemy_kedro.holes.finding import LocateOptions
    from ptolemy_kedro.holes.locating import Locating, locate_in_session

    by = Locating(model, LocateOptions(**model.config.get("locate", {})), HoleCropOptions())
    holes, _ = locate_in_session(archive, images, grids, by, HereExecutor(), 1)
    return compare_with_clicks(holes, targets, images)


def _detections(counts: "pd.DataFrame") -> Detections:
    rows = counts[counts["method"] == DEFAULT]
    return Detections(rows["hits"], rows["found"], rows["clicked"], rows["session_id"])
