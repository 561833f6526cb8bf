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
