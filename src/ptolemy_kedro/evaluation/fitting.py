"""Training the rankers that learn from tables of squares, each with what it may be chosen by."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ptolemy_kedro.evaluation.inner import inner_auc
from ptolemy_kedro.partitions import SessionTable
from ptolemy_kedro.squares.classifiers import ForestOptions, LogregOptions, fit_forest, fit_logreg
from ptolemy_kedro.squares.fit_ranker import fit_ranker
from ptolemy_kedro.squares.ranker_options import RankerOptions
from ptolemy_kedro.squares.sight import with_sight
from ptolemy_kedro.training.model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd


def look_at(squares: SessionTable, crops: SessionTable) -> "pd.DataFrame":
    """Put the squares of all sessions together with what is seen of them, the crops a session at a time."""
    import pandas as pd

    return pd.concat([with_sight(table, crops[name]) for name, table in squares], ignore_index=True)


def fit_table(
    squares: "pd.DataFrame", options: LogregOptions | ForestOptions | RankerOptions
) -> TrainedModel:
    """Train the model that the options are of; its configuration holds ``inner_auc``.

    Args:
        squares: Every sighting of the training sessions (``tables.Squares``); for the ranker, looked at.
        options: Of the model.

    Raises:
        TableError: There is too little to learn from.
    """
    if isinstance(options, RankerOptions):
        return fit_ranker(squares, options)
    fit = (
        partial(fit_logreg, options=options)
        if isinstance(options, LogregOptions)
        else partial(fit_forest, options=options)
    )
    trained = fit(squares)
    return replace(trained, config={**trained.config, "inner_auc": inner_auc(fit, squares)})
