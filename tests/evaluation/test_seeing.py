"""What the shipped networks see of a simulated session, beside the truth."""

import pytest

from ptolemy_kedro.evaluation.rehearsal import Rehearsed, find
from ptolemy_kedro.evaluation.seeing import TRUTH, account, truth_of
from ptolemy_kedro.simulation.options import SimulateOptions
from ptolemy_kedro.simulation.session import simulate_session
from ptolemy_kedro.squares.sight import PERCEIVED, shipped_sight

SEED = 3


@pytest.fixture(scope="module")
def made() -> Rehearsed:
    return find(simulate_session(SEED, SimulateOptions(tiles=2, atlas_px=512, visited_squares=0)))


def test_the_truth_is_that_of_the_session(made):
    truth = truth_of(made)
    squares = simulate_session(SEED, SimulateOptions(tiles=2, visited_squares=0)).truth["squares"]

    known = squares.set_index("true_id").reindex(made.wanting["true_id"])
    assert len(truth) == len(made.squares)
    assert (truth["state"].fillna("") == known["state"].reset_index(drop=True).fillna("")).all()
    assert truth[list(TRUTH)].notna().all(axis=1).mean() > 0.95


def test_squares_are_ordered_by_their_ice_and_openings(made):
    told = account(shipped_sight(), [made])

    assert told["order of ice"] > 0.5
    assert told["order of opening"] > 0.5


def test_a_session_is_looked_at_once_and_kept(made, tmp_path):
    kept = Rehearsed(made.squares, made.crops, made.wanting, tmp_path)

    first, again = kept.looked_at(), kept.looked_at()

    assert len(list(tmp_path.iterdir())) == 1
    assert first.equals(again)
    assert set(PERCEIVED) <= set(first)
