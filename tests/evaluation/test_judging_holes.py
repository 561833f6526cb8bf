import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.evaluation.comparison import EvaluateOptions
from ptolemy_kedro.evaluation.judging_holes import judge_hole_models
from ptolemy_kedro.metrics.shares import pooled_share

OPTIONS = EvaluateOptions(draws=20)
SPLIT = pd.DataFrame({"session_id": ["v", "t"], "part": ["validation", "test"]})


def scores(session_id, image_id, labels, values, model="m"):
    table = pd.DataFrame({"label": labels, "score": values})
    names = [f"{session_id}{image_id}{k}" for k in range(len(table))]
    return table.assign(session_id=session_id, image_id=image_id, model=model, hole_id=names)


def test_ranking_within_an_image_is_told_from_ranking_images():
    """A model that knows the good image from the bad one, and nothing of the holes in them."""
    good = scores("t", "a", ["selected"] * 3 + ["rejected"], [0.9] * 4)
    bad = scores("t", "b", ["selected"] + ["rejected"] * 3, [0.1] * 4)

    judged = judge_hole_models(pd.concat([good, bad]), SPLIT, OPTIONS)["m"]["test"]

    assert judged["roc_auc"]["value"] == pytest.approx((9 * 1 + 3 * 0.5 + 3 * 0.5 + 0) / 16)
    assert judged["roc_auc_within_image"]["value"] == 0.5
    assert judged["accuracy"]["value"] == 6 / 8


def test_holes_that_nobody_considered_count_not_at_all():
    known = scores("t", "a", ["selected", "rejected"], [0.8, 0.2])
    unknown = scores("t", "b", ["unknown"] * 5, [1.0] * 5)

    judged = judge_hole_models(pd.concat([known, unknown]), SPLIT, OPTIONS)["m"]["test"]

    assert judged["sites"] == 2 and judged["accuracy"]["value"] == 1.0


def test_one_class_alone_is_refused_in_one_line():
    chosen = scores("t", "a", ["selected"] * 4, [0.8] * 4)

    with pytest.raises(TableError, match="No test session holds both selected and rejected holes"):
        judge_hole_models(chosen, SPLIT, OPTIONS)


def test_a_share_is_of_all_rows_and_its_interval_of_sessions():
    share = pooled_share([1, 1, 0, 0], [1, 1, 1, 1], ["a", "a", "b", "b"], seed=0)

    assert share["value"] == 0.5 and (share["low"], share["high"]) == (0.0, 1.0)
    assert pooled_share([], [], [], seed=0)["value"] is None
    assert pooled_share([0.0], [0.0], ["a"], seed=0)["value"] is None


def test_a_share_of_sessions_of_one_kind_is_certain():
    share = pooled_share(np.ones(6), np.full(6, 2), list("abcabc"), seed=0)

    assert (share["low"], share["value"], share["high"]) == (0.5, 0.5, 0.5)
