import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptolemy_kedro.metrics.detection import evaluate, match_points


def test_a_point_is_paired_once_and_with_the_nearest():
    wanted = [(0, 0), (0, 10)]
    found = [(0, 4), (0, 1), (0, 9)]

    assert match_points(found, wanted, 5).tolist() == [[1, 0], [2, 1]]


def test_each_wanted_point_may_have_its_own_reach():
    assert match_points([(0, 3), (0, 17)], [(0, 0), (0, 20)], [2.0, 3.0]).tolist() == [[1, 1]]


@pytest.mark.parametrize(("found", "wanted"), [([], []), ([(1, 1)], []), ([], [(1, 1)])])
def test_nothing_found_or_nothing_wanted_gives_no_pair(found, wanted):
    assert match_points(found, wanted, 5).shape == (0, 2)


@given(seed=st.integers(0, 10_000), count=st.integers(0, 30))
def test_pairs_are_one_to_one_and_within_reach(seed, count):
    rng = np.random.default_rng(seed)
    found, wanted = rng.uniform(0, 50, (count, 2)), rng.uniform(0, 50, (20, 2))

    pairs = match_points(found, wanted, 4)

    assert all(len(set(column)) == len(pairs) for column in pairs.T)
    assert (np.linalg.norm(found[pairs[:, 0]] - wanted[pairs[:, 1]], axis=1) <= 4).all()


def test_each_session_counts_once_however_many_images_it_has():
    figures = evaluate([10, 10, 0], [10, 10, 10], [10, 20, 10], ["a", "a", "b"], seed=0, draws=50)

    assert figures["precision"]["value"] == pytest.approx((1.0 + 0.0) / 2)
    assert figures["recall"]["value"] == pytest.approx((20 / 30 + 0.0) / 2)
    assert figures["f1"]["value"] == pytest.approx((40 / 50 + 0.0) / 2)
    assert (figures["images"], figures["sessions"], figures["found"]) == (3, 2, 30)


def test_the_interval_holds_the_value_and_is_wider_where_sessions_differ():
    alike = evaluate([8] * 6, [10] * 6, [10] * 6, list("abcdef"), seed=0)["f1"]
    mixed = evaluate([2, 10] * 3, [10] * 6, [10] * 6, list("abcdef"), seed=0)["f1"]

    assert alike["low"] == pytest.approx(alike["value"]) == pytest.approx(alike["high"])
    assert mixed["low"] < mixed["value"] < mixed["high"]


def test_what_is_undefined_is_left_out_of_the_mean_and_never_counted_as_naught():
    figures = evaluate([0, 5], [0, 5], [3, 5], ["a", "b"], seed=0, draws=20)

    assert figures["precision"]["value"] == 1.0  # session a found nothing
    assert evaluate([], [], [], [], seed=0)["f1"] == {"value": None, "low": None, "high": None}
