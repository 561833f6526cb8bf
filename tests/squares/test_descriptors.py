import numpy as np
import pytest
from tests.squares.drawing import draw_grid

from ptolemy_kedro import tables
from ptolemy_kedro.squares.descriptors import DESCRIPTORS, describe, matrix
from ptolemy_kedro.squares.segmentation import find_squares

WITHOUT_UNITS = [name for name in DESCRIPTORS if name not in ("mean", "maximum", "variance")]


def test_every_descriptor_is_there_finite_and_a_column_of_the_table():
    image, _ = draw_grid()
    squares = find_squares(image)

    described = describe(image, squares, 500.0)

    assert tuple(described) == DESCRIPTORS
    assert np.isfinite(matrix(described)).all()
    assert matrix(described).shape == (len(squares), len(DESCRIPTORS))
    assert set(DESCRIPTORS) <= set(tables.Squares.to_schema().columns)


def test_a_brighter_square_is_brighter_beside_the_others():
    image, middles = draw_grid(edge=60, angle_deg=0)
    row, col = middles[0].round().astype(int)
    image[row - 30 : row + 31, col - 30 : col + 31] *= 1.3
    squares = find_squares(image)
    brightest = np.linalg.norm(squares.centres - middles[0], axis=1).argmin()

    described = describe(image, squares)

    assert described["relative_mean"].argmax() == brightest
    assert described["neighbour_mean"].argmax() == brightest
    assert described["rank_mean"][brightest] == 1


def test_the_edge_is_measured_in_micrometres():
    image, _ = draw_grid(edge=50)
    squares = find_squares(image)

    described = describe(image, squares[~squares.cut], pixel_size_a=4000.0)

    assert np.median(described["edge_um"]) == pytest.approx(50 * 0.4, rel=0.1)


def test_the_gain_and_offset_of_the_detector_change_no_descriptor_without_units():
    image, _ = draw_grid()
    image += np.random.default_rng(0).normal(0, 4, image.shape).astype(np.float32)

    one, other = (describe(a, find_squares(a)) for a in (image, 7 * image - 300))

    for name in WITHOUT_UNITS:
        assert other[name] == pytest.approx(one[name], abs=0.06 * max(1, np.abs(one[name]).max())), name


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_squares_are_described_too(count):
    image, _ = draw_grid()
    squares = find_squares(image)[:count]

    assert np.isfinite(matrix(describe(image, squares))).all()


@pytest.fixture
def grid_with_an_empty_square():
    """Foil of level 120 with holes of 200, and one square without foil, 200 all over."""
    image, middles = draw_grid(edge=60, angle_deg=0)
    row, col = np.indices(image.shape)
    holes = (row % 6 < 2) & (col % 6 < 2)
    foil = image > 100
    image[foil] = np.where(holes[foil], 200, 120)
    at = middles[np.linalg.norm(middles - middles.mean(axis=0), axis=1).argmin()].round().astype(int)
    opening = np.s_[at[0] - 30 : at[0] + 31, at[1] - 30 : at[1] + 31]
    image[opening] = 200
    image += np.random.default_rng(0).normal(0, 2, image.shape).astype(np.float32)
    squares = find_squares(image)
    empty = np.linalg.norm(squares.centres - at, axis=1).argmin()
    return image, squares, np.arange(len(squares)) == empty


def test_an_empty_square_lets_all_light_through_and_shows_no_foil(grid_with_an_empty_square):
    image, squares, empty = grid_with_an_empty_square

    described = describe(image, squares)

    assert described["vacuum_share"][empty] == pytest.approx(1, abs=0.03)
    assert described["vacuum_share"][~empty] == pytest.approx((120 - 10) / (200 - 10), abs=0.03)
    assert described["near_vacuum"][empty] > 0.9  # all of it
    assert described["near_vacuum"][~empty].max() < 0.2  # the holes are a ninth of it
    assert described["relative_texture"].argmin() == np.flatnonzero(empty)[0]


def test_an_unusual_square_is_off_whether_brighter_or_darker(grid_with_an_empty_square):
    image, squares, empty = grid_with_an_empty_square
    darker = squares.mask == squares.numbers[(np.flatnonzero(empty)[0] + 1) % len(squares)]
    image = np.where(darker, 0.5 * (image - 10) + 10, image)

    described = describe(image, squares)

    ranked = np.argsort(described["level_off"])
    assert set(ranked[-2:]) == {described["level_z"].argmin(), described["level_z"].argmax()}
    assert described["level_z"].argmax() == np.flatnonzero(empty)[0]
    assert np.median(described["level_off"]) < 1.5


def test_a_square_among_squares_is_crowded_one_at_the_corner_is_not():
    image, _ = draw_grid(edge=60, angle_deg=0, shape=(600, 600))
    squares = find_squares(image)
    inner = describe(image, squares)["border_distance"] > 1.5

    crowding = describe(image, squares)["crowding"]

    assert crowding[inner] == pytest.approx(1)
    assert crowding.min() == pytest.approx(3 / 8)
