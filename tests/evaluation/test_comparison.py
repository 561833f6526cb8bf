import pandas as pd
import pytest

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.evaluation.comparison import EvaluateOptions, best_model, judge

SPLIT = pd.DataFrame({"session_id": ["a", "b"], "part": ["validation", "test"]})
QUICK = EvaluateOptions(draws=20)


def scores(**by_model):
    """Score four squares, 0 and 1 selected, in each of two sessions."""
    rows = [
        {
            "session_id": s,
            "physical_id": f"{s}{n}",
            "label": "selected" if n < 2 else "rejected",
            "model": name,
        }
        | {"score": score}
        for name, given in by_model.items()
        for s in "ab"
        for n, score in enumerate(given)
    ]
    return pd.DataFrame(rows)


def test_a_perfect_model_scores_one_and_a_reversed_one_zero():
    judged = judge(scores(good=[0.9, 0.8, 0.2, 0.1], bad=[0.1, 0.2, 0.8, 0.9]), SPLIT, QUICK)

    assert judged["good"]["test"]["roc_auc_within_session"]["value"] == 1
    assert judged["bad"]["test"]["roc_auc_within_session"]["value"] == 0
    assert judged["good"]["test"]["base_rate"]["value"] == 0.5


def test_a_square_seen_twice_counts_once_with_its_mean_score():
    once = scores(m=[0.9, 0.4, 0.6, 0.1])
    again = once[once["physical_id"] == "b1"].assign(score=1.0)  # mean of .4 and 1 lies above .6

    judged = judge(pd.concat([once, again]), SPLIT, QUICK)

    assert judged["m"]["test"]["sites"] == 4
    assert judged["m"]["test"]["roc_auc_within_session"]["value"] == 1


def test_unknown_labels_do_not_count():
    table = scores(m=[0.9, 0.8, 0.2, 0.1])
    unknown = table.assign(label="unknown", score=0.99, physical_id=table["physical_id"] + "x")

    judged = judge(pd.concat([table, unknown]), SPLIT, QUICK)

    assert judged["m"]["test"]["sites"] == 4


def test_the_best_is_chosen_by_validation_and_not_by_test():
    at = lambda value: {"roc_auc_within_session": {"value": value}}  # noqa: E731
    judged = {"x": {"validation": at(0.7), "test": at(0.5)}, "y": {"validation": at(0.6), "test": at(0.9)}}

    assert best_model(judged) == "x"


def test_no_best_can_be_named_without_validation_measures():
    with pytest.raises(ModelError, match="No validation session"):
        best_model({"x": {"test": {"roc_auc_within_session": {"value": 0.9}}}})
