import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

from ptolemy_kedro.evaluation import rehearsal

SCRIPT = Path(__file__).parents[1] / "scripts" / "train_square_ranker"


@pytest.fixture
def script():
    loader = importlib.machinery.SourceFileLoader("train_square_ranker", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("train_square_ranker", loader))
    loader.exec_module(module)
    return module


def test_the_seeds_that_measure_the_weights_train_nothing(script):
    assert not set(script.RELEASE) & set(script.TRAINING)


def test_seeds_that_measured_earlier_weights_are_not_used_again(script, monkeypatch):
    monkeypatch.setattr("sys.argv", ["train_square_ranker"])

    assert script._arguments().release_from >= 24


def test_what_a_killed_run_left_is_taken_up_and_nothing_half_written(tmp_path, monkeypatch):
    find, calls = rehearsal.find, []

    def killed_in_the_second(session):
        calls.append(session.session_id)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return find(session)

    monkeypatch.setattr(rehearsal, "_simulate", lambda seed, tiles, drawn: small(seed))
    monkeypatch.setattr(rehearsal, "find", killed_in_the_second)
    rehearsal._kept(3, 1, "training", tmp_path)
    with pytest.raises(KeyboardInterrupt):
        rehearsal._kept(4, 1, "training", tmp_path)

    assert [folder.name for folder in tmp_path.iterdir()] == ["sim00003"]
    assert set(rehearsal._read(tmp_path / "sim00003").squares["session_id"]) == {"sim00003"}


def test_what_is_kept_is_named_by_what_simulator_and_segmentation_make(monkeypatch):
    rehearsal._made_by.cache_clear()
    before = rehearsal._made_by()
    find = rehearsal.find

    def another(session):
        made = find(session)
        return rehearsal.Rehearsed(made.squares.assign(speck_count=9.0), made.crops, made.wanting)

    monkeypatch.setattr(rehearsal, "find", another)
    rehearsal._made_by.cache_clear()
    changed = rehearsal._made_by()
    rehearsal._made_by.cache_clear()

    assert changed != before


def test_the_wanting_of_a_square_is_that_of_the_opening_it_shows():
    session = small(5)
    made = rehearsal.find(session)
    truth = session.truth["squares"].set_index("true_id")

    seen = made.wanting[made.wanting["true_id"] != ""]

    assert len(seen) > 0.9 * len(made.wanting)
    assert (seen["want"].to_numpy() == truth.loc[seen["true_id"], "want"].to_numpy()).all()


def small(seed):
    from ptolemy_kedro.simulation.options import SimulateOptions
    from ptolemy_kedro.simulation.session import simulate_session

    options = SimulateOptions(tiles=2, tile_px=384, squares_a_tile=9, atlas_px=0, visited_squares=0)
    return simulate_session(seed, options)
