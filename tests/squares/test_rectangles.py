import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptolemy_kedro.squares.rectangles import edges_of, fit_rectangles
from ptolemy_kedro.squares.runs import runs_of


def draw(shapes, side=400):
    """Number regions: each a centre, its edges and a rotation; a disc where it has none."""
    labels = np.zeros((side, side), np.int32)
    row, col = np.indices(labels.shape)
    for number, (r, c, longer, shorter, angle_deg) in enumerate(shapes, start=1):
        turn = np.deg2rad(angle_deg or 0)
        along = (col - c) * np.cos(turn) - (row - r) * np.sin(turn)
        across = (col - c) * np.sin(turn) + (row - r) * np.cos(turn)
        square = (np.abs(along) < longer / 2) & (np.abs(across) < shorter / 2)
        labels[np.hypot(along, across) < longer / 2 if angle_deg is None else square] = number
    return labels


def fit(shapes, whole=None):
    labels = draw(shapes)
    return fit_rectangles(
        runs_of(labels), len(shapes), np.ones(len(shapes), bool) if whole is None else whole
    )


def off(angle_deg, expected_deg):
    return np.abs((angle_deg - expected_deg + 45) % 90 - 45)


@given(st.floats(0, 90), st.floats(60, 120), st.floats(0.4, 1))
def test_a_rectangle_alone_is_fitted_at_its_own_rotation(angle_deg, longer, aspect):
    corners, found_deg = fit([(200.0, 200.0, longer, longer * aspect, angle_deg)])

    assert off(found_deg[0], angle_deg) <= 4
    assert edges_of(corners)[0] == pytest.approx([longer, longer * aspect], abs=4)
    assert corners[0].mean(axis=0) == pytest.approx([200, 200], abs=1.5)


def grid(angle_deg, edge=30.0, pitch=60.0):
    turn = np.deg2rad(angle_deg)
    sites = [(i * pitch, j * pitch) for i in (-2, -1, 0, 1, 2) for j in (-2, -1, 0, 1, 2)]
    return [
        (
            200 + i * np.cos(turn) - j * np.sin(turn),
            200 + i * np.sin(turn) + j * np.cos(turn),
            edge,
            edge,
            angle_deg,
        )
        for i, j in sites
    ]


@pytest.mark.parametrize("angle_deg", [10.0, 17.0, 38.0, 71.0])
def test_a_disc_takes_the_rotation_of_the_squares_around_it(angle_deg):
    shapes = grid(angle_deg)
    shapes[12] = (*shapes[12][:4], None)

    assert off(fit(shapes)[1][12], angle_deg) <= 3


def test_discs_alone_take_the_rotation_of_their_lattice():
    discs = [(*shape[:2], 12.0, 12.0, None) for shape in grid(17.0)]

    assert off(fit(discs)[1], 17.0).max() <= 4


def test_a_square_that_is_turned_otherwise_keeps_its_own():
    shapes = grid(10.0)
    shapes[12] = (*shapes[12][:4], 40.0)

    found_deg = fit(shapes)[1]

    assert off(found_deg[12], 40.0) <= 6
    assert off(np.delete(found_deg, 12), 10.0).max() <= 3


def test_what_the_border_cuts_takes_the_rotation_of_the_others():
    shapes = grid(17.0)
    shapes[12] = (*shapes[12][:2], 30.0, 12.0, 50.0)
    whole = np.arange(25) != 12

    assert off(fit(shapes, whole)[1][12], 17.0) <= 2
