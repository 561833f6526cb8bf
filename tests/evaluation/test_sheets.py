"""Each kind of registered model is compared by the same code."""

import numpy as np
import pytest

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.evaluation.contest import FINDING, PromoteOptions, compare
from ptolemy_kedro.evaluation.promotion import decide
from ptolemy_kedro.evaluation.sheets import KINDS, kind_of
from ptolemy_kedro.metrics.detection import Detections, evaluate

SESSIONS = np.repeat([f"s{n}" for n in range(8)], 3)
WANTED = np.full(24, 20)


def detections(hits: int, false: int = 0, seed: int = 0) -> Detections:
    """About so many hits of 20 wanted in each image, and so many points that nobody wanted."""
    right = np.clip(hits + np.random.default_rng(seed).integers(-1, 2, 24), 0, 20)
    return Detections(right, right + false, WANTED, SESSIONS)


def verdict(champion: Detections, challenger: Detections):
    options = PromoteOptions(draws=300)
    compared = compare({"champion": champion, "challenger": challenger}, FINDING, options)
    return decide({"challenger": 2, **compared}, options)


@pytest.mark.parametrize(
    ("champion", "challenger", "promoted", "why"),
    [
        ({"hits": 10}, {"hits": 16}, True, "f1 is"),
        ({"hits": 16}, {"hits": 10}, False, "f1 is"),
        ({"hits": 12}, {"hits": 12, "seed": 1}, False, "f1 is"),
        ({"hits": 6}, {"hits": 18, "false": 6}, False, "precision gets worse"),
    ],
)
def test_localisers_are_compared_by_f1_and_neither_precision_nor_recall_may_fall(
    champion, challenger, promoted, why
):
    decided = verdict(detections(**champion), detections(**challenger))

    assert decided.promote is promoted
    assert why in decided.reason


def test_a_sheet_of_detections_measures_what_the_report_does():
    right = np.arange(24) % 20
    measured = Detections(right, right + 2, WANTED, SESSIONS).measure()
    reported = evaluate(right, right + 2, WANTED, SESSIONS, seed=0, draws=10)

    assert measured == {name: pytest.approx(reported[name]["value"]) for name in measured}


def test_every_registered_kind_can_be_compared_and_another_is_refused_by_name():
    assert set(KINDS) == {"square-ranker", "hole-localiser", "hole-classifier"}
    with pytest.raises(ModelError, match="'exposure-planner' are not compared; hole-classifier, hole-loc"):
        kind_of("exposure-planner")
