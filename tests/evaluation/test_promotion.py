"""Better models are promoted, worse and equal ones are not, and each decision says why."""

import numpy as np
import pytest
from tests.planted import HELD_OUT, TRAINED_ON, planted_crops, planted_ranker, planted_split, planted_squares

from ptolemy_kedro.errors import ModelError, TableError
from ptolemy_kedro.evaluation.contest import RANKING, Contender, Contest, PromoteOptions, compare
from ptolemy_kedro.evaluation.promotion import account, decide, decided, hold
from ptolemy_kedro.metrics.ranking import Ranking

QUICK = PromoteOptions(draws=300)
TABLES = (planted_squares(), planted_crops())


@pytest.fixture(scope="module")
def rankers():
    return {worth: planted_ranker(worth) for worth in ("better", "good", "as good", "worse")}


def contest(champion, challenger, looks=()):
    champion = None if champion is None else Contender(1, champion)
    return Contest("square-ranker", champion, challenger and Contender(2, challenger), looks)


@pytest.mark.parametrize(
    ("champion", "challenger", "promoted", "why"),
    [
        ("good", "better", True, "no guarded figure falls"),
        ("good", "worse", False, "not above zero beyond chance"),
        ("good", "as good", False, "not above zero beyond chance"),
        ("good", "good", False, r"\+0\.000 \(\+0\.000 to \+0\.000\)"),
        (None, "good", True, "no champion yet"),
    ],
)
def test_a_better_model_is_promoted_and_a_worse_or_an_equal_one_is_not(
    rankers, champion, challenger, promoted, why
):
    compared = hold(contest(rankers.get(champion), rankers[challenger]), planted_split(), TABLES, QUICK)
    decision = decided(compared, QUICK)

    assert decision["promote"] is promoted
    with pytest.raises(AssertionError, match=why):
        raise AssertionError(decision["reason"])
    assert "\n" not in decision["said"] and str(2) in decision["said"]


def test_the_gain_is_the_difference_and_both_are_measured_on_the_same_squares(rankers):
    compared = hold(contest(rankers["good"], rankers["better"]), planted_split(), TABLES, QUICK)

    for name in ("roc_auc_within_session", "roc_auc", "average_precision"):
        figures = compared["measures"][name]
        difference = figures["challenger"]["value"] - figures["champion"]["value"]
        assert figures["gain"]["value"] == pytest.approx(difference)
        assert figures["gain"]["low"] <= figures["gain"]["value"] <= figures["gain"]["high"]
    needed = compared["measures"]["needed_for_hundred"]
    assert needed["gain"]["value"] == pytest.approx(
        needed["champion"]["value"] - needed["challenger"]["value"]
    )
    assert compared["sites"] == 80 * len(HELD_OUT) and compared["telling"] == len(HELD_OUT)
    assert set(compared["by_session"]["champion"]) == set(HELD_OUT)


def test_a_gain_bought_with_a_guarded_figure_is_not_promoted():
    """A perfect ranking within sessions, whose scores say nothing of how likely a choice is."""
    rng = np.random.default_rng(0)
    selected, session = rng.random(900) < 0.3, np.repeat(np.arange(9), 100)
    honest = Ranking(np.clip(0.3 + 0.2 * (selected - 0.3) + rng.normal(0, 0.1, 900), 0, 1), selected, session)
    bold = Ranking(0.9 + 0.1 * selected, selected, session)

    verdict = decide(
        {"challenger": 2, **compare({"champion": honest, "challenger": bold}, RANKING, QUICK)}, QUICK
    )

    assert not verdict.promote
    assert "calibration error gets worse" in verdict.reason


def test_few_sessions_cannot_tell_however_large_the_gain(rankers):
    few = HELD_OUT[:5]
    compared = hold(contest(rankers["worse"], rankers["better"]), planted_split(few), TABLES, QUICK)

    reason = decide(compared, QUICK).reason
    assert "only 5 of 5 sessions" in reason and "further sessions" in reason


def test_a_model_that_learnt_from_a_session_that_judges_is_refused(rankers):
    leaky = planted_ranker("better", [*TRAINED_ON[:3], HELD_OUT[4]])
    for pair in ((leaky, rankers["good"]), (rankers["good"], leaky)):
        with pytest.raises(ModelError, match=r"learnt from 1 of the 12 sessions held out for good \(h4\)"):
            hold(contest(*pair), planted_split(), TABLES, QUICK)


def test_without_a_session_held_out_one_line_says_so(rankers):
    with pytest.raises(TableError, match="No session is held out for good"):
        hold(contest(rankers["good"], rankers["better"]), planted_split([]), TABLES, QUICK)


def test_without_a_challenger_nothing_is_looked_at(rankers):
    decision = decided(hold(contest(rankers["good"], None), planted_split(), TABLES, QUICK), QUICK)

    assert decision["said"].startswith("square-ranker version 1 stays champion") and not decision["promote"]


def test_earlier_looks_at_any_of_the_sessions_are_counted_and_the_same_look_is_not(rankers):
    pair = contest(rankers["good"], rankers["better"])
    first = hold(pair, planted_split(), TABLES, QUICK)
    looks = (
        {"key": first["key"], "sessions": list(HELD_OUT)},
        {"key": "another pair", "sessions": [HELD_OUT[0], "gone"]},
        {"key": "other sessions", "sessions": ["elsewhere"]},
    )
    again = hold(contest(rankers["good"], rankers["better"], looks), planted_split(), TABLES, QUICK)

    assert (first["earlier_looks"], again["earlier_looks"]) == (0, 1)
    assert "looked at once before" in decided(again, QUICK)["said"]
    assert "| ROC AUC within session (decides) |" in account(decided(again, QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("sessions", [6, 12, 30])
def test_chance_promotes_an_equal_model_about_as_rarely_as_its_interval_says(sessions):
    """Two rankers of the same worth, 200 times: 2.5 % of them should gain beyond chance."""
    options, promoted = PromoteOptions(draws=400), 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        selected, session = rng.random(sessions * 60) < 0.3, np.repeat(np.arange(sessions), 60)
        sheets = {
            role: Ranking(
                1 / (1 + np.exp(1.2 - 0.8 * selected - rng.normal(size=len(session)))), selected, session
            )
            for role in ("champion", "challenger")
        }
        promoted += decide({"challenger": 2, **compare(sheets, RANKING, options)}, options).promote
    assert promoted <= 12  # 5 expected; more than 12 has a chance of .002
