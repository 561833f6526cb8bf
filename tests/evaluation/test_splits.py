import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptolemy_kedro.evaluation.splits import (
    FEWEST,
    FEWEST_TO_LEARN,
    LEFT_OUT,
    PARTS,
    Arrivals,
    SplitOptions,
    assign,
)

ids = st.sets(st.text("abc0123456789", min_size=1, max_size=8), min_size=5, max_size=40)


def alone(names, options=None, known=None):
    """Split sessions that share no sample."""
    return assign(known or {}, dict.fromkeys(names, ()), options or SplitOptions())


def arrivals(names, samples=None, seed=0):
    return Arrivals(
        {name: (samples or {}).get(name, ()) for name in names}, SplitOptions(seed=seed), "2026-01-01"
    )


@given(ids, st.integers(0, 99))
def test_no_part_has_too_few_and_every_session_has_one(names, seed):
    part = alone(names, SplitOptions(seed=seed))

    assert all(list(part.values()).count(name) >= fewest for name, fewest in FEWEST.items())
    assert set(part) == names and set(part.values()) <= set(PARTS)


@given(st.integers(0, 200))
def test_four_sessions_are_enough_to_learn_from_and_then_none_is_held_out(seed):
    part = list(alone("abcd", SplitOptions(seed=seed)).values())

    assert sorted(part) == ["test", "train", "train", "validation"]
    assert len(part) == FEWEST_TO_LEARN


@given(ids, ids, st.integers(0, 99))
def test_a_session_keeps_its_part_whatever_comes_later(first, later, seed):
    before = alone(first, SplitOptions(seed=seed))
    after = alone(first | later, SplitOptions(seed=seed), before)
    changed = alone(first | later, SplitOptions(seed=seed + 1, held_out_share=0.5), before)

    assert {name: after[name] for name in first} == before
    assert {name: changed[name] for name in first} == before


def test_shares_are_kept_among_many():
    part = pd.Series(alone([f"s{n}" for n in range(2000)], SplitOptions(held_out_share=0.3)))

    shares = part.value_counts(normalize=True)
    assert shares["held_out"] == pytest.approx(0.3, abs=0.03)  # three standard deviations of 2,000 draws
    assert shares["train"] == pytest.approx(0.3, abs=0.03)


def test_the_order_of_sessions_does_not_matter():
    names = [f"s{n}" for n in range(9)]

    assert alone(names) == alone(names[::-1])


def test_sessions_of_one_sample_share_a_part_directly_or_through_others():
    samples = {f"s{n}": () for n in range(20)} | {"a": ("x",), "b": ("x", "y"), "c": ("y",)}
    for seed in range(20):
        part = assign({}, samples, SplitOptions(seed=seed))
        assert part["a"] == part["b"] == part["c"]


def test_a_new_session_joins_the_part_of_its_sample():
    for part in PARTS:
        samples = {f"s{n}": () for n in range(9)} | {"old": ("x",), "new": ("x",)}
        assert assign({"old": part}, samples, SplitOptions())["new"] == part


def test_a_session_whose_samples_stand_on_two_sides_is_left_out():
    samples = {f"s{n}": () for n in range(9)} | {"a": ("x",), "b": ("y",), "both": ("x", "y")}
    part = assign({"a": "train", "b": "held_out"}, samples, SplitOptions())

    assert part["both"] == LEFT_OUT and part["a"] == "train" and part["b"] == "held_out"


def test_a_sample_that_most_sessions_name_says_nothing():
    part = assign({}, {f"s{n}": ("sample",) for n in range(12)}, SplitOptions())

    assert set(part.values()) == set(PARTS)


def test_joining_keeps_rows_of_sessions_that_are_gone_and_dates_the_new():
    first = arrivals("abcdef").join(None)
    later = Arrivals({"f": (), "g": ("x",)}, SplitOptions(), "2027-05-05").join(first)

    assert later[later["session_id"] != "g"].reset_index(drop=True).equals(first)
    assert later.iloc[-1][["session_id", "samples", "first_seen"]].tolist() == ["g", "x", "2027-05-05"]


def test_a_sample_is_remembered_though_its_session_is_gone():
    names = [f"s{n}" for n in range(9)]
    first = arrivals([*names, "old"], {"old": ("x", "y")}).join(None)
    part = arrivals([*names, "new"], {"new": ("y",)}).join(first).set_index("session_id")["part"]

    assert part["new"] == part["old"]


def test_shares_that_leave_nothing_to_train_on_are_refused():
    with pytest.raises(ValueError, match="no session to train on"):
        SplitOptions(validation_share=0.4, test_share=0.3, held_out_share=0.3)
