"""A lattice of sites, whatever two steps describe it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from points import lattice_of

from ptolemy_kedro.errors import PtolemyError
from ptolemy_kedro.holes.lattice import Lattice, reduce_basis

UNIMODULAR = [[[1, 0], [0, 1]], [[1, 1], [0, 1]], [[2, 1], [1, 1]], [[0, 1], [-1, 3]], [[5, 2], [2, 1]]]


@pytest.mark.parametrize("layout", ["square", "hexagonal"])
@pytest.mark.parametrize("turn_deg", [0.0, 17.0, 45.0, 89.0])
def test_sites_cover_the_image_at_any_rotation(layout, turn_deg):
    lattice = lattice_of(layout, 20.0, turn_deg)

    sites = lattice.sites_within((1000, 800))

    assert len(sites) == pytest.approx(1000 * 800 / lattice.cell_px2, rel=0.03)
    assert (sites >= -0.5).all()
    assert (sites < [999.5, 799.5]).all()


def test_a_margin_lists_sites_beyond_the_border_and_a_negative_one_fewer():
    lattice = Lattice(np.zeros(2), np.array([[0.0, 10.0], [10.0, 0.0]]))

    counts = [len(lattice.indices_within((91, 91), margin)) for margin in (-5.0, 0.0, 10.0)]

    assert counts == [8 * 8, 10 * 10, 12 * 12]


def test_no_site_lies_in_an_image_smaller_than_its_margin():
    assert lattice_of().indices_within((20, 20), -15.0).shape == (0, 2)


def test_a_lattice_finer_than_pixels_is_an_error_in_one_line():
    with pytest.raises(PtolemyError, match="too many sites in 4000 x 4000 px"):
        lattice_of(spacing_px=1.0).sites_within((4000, 4000))


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(0, 180), st.floats(0, 60))
def test_points_and_indices_are_each_others_inverse(row, col, turn, tilt):
    lattice = lattice_of("hexagonal", 25.0, turn, tilt)
    point = np.array([[row, col]])

    np.testing.assert_allclose(lattice.sites(lattice.fractions_of(point)), point, atol=1e-6)


@pytest.mark.parametrize("change", UNIMODULAR)
@pytest.mark.parametrize("turn_deg", [3.0, 31.0, 77.0, 118.0])
def test_reducing_undoes_every_unimodular_change(change, turn_deg):
    lattice = lattice_of("square", 30.0, turn_deg, tilt_deg=25.0)

    reduced = reduce_basis(np.array(change) @ lattice.basis)

    np.testing.assert_allclose(reduced, reduce_basis(lattice.basis), atol=1e-9)


@given(st.floats(0, 180), st.floats(0, 60), st.sampled_from(["square", "hexagonal"]))
def test_the_reduced_steps_are_short_and_in_a_fixed_order(turn, tilt, layout):
    first, second = lattice_of(layout, 30.0, turn, tilt).reduced().basis

    assert abs(first @ second) <= 0.5 * min(first @ first, second @ second) + 1e-6
    assert first[1] >= 0
    assert first[1] * second[0] - first[0] * second[1] > 0  # from +col towards +row
    assert abs(first[1]) / np.linalg.norm(first) >= abs(second[1]) / np.linalg.norm(second) - 1e-9


def test_the_spacing_is_the_shortest_step_even_of_a_long_basis():
    lattice = lattice_of("square", 30.0)

    assert Lattice(lattice.origin, np.array([[3, 2], [1, 1]]) @ lattice.basis).spacing_px == pytest.approx(30)
