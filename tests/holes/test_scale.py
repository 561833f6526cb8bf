"""Choosing the scale, with the weights that come with the package, in plain pictures drawn here."""

import numpy as np
import pytest
from tests.holes.discs import draw_discs, square_lattice

from ptolemy_kedro.holes import localiser as localisers
from ptolemy_kedro.holes.looking import look
from ptolemy_kedro.holes.probing import is_within_holes, is_worth_a_look
from ptolemy_kedro.holes.resample import Pyramid
from ptolemy_kedro.holes.scale import SMALLEST_PX, _radii, best_look
from ptolemy_kedro.shipped import hole_localiser

SHAPE = (260, 340)


@pytest.fixture(scope="module")
def localiser():
    return hole_localiser()


@pytest.mark.parametrize("radius", [4.0, 8.0, 15.0, 30.0, 60.0])
def test_holes_are_looked_at_where_they_have_a_size_that_the_network_knows(localiser, radius):
    sites = square_lattice(3.5 * radius, SHAPE, margin_px=radius / 2)

    best = best_look(Pyramid(draw_discs(sites, radius, SHAPE)), localiser)

    assert abs(np.log(best.scale * radius / localiser.radius_px)) < np.log(1.7)


def test_a_radius_that_is_expected_wrongly_is_outvoted(localiser):
    sites = square_lattice(52, SHAPE, margin_px=8)
    image = Pyramid(draw_discs(sites, 13.0, SHAPE))

    scales = [best_look(image, localiser, expected).scale for expected in (None, 13.0, 2.0, 90.0)]

    assert scales == pytest.approx([scales[0]] * 4, rel=0.2)


def test_an_image_of_nothing_gets_a_look_with_nothing_likely(localiser):
    best = best_look(Pyramid(np.zeros((90, 120))), localiser)

    assert (best.probability < 0.5).all()


def large(radius, spacing):
    """Draw a field so large that a fine scale is tried on a part first."""
    shape = (900, 1100)
    return Pyramid(draw_discs(square_lattice(spacing, shape, margin_px=radius), radius, shape))


def test_a_finer_scale_is_worth_a_look_where_a_part_shows_holes(localiser):
    image = large(radius=8.0, spacing=30)
    coarse = look(image, localiser, 0.1)

    assert is_worth_a_look(image, localiser.radius_px / 8.0, coarse, is_strong=False)


def test_a_finer_scale_is_not_worth_a_look_where_the_best_shows_more(localiser):
    image = large(radius=40.0, spacing=130)
    best = look(image, localiser, localiser.radius_px / 40)

    assert not is_worth_a_look(image, localiser.radius_px / 9, best, is_strong=True)


def test_a_small_image_is_always_worth_a_look(localiser):
    image = Pyramid(np.zeros((90, 120)))

    assert is_worth_a_look(image, 1.0, look(image, localiser, 0.5), is_strong=False)


def test_plain_holes_have_no_holes_within(localiser):
    image = large(radius=90.0, spacing=280)
    best = look(image, localiser, localiser.radius_px / 90)

    assert not is_within_holes(image, localiser.radius_px / 12, best, 4.0)


def test_squares_seen_as_holes_have_holes_within(localiser):
    shape, inside = (900, 900), square_lattice(30, (260, 260), margin_px=14)
    corners = [(row, col) for row in (20, 320, 620) for col in (20, 320, 620)]
    holes = draw_discs(np.concatenate([inside + corner for corner in corners]), 8.0, shape)
    lit = np.zeros(shape)
    for row, col in corners:
        lit[row : row + 260, col : col + 260] = 1
    image = Pyramid(lit * holes + 20)
    squares = look(image, localiser, localiser.radius_px / 130)

    assert (squares.probability > 0.35).any()
    assert is_within_holes(image, localiser.radius_px / 8, squares, 4.0)


def test_a_large_image_is_seen_in_tiles_as_it_is_seen_whole(localiser, monkeypatch):
    noise = np.random.default_rng(0).normal(size=(620, 710))
    image = Pyramid(draw_discs(square_lattice(34, noise.shape, 9), 10.0, noise.shape) + 50 * noise).at(1.0)
    whole = localiser.maps(image)

    monkeypatch.setattr(localisers, "WHOLE_PX2", 1e5)
    monkeypatch.setattr(localisers, "TILE_PX", 256)

    np.testing.assert_allclose(localiser.maps(image), whole, atol=1e-4)
    assert whole[0].max() > 0.05


def test_holes_of_a_few_pixels_are_looked_for_in_a_large_image(localiser):
    assert min(_radii((4096, 4096), localiser)) < 5.2
    assert min(_radii((512, 512), localiser)) == SMALLEST_PX
