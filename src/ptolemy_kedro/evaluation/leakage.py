"""What a random split of squares flatters a model by: squares of one session resemble each other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptolemy_kedro.evaluation.comparison import EvaluateOptions, known_sites
from ptolemy_kedro.metrics import ranking
from ptolemy_kedro.squares.classifiers import ForestOptions, LogregOptions, fit_forest, fit_logreg
from ptolemy_kedro.squares.ranker import SquareRanker

if TYPE_CHECKING:
    import pandas as pd

LEFT_OUT = 0.25
"""Share of the squares that judge."""


def at_random(
    squares: "pd.DataFrame", models: Sequence[LogregOptions | ForestOptions], options: EvaluateOptions
) -> dict[str, dict[str, Any]]:
    """Train the published classifiers on some squares of each session, and judge them on the others.

    All sightings of one square stand on one side.

    Args:
        squares: Of sessions that may train or judge (``tables.Squares``).
        models: Options of each classifier.
        options: Seed of the split and of the bootstrap.

    Returns:
        Kind of model, then the measures of ``metrics.ranking.evaluate``; {} where a side has one label only.
    """
    known = squares[squares["label"] != "unknown"]
    place = known["session_id"] + "/" + known["physical_id"]
    drawn = np.random.default_rng(options.seed).permutation(place.unique())
    judging = place.isin(drawn[: round(LEFT_OUT * len(drawn))])
    learn, judge = known[~judging], known[judging]
    if learn["label"].nunique() < 2 or judge["label"].nunique() < 2:
        return {}
    return dict(_judged(learn, judge, model, options) for model in models)


def _judged(
    learn: "pd.DataFrame",
    judge: "pd.DataFrame",
    model: LogregOptions | ForestOptions,
    options: EvaluateOptions,
) -> tuple[str, dict[str, Any]]:
    fitted = fit_logreg(learn, model) if isinstance(model, LogregOptions) else fit_forest(learn, model)
    values = {name: judge[name].to_numpy() for name in fitted.config["descriptors"]}
    scored = judge.assign(model=fitted.config["kind"], score=SquareRanker.of(fitted).score(values))
    once = known_sites(scored)
    measures = ranking.evaluate(
        once["score"], once["selected"], once["session_id"], options.seed, options.draws
    )
    return fitted.config["kind"], measures
