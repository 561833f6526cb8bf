"""Grids have the mesh, the foil and the ice they say they have."""

import numpy as np
import pytest

from ptolemy_kedro.simulation.foil import Foil, hole_coverage
from ptolemy_kedro.simulation.seeds import CLOSING, DEMO, EVALUATION, TRAINING, generator
from ptolemy_kedro.simulation.specimen import MESHES, STATES, draw_grid


@pytest.fixture(scope="module")
def grids():
    return [draw_grid(generator(seed, "grid")) for seed in range(12)]


def test_openings_are_as_many_as_the_rim_holds(grids):
    for grid in grids:
        cell = MESHES[grid.mesh][0] ** 2 * abs(np.linalg.det(grid.axes))
        expected = np.pi * (grid.rim_um + 0.3 * MESHES[grid.mesh][1]) ** 2 / cell
        assert len(grid.openings) == pytest.approx(expected, rel=0.08)


def test_corners_span_the_opening(grids):
    for grid in grids:
        corners = grid.corners_um() - grid.openings.centre_um[:, None]
        local = np.abs(corners @ np.linalg.inv(grid.axes).T)
        assert np.median(local) == pytest.approx(MESHES[grid.mesh][1] / 2, rel=0.15)


def test_neighbours_never_touch(grids):
    for grid in grids:
        widest = grid.openings.edges_um[:, 0] + grid.openings.edges_um[:, 2]
        assert widest.max() < grid.pitch_um


def test_states_and_tears_agree(grids):
    for grid in grids:
        openings = grid.openings
        assert set(openings.state) <= set(STATES)
        assert (openings.tear[openings.state == "empty"] == 1).all()
        assert (
            openings.tear[np.isin(openings.state, ("normal", "dry", "thick", "opaque", "cracked"))] == 0
        ).all()
        assert (openings.ice_nm > 0).all()


@pytest.mark.parametrize("layout", ["square", "hexagonal", "lacey", "continuous"])
def test_holes_cover_the_share_that_the_product_says(layout):
    cell = np.diag([2.5, 2.5 * (np.sqrt(3) if layout == "hexagonal" else 1)])
    foil = Foil("carbon", layout, 1.2, 2.5, 0.2, np.linalg.inv(cell), seed=1)
    y, x = np.mgrid[0:100:0.1, 0:100:0.1].astype(np.float32)

    coverage, _ = hole_coverage(foil, x, y, 0.1)

    assert np.mean(coverage) == pytest.approx(foil.fill, abs=0.03)


def test_unresolved_holes_are_averaged():
    foil = Foil("carbon", "square", 1.2, 2.5, 0.2, np.eye(2) / 2.5, seed=1)
    coverage, _ = hole_coverage(foil, np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32), 3.0)
    assert coverage == pytest.approx(np.pi * 0.6**2 / 2.5**2)


def test_ice_is_one_field_over_the_grid(grids):
    for grid in grids:
        there = np.array([[0.0, 0.0], [5.0, 0.0]])
        near, nearby = grid.ice.thickness_nm(there)
        assert nearby == pytest.approx(near, rel=0.25)


def test_ranges_of_seeds_share_none():
    ranges = [TRAINING, DEMO, EVALUATION, CLOSING]
    assert sum(map(len, ranges)) == len(set().union(*ranges))
