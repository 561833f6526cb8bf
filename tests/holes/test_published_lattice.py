"""The published square lattice."""

import numpy as np
import pytest
from points import lattice_of, noisy, same_lattice

from ptolemy_kedro.holes.published_lattice import fit_published_lattice, weighed_sites

SHAPE = (300, 300)


def probability_of(points, radius_px=5.0):
    grid = np.indices(SHAPE).reshape(2, -1).T
    nearest = (
        np.linalg.norm(grid[:, None] - points, axis=2).min(axis=1) if len(points) else np.full(len(grid), 9e9)
    )
    return np.where(nearest < radius_px, 0.9, 0.0).reshape(SHAPE).astype(np.float32)


@pytest.mark.parametrize("turn_deg", [0.0, 20.0, 45.0])
def test_a_square_lattice_is_found_and_its_missing_sites_filled_in(turn_deg):
    lattice = lattice_of("square", 40.0, turn_deg)
    points = noisy(lattice, SHAPE, 1, missing=0.3)
    inner = points[np.all((points > 6) & (points < 293), axis=1)]
    probability = probability_of(inner)

    found = fit_published_lattice(inner, probability > 1e-4)

    assert same_lattice(found, lattice, SHAPE, 1.0)
    sites, _ = weighed_sites(inner, probability)
    assert len(sites) == pytest.approx(len(lattice.sites_within(SHAPE)), abs=3)


def test_the_network_says_which_sites_it_does_not_see():
    points = noisy(lattice_of("square", 40.0), SHAPE, 1, missing=0.3)
    points = points[np.all((points > 6) & (points < 293), axis=1)]

    _, said = weighed_sites(points, probability_of(points))

    assert (said >= 0.5).sum() == len(points)


def test_a_hexagonal_lattice_is_beyond_it():
    lattice = lattice_of("hexagonal", 40.0)
    points = lattice.sites_within(SHAPE, -6)

    assert not same_lattice(fit_published_lattice(points, probability_of(points) > 0), lattice, SHAPE, 4.0)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_centres_are_returned_as_they_are(count):
    points = np.full((count, 2), 100.0)

    sites, said = weighed_sites(points, probability_of(points))

    np.testing.assert_array_equal(sites, points)
    assert said.tolist() == [np.inf] * count
