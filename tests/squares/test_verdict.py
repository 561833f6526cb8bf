import numpy as np
import pytest

from ptolemy_kedro.squares.verdict import chance_of_nothing, judge_squares

READ = {"nothing": {"slope": -2.0, "offset": 0.0}}


def test_a_grid_of_likely_squares_is_worth_collecting():
    verdict = judge_squares(np.full(20, 0.4), {"torn_share": np.zeros(20)}, READ)

    assert verdict.collect and verdict.expected == pytest.approx(8)
    assert verdict.nothing < 0.05 and verdict.reasons == ()


def test_a_grid_of_empty_squares_is_not_and_the_reason_is_told():
    verdict = judge_squares(np.full(20, 0.01), {"torn_share": np.ones(20)}, READ)

    assert not verdict.collect
    assert "20 of 20" in verdict.line and "nearly all the light" in verdict.line


def test_each_square_counts_under_one_reason():
    torn = np.array([1.0, 1.0, 0.2, 0.2])
    verdict = judge_squares(np.full(4, 0.01), {"torn_share": torn}, READ)

    assert [reason[:6] for reason in verdict.reasons] == ["2 of 4", "2 of 4"]


def test_no_square_is_nothing_to_collect():
    verdict = judge_squares(np.zeros(0), {}, READ)

    assert not verdict.collect and "no square was found" in verdict.line


def test_a_model_that_never_learnt_when_nothing_is_selected_does_not_say_so():
    assert np.isnan(chance_of_nothing(3.0, None))
    assert judge_squares(np.full(3, 0.1), {"torn_share": np.zeros(3)}, {}).collect
