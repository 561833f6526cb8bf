import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro import tables
from ptolemy_kedro.survey.options import PlanOptions
from ptolemy_kedro.survey.visits import plan_visits


@pytest.fixture(scope="module")
def plan(squares, found):
    return plan_visits(squares, found, "s1")


def test_holes_come_before_squares_these_best_first_and_each_square_once(plan, squares):
    best_first = squares[squares["stands"]].sort_values("rank")["physical_id"].tolist()

    for _, visits in plan.groupby("kind"):
        visited = visits["square_id"].unique().tolist()
        assert visited == [name for name in best_first if name in visited]
    assert plan["kind"].tolist() == sorted(plan["kind"])
    assert set(plan["square_id"]) == set(best_first)
    blocks = (plan["square_id"] != plan["square_id"].shift()).sum()
    assert blocks == plan["square_id"].nunique()


def test_a_square_whose_holes_are_judged_is_visited_for_these_the_others_for_images(plan, found):
    judged = set(found["square_id"])

    assert set(plan.loc[plan["kind"] == "hole", "square_id"]) == judged
    assert not set(plan.loc[plan["kind"] == "square", "square_id"]) & judged


def test_holes_worth_it_are_planned_once_best_first_in_each_image(plan, found):
    holes = plan[plan["kind"] == "hole"]
    stand = found[found["stands"]]

    assert sorted(holes["hole_id"]) == sorted(stand.loc[stand["score"] >= 0.5, "physical_id"])
    for _, of_image in holes.groupby("image_id"):
        assert (np.diff(of_image["hole_score"]) <= 0).all()
        assert (np.diff(of_image["order"]) == 1).all()


def test_each_visit_has_its_place_and_says_why(plan):
    assert plan["order"].tolist() == list(range(1, len(plan) + 1))
    assert plan[["stage_x_um", "stage_y_um"]].notna().all(axis=None)
    hole = plan[plan["kind"] == "hole"].iloc[0]
    assert f"P {hole['hole_score']:.2f}" in hole["reason"] and "on square" in hole["reason"]
    assert "no image of its holes yet" in plan[plan["kind"] == "square"].iloc[0]["reason"]


def test_the_plan_is_as_long_as_it_is_asked_to_be(squares, found):
    plan = plan_visits(squares, found, "s1", PlanOptions(least_score=0.0, most_holes=3, most_squares=2))

    assert (plan["kind"] == "hole").sum() == 3
    assert (plan["kind"] == "square").sum() == 2


def test_holes_on_no_known_square_are_planned_and_say_so(squares, found):
    nowhere = pd.Series(pd.NA, index=found.index, dtype="str")
    adrift = found.assign(square_id=nowhere, stage_x_um=np.nan, stage_y_um=np.nan)

    plan = plan_visits(squares, adrift, "s1")

    holes = plan[plan["kind"] == "hole"]
    assert len(holes) == (found["score"] >= 0.5).sum() - found[~found["stands"]]["score"].ge(0.5).sum()
    assert holes["reason"].str.contains("no known square").all()
    assert holes["reason"].str.contains("stage position is unknown").all()


def test_nothing_found_is_an_empty_plan():
    plan = plan_visits(tables.empty(tables.TargetSquares), tables.empty(tables.TargetHoles), "s1")

    assert len(plan) == 0
    tables.validate(tables.Plan, plan, "plan")
