import numpy as np
import pytest
from tests.holes.looks import RADIUS, localiser_showing, look_of

from ptolemy_kedro.holes.looking import look
from ptolemy_kedro.holes.resample import Pyramid

AT = [(20, 30), (60, 70)]


def shown():
    """Look at half the size of an image: two peaks of a click each, one of a larger hole."""
    maps = np.zeros((2, 80, 100), np.float32)
    for number, (row, col) in enumerate(AT):
        maps[0, row, col] = 0.9
        maps[1, row - 9 : row + 10, col - 9 : col + 10] = np.log((1.0, 1.5)[number])
    return look(Pyramid(np.random.default_rng(0).normal(size=(320, 400))), localiser_showing(maps), 0.5)


def by_row(points):
    return points[np.argsort(points[:, 0])]


def test_a_pixel_of_the_map_is_two_of_what_was_seen():
    np.testing.assert_allclose(by_row(shown().points), 2.0 * np.array(AT) + 0.5)


def test_points_are_taken_to_the_image():
    seen = shown()

    np.testing.assert_allclose(seen.in_image(seen.points), (seen.points + 0.5) / seen.scale - 0.5)


def test_a_radius_is_that_of_the_network_times_what_the_map_says():
    seen = shown()
    order = np.argsort(seen.points[:, 0])

    np.testing.assert_allclose(seen.radius_px[order], [RADIUS, 1.5 * RADIUS], rtol=1e-5)
    np.testing.assert_allclose(seen.log_ratio[order], [0, np.log(1.5)], atol=1e-5)


def test_the_probability_of_a_place_is_that_of_its_peak_and_low_elsewhere():
    seen = shown()

    np.testing.assert_allclose(seen.probability_at(seen.points), seen.probability)
    assert seen.probability_at(np.array([[130.0, 20.0]]))[0] < 0.01


def test_a_part_has_the_peaks_that_lie_in_it():
    seen = look_of([[50, 50], [150, 150], [250, 250]], scale=0.5)

    part = seen.within(np.array([200, 200]), np.array([400, 400]))

    assert part.points.tolist() == [[150, 150]]  # (301, 301) px of the image
    assert len(part) == len(part.probability) == len(part.radius_px) == 1


def test_peaks_beyond_the_edge_are_left_out():
    maps = np.zeros((2, 40, 40), np.float32)
    maps[0, 39, 39] = 0.9  # pixels 78 and 79 of what was seen, which has 77

    seen = look(Pyramid(np.random.default_rng(0).normal(size=(77, 77))), localiser_showing(maps), 1.0)

    assert len(seen) == 0


@pytest.mark.parametrize("count", [0, 3])
def test_a_look_has_as_many_as_it_has_peaks(count):
    assert len(look_of(np.zeros((count, 2)))) == count
