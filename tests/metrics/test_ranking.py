import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from ptolemy_kedro.metrics.ranking import Ranking, average_precision, evaluate, roc_auc

SITES = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40)


@given(SITES.filter(lambda sites: {True, False} == {s for _, s in sites}))
def test_auc_and_precision_agree_with_scikit_learn_also_on_ties(sites):
    scores, selected = (np.array(column) for column in zip(*sites, strict=True))

    assert roc_auc(scores, selected) == pytest.approx(roc_auc_score(selected, scores))
    assert average_precision(scores, selected) == pytest.approx(average_precision_score(selected, scores))


def test_equal_scores_rank_at_chance():
    measured = evaluate(np.full(40, 0.3), np.arange(40) % 4 == 0, np.repeat(["a", "b"], 20), seed=0)

    assert measured["roc_auc"]["value"] == 0.5
    assert measured["average_precision"]["value"] == measured["base_rate"]["value"] == 0.25


def test_auc_within_sessions_ignores_what_sets_sessions_apart():
    """Two sessions whose scores are shifted against each other: perfect within, worse pooled."""
    scores = np.r_[0.1, 0.2, 0.8, 0.9]
    selected = np.array([False, True, False, True])

    measured = evaluate(scores, selected, ["a", "a", "b", "b"], seed=0)

    assert measured["roc_auc_within_session"]["value"] == 1.0
    assert measured["roc_auc"]["value"] == 0.75  # three of the four pairs


def test_intervals_hold_the_value_and_narrow_with_sessions():
    rng = np.random.default_rng(3)

    def width(sessions):
        selected = rng.random(sessions * 30) < 0.3
        scores = selected + rng.normal(0, 1.5, sessions * 30)
        figure = evaluate(scores, selected, np.repeat(np.arange(sessions), 30), seed=1)["roc_auc"]
        assert figure["low"] <= figure["value"] <= figure["high"]
        return figure["high"] - figure["low"]

    assert width(100) < 0.6 * width(10)


def test_the_same_seed_gives_the_same_intervals():
    rng = np.random.default_rng(0)
    given = (rng.random(60), rng.random(60) < 0.5, np.repeat(np.arange(6), 10))

    assert evaluate(*given, seed=4) == evaluate(*given, seed=4)


@pytest.mark.parametrize("selected", [[], [True, True], [False, False]])
def test_what_is_undefined_is_null_and_json_can_say_it(selected):
    measured = evaluate(np.zeros(len(selected)), selected, ["a"] * len(selected), seed=0)

    assert measured["roc_auc"]["value"] is None
    assert json.dumps(measured, allow_nan=False)
    assert measured["sites"] == len(selected)


def test_a_session_without_selected_squares_counts_in_the_base_rate_only():
    measured = evaluate([0.1, 0.9, 0.5], [False, True, False], ["a", "a", "b"], seed=0)

    assert measured["roc_auc_within_session"]["value"] == 1.0
    assert measured["base_rate"]["value"] == pytest.approx(1 / 3)


def test_a_calibrated_score_has_no_calibration_error_and_a_bold_one_has_its_distance():
    """Two bins: of ten sites at .2 two are selected, of ten at .9 nine."""
    scores = np.repeat([0.2, 0.9], 10)
    selected = np.r_[np.arange(10) < 2, np.arange(10) < 9]

    def error(given):
        return evaluate(given, selected, np.zeros(20), seed=0)["calibration_error"]["value"]

    assert error(scores) == pytest.approx(0)
    assert error(scores + 0.05) == pytest.approx(0.05)
    assert Ranking(scores, selected, np.zeros(20)).calibration()[2].tolist() == pytest.approx([10, 0.2, 0.2])


@pytest.mark.parametrize(
    ("selected_best_first", "needed"),
    [
        (np.arange(400) < 200, 100),  # the hundred come first
        (np.arange(400) % 2 == 1, 200),  # every other one
        (np.arange(40) % 4 == 3, 20),  # of ten selected, half
        (np.zeros(9, bool), None),
    ],
)
def test_squares_needed_for_the_operators_hundred_are_counted_from_the_best(selected_best_first, needed):
    scores = np.linspace(1, 0, len(selected_best_first))

    figure = evaluate(scores, selected_best_first, np.zeros(len(scores)), seed=0)["needed_for_hundred"]

    assert figure["value"] == needed


def test_equal_scores_need_what_chance_needs():
    selected = np.arange(1000) % 5 == 0

    figure = evaluate(np.full(1000, 0.5), selected, np.zeros(1000), seed=0)["needed_for_hundred"]

    assert figure["value"] == pytest.approx(100 / 0.2)
