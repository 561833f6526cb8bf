import numpy as np
import pytest
from tests.holes.discs import square_lattice
from tests.holes.looks import RADIUS, look_of

from ptolemy_kedro.holes.weighing import LIKED, evenness, evidence, ordered

SITES = square_lattice(40, (400, 400), margin_px=10)
SCATTERED = np.random.default_rng(0).uniform(0, 400, (len(SITES), 2))


def test_nothing_seen_is_no_evidence():
    assert evidence(look_of(np.zeros((0, 2)))) == 0
    assert evidence(look_of(SITES, probability=0.1)) == 0


def test_holes_in_order_count_for_more_than_as_many_scattered():
    assert evidence(look_of(SITES)) > 10 * evidence(look_of(SCATTERED))


def test_any_number_of_scattered_peaks_counts_for_little():
    many = np.random.default_rng(1).uniform(0, 4000, (390, 2))

    assert evidence(look_of(many)) <= 3.0


@pytest.mark.parametrize("radius_px", [RADIUS / 3, 3 * RADIUS])
def test_holes_of_another_size_than_the_networks_hardly_speak_for_a_scale(radius_px):
    assert evidence(look_of(SITES, radius_px=radius_px)) < 0.1 * evidence(look_of(SITES))


def test_more_sure_is_more_evidence():
    weights = [evidence(look_of(SITES, probability=p)) for p in (0.4, 0.6, 0.9)]

    assert weights == sorted(weights)
    assert weights[0] < weights[-1]


def test_a_radius_that_is_expected_adds_so_much_and_another_nothing():
    plain = evidence(look_of(SITES))

    assert evidence(look_of(SITES), expected_px=RADIUS) == pytest.approx((1 + LIKED) * plain)
    assert evidence(look_of(SITES), expected_px=10 * RADIUS) == pytest.approx(plain)


def test_the_radius_expected_is_one_of_the_image():
    twice = look_of(SITES, scale=2.0)

    assert evidence(twice, expected_px=RADIUS / 2) == pytest.approx((1 + LIKED) * evidence(twice))


def test_points_on_a_lattice_are_in_order_and_scattered_ones_are_not():
    assert ordered(SITES, np.full(len(SITES), 0.9)).min() == 1
    assert ordered(SCATTERED, np.full(len(SCATTERED), 0.9)).mean() < 0.2


def test_a_ring_of_even_steps_is_even_and_chance_is_not():
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    ring = 100 * np.stack([np.sin(turn), np.cos(turn)], axis=1)

    assert evenness(ring) == 1
    assert evenness(SCATTERED) < 0.5
