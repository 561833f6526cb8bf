"""Lattices fitted to points that are few, bad, bent or torn."""

import time

import numpy as np
import pytest
from points import lattice_of, noisy, same_lattice

from ptolemy_kedro.holes.lattice import Lattice, reduce_basis
from ptolemy_kedro.holes.lattice_fit import LatticeOptions, fit_lattices

SHAPE = (400, 400)


@pytest.mark.parametrize("layout", ["square", "hexagonal"])
@pytest.mark.parametrize("tilt_deg", [0.0, 40.0, 60.0])
@pytest.mark.parametrize("turn_deg", [0.0, 21.0, 45.0, 70.0])
def test_the_lattice_is_found_with_most_sites_missing_and_some_points_false(layout, tilt_deg, turn_deg):
    lattice = lattice_of(layout, 40.0, turn_deg, tilt_deg)
    jitter = 0.05 * lattice.spacing_px

    (fit,) = fit_lattices(noisy(lattice, SHAPE, 3, missing=0.6, false=0.1, jitter_px=jitter))

    assert same_lattice(fit.lattice, lattice, SHAPE, 0.12 * lattice.spacing_px)
    assert fit.jitter_px == pytest.approx(jitter, rel=0.4)
    assert not len(fit.bend.terms)


@pytest.mark.parametrize("index", [[[2, 0], [0, 1]], [[1, 1], [-1, 1]], [[3, 0], [0, 1]]])
def test_neither_a_finer_nor_a_coarser_lattice_is_preferred(index):
    coarse = lattice_of("square", 24.0)
    coarse = Lattice(coarse.origin, reduce_basis(np.array(index) @ coarse.basis))

    (fit,) = fit_lattices(noisy(coarse, SHAPE, 1, missing=0.3, false=0.15, jitter_px=1.0))

    assert fit.lattice.cell_px2 == pytest.approx(coarse.cell_px2, rel=0.03)


def test_members_and_indices_name_the_points_and_their_sites():
    lattice = lattice_of("square", 30.0)
    points = noisy(lattice, SHAPE, 5, missing=0.4, jitter_px=0.5)
    points = np.concatenate([points, points[:1] + 15.0])  # amid four sites

    (fit,) = fit_lattices(points)

    assert set(fit.members) == set(range(len(points) - 1))
    off = points[fit.members] - fit.sites(fit.indices)
    assert np.linalg.norm(off, axis=1).max() < 3
    assert len(np.unique(fit.indices, axis=0)) == len(fit.indices)


def test_two_points_at_one_site_are_one_member():
    lattice = lattice_of("square", 30.0)
    sites = lattice.sites_within(SHAPE)

    (fit,) = fit_lattices(np.concatenate([sites, sites[:3] + 2.0]))

    assert set(fit.members) == set(range(len(sites)))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 20, 100, 400])
def test_points_anywhere_have_no_lattice(count):
    points = np.random.default_rng(count).uniform(0, 500, (count, 2))

    assert fit_lattices(points) == []


def test_points_in_a_row_or_all_in_one_place_have_no_lattice():
    assert fit_lattices(np.zeros((8, 2))) == []
    assert fit_lattices(np.stack([np.arange(9.0), np.zeros(9)], axis=1)) == []


def test_a_hint_lets_three_holes_have_a_lattice():
    lattice = lattice_of("square", 60.0, 20.0)
    points = lattice.sites([[0, 0], [1, 0], [1, 2]]) + 100.0

    assert fit_lattices(points) == []
    (fit,) = fit_lattices(points, hints=1.02 * lattice.basis[None])
    np.testing.assert_allclose(fit.lattice.spacing_px, 60.0, rtol=0.01)


def test_a_wrong_hint_does_no_harm():
    lattice = lattice_of("hexagonal", 30.0)

    (fit,) = fit_lattices(
        noisy(lattice, SHAPE, 2, 0.4, 0.1, 1.0), hints=lattice_of("square", 41.0).basis[None]
    )

    assert same_lattice(fit.lattice, lattice, SHAPE, 3)


@pytest.mark.parametrize("bend_px", [6.0, 15.0])
def test_a_bent_foil_keeps_one_lattice_with_a_smooth_displacement(bend_px):
    lattice, shape = lattice_of("square", 20.0), (800, 800)
    flat = noisy(lattice, shape, 4, missing=0.4, jitter_px=0.5)
    u = flat / 400 - 1
    points = flat + bend_px * np.stack([u[:, 0] * u[:, 1], u[:, 0] ** 2 - 0.5 * u[:, 1] ** 2], axis=1)

    (fit,) = fit_lattices(points)

    assert len(fit.members) > 0.97 * len(points)
    assert len(fit.bend.terms)
    assert np.linalg.norm(points[fit.members] - fit.sites(fit.indices), axis=1).mean() < 1
    np.testing.assert_allclose(fit.fractions_of(fit.sites(fit.indices)), fit.indices, atol=0.01)


def test_a_torn_foil_has_a_lattice_a_piece():
    left, right = lattice_of("square", 20.0, 0.0), lattice_of("square", 20.0, 11.0)
    a, b = noisy(left, SHAPE, 1, 0.2, jitter_px=0.5), noisy(right, SHAPE, 2, 0.2, jitter_px=0.5)
    a, b = a[a[:, 1] < 180], b[b[:, 1] > 230]

    fits = fit_lattices(np.concatenate([a, b]))

    assert len(fits) == 2
    turns = sorted(abs(np.rad2deg(np.arctan2(*fit.lattice.basis[0]))) for fit in fits)
    assert turns == pytest.approx([0, 11], abs=1)
    assert not set(fits[0].members) & set(fits[1].members)
    most = LatticeOptions(max_lattices=1)
    assert len(fit_lattices(np.concatenate([a, b]), options=most)) == 1


def test_a_whole_foil_is_filled_and_pairs_of_false_points_at_each_hole_are_not():
    sites = lattice_of("square", 60.0, 5.0).sites_within((600, 600))
    pairs = np.concatenate([sites, sites + np.array([12.0, 18.0])])

    whole, paired = fit_lattices(sites)[0].filled, fit_lattices(pairs)[0].filled

    assert whole == pytest.approx(1 - 2 / np.sqrt(len(sites)), abs=0.06)  # the rim lacks three of eight
    assert paired < 0.5 * whole


def test_the_lattice_of_one_foil_goes_on_beyond_a_wide_bar():
    lattice, shape = lattice_of("square", 20.0, 8.0), (300, 900)
    points = noisy(lattice, shape, 1, 0.2, jitter_px=0.5)
    points = points[(points[:, 1] < 300) | (points[:, 1] > 600)]

    (fit,) = fit_lattices(points)

    assert len(fit.members) > 0.97 * len(points)
    assert same_lattice(fit.lattice, lattice, shape, 1.0)


def test_a_lattice_grows_over_thousands_of_points():
    lattice, shape = lattice_of("hexagonal", 20.0), (1000, 1000)
    points = noisy(lattice, shape, 6, missing=0.3, false=0.1, jitter_px=0.5)

    (fit,) = fit_lattices(points)

    assert len(fit.members) > 0.88 * len(points)
    assert same_lattice(fit.lattice, lattice, shape, 1.0)


def test_light_points_count_little():
    lattice = lattice_of("square", 40.0)
    true = noisy(lattice, SHAPE, 3, missing=0.3)
    false = np.random.default_rng(1).uniform(0, 400, (2 * len(true), 2))
    weights = np.r_[np.ones(len(true)), np.full(len(false), 0.05)]

    fit = fit_lattices(np.concatenate([true, false]), weights)[0]

    assert same_lattice(fit.lattice, lattice, SHAPE, 2)


def test_the_answer_is_the_same_each_time_and_the_input_is_not_changed():
    points = noisy(lattice_of("hexagonal", 30.0), SHAPE, 2, 0.4, 0.1, 1.0)
    copy = points.copy()

    one, other = (fit_lattices(points)[0] for _ in range(2))

    np.testing.assert_array_equal(points, copy)
    np.testing.assert_array_equal(one.lattice.basis, other.lattice.basis)
    np.testing.assert_array_equal(one.members, other.members)


def test_a_hundred_points_take_milliseconds():
    points = noisy(lattice_of("square", 30.0), (350, 350), 8, missing=0.3, false=0.1, jitter_px=1.5)[:100]
    fit_lattices(points)

    start = time.process_time()
    fit_lattices(points)

    assert time.process_time() - start < 0.1  # 20 ms on a quiet machine: benchmarks/lattice.py
