"""Candidates are not choices: what EPU's marks mean."""

from dataclasses import replace

import numpy as np
import pytest

from ptolemy_kedro.archive.epu.decisions import as_state, decide_hole, decide_square
from ptolemy_kedro.archive.epu.grid_square import GridSquare, Hole, Shot

HOLE = Hole("1", (10.0, 10.0), 5.0, (0.0, 0.0), 700.0, False, True, "Defined", 0, ())
SQUARE = GridSquare("2", "2", "image", None, True, False, None, "Defined", 0, np.empty((0, 2)), (HOLE,))
UNSELECTED = replace(SQUARE, selected=False)
SHOT = Shot("shot", None)


@pytest.mark.parametrize(
    ("hole", "square", "decision"),
    [
        (HOLE, SQUARE, ("vendor", "selected", None)),
        (replace(HOLE, selected=False, near_bar=True), SQUARE, ("vendor", "not_considered", "near_grid_bar")),
        (
            replace(HOLE, selected=False, near_bar=True),
            UNSELECTED,
            ("vendor", "not_considered", "near_grid_bar"),
        ),
        (replace(HOLE, selected=False), SQUARE, ("operator", "rejected", "deselected")),
        (
            replace(HOLE, selected=False, intensity=400.0),
            SQUARE,
            ("vendor", "not_considered", "ice_filter"),
        ),
        (HOLE, UNSELECTED, ("vendor", "not_considered", "square_not_selected")),
        (replace(HOLE, shots=(SHOT,)), UNSELECTED, ("vendor", "selected", None)),
        (replace(HOLE, selected=False, state="Completed"), SQUARE, ("vendor", "selected", None)),
    ],
)
def test_a_hole_is_chosen_only_where_someone_worked_or_went(hole, square, decision):
    assert decide_hole(hole, square, (500.0, 800.0)) == decision


@pytest.mark.parametrize(
    ("square", "visited", "viewed", "decision"),
    [
        (SQUARE, False, False, ("operator", "selected", None)),
        (replace(SQUARE, recommended=True), False, False, ("vendor", "selected", None)),
        (UNSELECTED, False, True, ("operator", "rejected", "viewed_and_left")),
        (replace(UNSELECTED, unusable=True), False, True, ("vendor", "rejected", "unusable")),
        (UNSELECTED, False, False, ("vendor", "not_considered", None)),
        (UNSELECTED, True, True, ("operator", "selected", None)),
        (None, False, True, ("vendor", "not_considered", "file_missing")),
        (None, True, True, ("operator", "selected", "visited")),
    ],
)
def test_a_square_is_rejected_only_where_it_was_looked_at(square, visited, viewed, decision):
    assert decide_square(square, visited, viewed) == decision


def test_holes_of_a_square_that_was_visited_without_being_marked_count_as_considered():
    square = replace(UNSELECTED, holes=(HOLE, replace(HOLE, hole_id="3", shots=(SHOT,))))
    assert decide_hole(HOLE, square, None).decision == "selected"


def test_states_are_written_as_ours():
    assert [as_state(word) for word in ("InProgress", "Completed", None)] == [
        "in_progress",
        "completed",
        None,
    ]
