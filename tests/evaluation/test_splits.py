import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.evaluation.splits import FEWEST, SplitOptions, split_sessions

ids = st.sets(st.text("abc0123456789", min_size=1, max_size=8), min_size=4, max_size=40)


@given(ids, st.integers(0, 99))
def test_no_part_has_too_few_and_no_session_is_in_two(names, seed):
    split = split_sessions(sorted(names), SplitOptions(seed=seed))

    assert all((split["part"] == part).sum() >= fewest for part, fewest in FEWEST.items())
    assert sorted(split["session_id"]) == sorted(names)


def test_a_session_keeps_its_part_when_others_come():
    few, many = [f"s{n}" for n in range(60)], [f"s{n}" for n in range(120)]

    before = split_sessions(few, SplitOptions()).set_index("session_id")["part"]
    after = split_sessions(many, SplitOptions()).set_index("session_id")["part"]

    assert (after[few] == before[few]).all()


def test_the_order_of_sessions_does_not_matter():
    names = [f"s{n}" for n in range(9)]

    assert split_sessions(names, SplitOptions()).equals(split_sessions(names[::-1], SplitOptions()))


def test_three_sessions_are_too_few_and_the_error_says_what_each_is_for():
    with pytest.raises(TableError, match=r"Only 3 session.*two to train on"):
        split_sessions(["a", "b", "c"], SplitOptions())


def test_shares_that_leave_nothing_to_train_on_are_refused():
    with pytest.raises(ValueError, match="no session to train on"):
        SplitOptions(validation_share=0.5, test_share=0.5)
