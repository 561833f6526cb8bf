from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro.errors import ModelError, TableError
from ptolemy_kedro.metrics.ranking import evaluate
from ptolemy_kedro.squares.descriptors import DESCRIPTORS
from ptolemy_kedro.squares.fit_ranker import fit_ranker
from ptolemy_kedro.squares.impressions import IMPRESSIONS
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.squares.ranker_options import RankerOptions
from ptolemy_kedro.squares.sight import PERCEIVED, shipped_sight
from ptolemy_kedro.squares.sightings import context_of_table

QUICK = RankerOptions(members=3, hidden=16, epochs=15, sessions_a_step=4, dropout=0.1)
TOLD_BY = "speck_count"


def sessions(seed: int = 0, count: int = 24, each: int = 40) -> pd.DataFrame:
    """Sessions of one tile of squares in a raster; operators take those of few specks."""
    rng = np.random.default_rng(seed)
    return pd.concat([_session(rng, f"s{i:02d}", each) for i in range(count)], ignore_index=True)


def _session(rng: np.random.Generator, name: str, each: int) -> pd.DataFrame:
    table = pd.DataFrame(rng.normal(size=(each, len(DESCRIPTORS))), columns=list(DESCRIPTORS))
    row, col = np.divmod(np.arange(each), 8)
    wanted = -table[TOLD_BY] + 0.5 * rng.normal(size=each) > rng.uniform(0.2, 1.0)
    ids = [f"{name}-{i}" for i in range(each)]
    return table.assign(
        session_id=name,
        grid_id="g1",
        image_id="t1",
        square_id=ids,
        physical_id=ids,
        label=np.where(wanted, "selected", "rejected"),
        row_px=row * 100.0 + 50,
        col_px=col * 100.0 + 50,
        stage_x_um=row * 80.0,
        stage_y_um=col * 80.0,
        pixel_size_a=8000.0,
        area_px=70.0**2,
        filled=0.9,
        cut=0.0,
    )


def score(model, squares):
    ranker = SquareRanker.of(model)
    parts = []
    for _, rows in squares.groupby("session_id"):
        values = {name: rows[name].to_numpy() for name in DESCRIPTORS} | context_of_table(rows)
        parts.append(ranker.score(values))
    return np.concatenate(parts)


def test_what_operators_go_by_is_learnt_and_holds_on_other_sessions():
    model, others = fit_ranker(sessions(), QUICK), sessions(seed=1)

    told = evaluate(score(model, others), others["label"] == "selected", others["session_id"], seed=0)
    best = evaluate(-others[TOLD_BY], others["label"] == "selected", others["session_id"], seed=0)

    reached, best = (part["roc_auc_within_session"]["value"] - 0.5 for part in (told, best))
    assert reached > 2 / 3 * best
    assert model.config["inner_auc"] - 0.5 == pytest.approx(reached, abs=0.1)


def test_scores_are_chances():
    model, others = fit_ranker(sessions(), QUICK), sessions(seed=1)

    scores, selected = score(model, others), others["label"] == "selected"

    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores.mean() == pytest.approx(selected.mean(), abs=0.08)


def test_the_same_seed_gives_the_same_ranker_and_another_one_another():
    first, again = (score(fit_ranker(sessions(), QUICK), sessions(1, 2)) for _ in range(2))
    other = score(fit_ranker(sessions(), replace(QUICK, seed=1)), sessions(1, 2))

    np.testing.assert_allclose(first, again, atol=1e-6)
    assert np.abs(first - other).max() > 1e-3


def test_members_disagree_more_about_what_was_never_seen():
    model, others = fit_ranker(sessions(), QUICK), sessions(seed=1, count=1)
    values = {name: others[name].to_numpy() for name in DESCRIPTORS} | context_of_table(others)
    ranker = SquareRanker.of(model)

    doubts = ranker.score_and_doubt(values)[1]

    assert doubts.shape == (len(others),)
    assert (doubts > 0).all()


@pytest.mark.parametrize(
    ("squares", "message"),
    [
        (sessions(count=1), r"1 session\(s\) hold both"),
        (sessions(count=3).assign(label="rejected"), "none is selected"),
        (sessions(count=3).assign(label="selected"), "none is rejected"),
        (sessions(count=3).assign(label="unknown"), "none is selected"),
    ],
)
def test_too_little_to_learn_from_is_told_in_a_line(squares, message):
    with pytest.raises(TableError, match=message):
        fit_ranker(squares, QUICK)


def test_a_session_with_one_square_is_passed_over():
    squares = sessions()
    lone = squares.iloc[:1].assign(session_id="lone")

    model = fit_ranker(pd.concat([squares, lone], ignore_index=True), QUICK)

    assert "lone" not in model.sessions


def looked_at(squares: pd.DataFrame) -> pd.DataFrame:
    """The same sessions, their specks seen well."""
    rng = np.random.default_rng(5)
    seen = {name: rng.normal(size=len(squares)) for name in PERCEIVED}
    return (
        squares.assign(**seen | {"seen_specks": squares[TOLD_BY]})
        .drop(columns=TOLD_BY)
        .assign(**{TOLD_BY: 0.0})
    )


def test_what_is_seen_of_squares_is_gone_by_and_by_whom_is_noted():
    model, others = fit_ranker(looked_at(sessions()), QUICK), looked_at(sessions(seed=1))

    told = evaluate(score(model, others), others["label"] == "selected", others["session_id"], seed=0)

    assert set(IMPRESSIONS) <= set(model.config["descriptors"])
    assert told["roc_auc_within_session"]["low"] > 0.6
    assert SquareRanker.of(model).sight is shipped_sight()


def test_a_ranker_that_learnt_by_another_sight_is_refused():
    model = fit_ranker(looked_at(sessions()), QUICK)

    with pytest.raises(ModelError, match="other networks see"):
        _ = SquareRanker.of(replace(model, config={**model.config, "sight": "another"})).sight


def test_a_ranker_of_squares_not_looked_at_needs_no_sight():
    assert SquareRanker.of(fit_ranker(sessions(), QUICK)).sight is None
