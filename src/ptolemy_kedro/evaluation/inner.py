"""How well a kind of model ranks sessions left out of its training: what a model is chosen by."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ptolemy_kedro.evaluation.comparison import known_sites
from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.training.model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd

FOLDS = 5


def inner_auc(fit: Callable[["pd.DataFrame"], TrainedModel], squares: "pd.DataFrame") -> float | None:
    """Rank each session by a model that learnt from the sessions of the other folds.

    Args:
        fit: Trains on squares of whole sessions.
        squares: Of the training sessions, with descriptors and labels.

    Returns:
        Mean AUC within sessions; None where fewer than two sessions hold both kinds.
    """
    names = sorted({str(name) for name, rows in squares.groupby("session_id") if _both(rows)})
    if len(names) < 2:
        return None
    fold = {name: number % min(FOLDS, len(names)) for number, name in enumerate(names)}
    of_row = squares["session_id"].map(fold)
    found = [
        auc
        for number in range(max(fold.values()) + 1)
        for auc in _of_fold(fit(squares[of_row != number]), squares[of_row == number])
    ]
    return float(np.mean(found))


def _of_fold(model: TrainedModel, left_out: "pd.DataFrame") -> list[float]:
    known = left_out[left_out["label"] != "unknown"]
    values = {name: known[name].to_numpy() for name in model.config["descriptors"]}
    once = known_sites(known.assign(model="", score=SquareRanker.of(model).score(values)))
    return [roc_auc(rows["score"], rows["selected"]) for _, rows in once.groupby("session_id")]


def _both(rows: "pd.DataFrame") -> bool:
    return {"selected", "rejected"} <= set(rows["label"])
