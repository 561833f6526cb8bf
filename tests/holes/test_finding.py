"""Finding holes with the weights that come with the package, in plain pictures drawn here."""

import numpy as np
import pytest
from tests.holes.discs import draw_discs, square_lattice

from ptolemy_kedro.errors import ImageError
from ptolemy_kedro.holes.finding import LocateOptions, find_holes
from ptolemy_kedro.metrics.detection import match_points
from ptolemy_kedro.shipped import hole_localiser

SHAPE = (260, 340)
SITES = square_lattice(52, SHAPE, margin_px=0)
RADIUS = 13.0


@pytest.fixture(scope="module")
def localiser():
    return hole_localiser()


@pytest.fixture(scope="module")
def found(localiser):
    return find_holes(draw_discs(SITES, RADIUS, SHAPE), localiser)


def agreement(found, sites, radius_px):
    """Holes found right, those missed, and those found where there is none."""
    right = len(match_points(found.centres, sites, radius_px / 2))
    return right, len(sites) - right, len(found) - right


def test_every_hole_is_found_and_none_beside(found):
    right, missed, false = agreement(found, inner(SITES, SHAPE, 4), RADIUS)

    assert missed == 0
    assert false <= len(SITES) - right  # those whose centre is at the very edge may be found too


def test_centres_lie_between_pixels(found):
    pairs = match_points(found.centres, SITES, RADIUS / 2)
    off = found.centres[pairs[:, 0]] - SITES[pairs[:, 1]]

    assert np.sqrt((off**2).sum(axis=1).mean()) < 0.08 * RADIUS


def test_radius_lattice_and_spacing_are_told(found):
    assert np.median(found.radius_px) == pytest.approx(RADIUS, rel=0.15)
    assert found.spacing_px == pytest.approx(52, rel=0.01)
    assert np.linalg.norm(found.bases[0], axis=1) == pytest.approx([52, 52], rel=0.01)
    assert (found.lattice == 0).sum() == len(found)
    assert len(np.unique(found.indices, axis=0)) == len(found)


def test_the_most_probable_come_first_and_carry_the_models_name(found):
    assert (np.diff(found.probability) <= 0).all()
    assert found.probability.min() >= 0.5
    assert "hole-localiser" in found.localiser


@pytest.mark.parametrize("scale", [0.25, 0.6, 1.8])
def test_the_scale_is_found_without_a_pixel_size(localiser, scale):
    shape = tuple(int(size * max(scale, 0.9)) for size in SHAPE)
    sites = square_lattice(52 * scale, shape, margin_px=3)

    found = find_holes(draw_discs(sites, RADIUS * scale, shape), localiser)

    _, missed, false = agreement(found, sites, RADIUS * scale)
    assert missed <= 0.05 * len(sites)
    assert false <= max(0.12 * len(sites), 2)


@pytest.mark.parametrize("pixel_size_a", [100.0, 900.0, 9000.0])
def test_a_wrong_pixel_size_changes_nothing(localiser, found, pixel_size_a):
    image = draw_discs(SITES, RADIUS, SHAPE)

    misled = find_holes(image, localiser, pixel_size_a=pixel_size_a, diameter_um=1.2, spacing_um=2.5)

    assert agreement(misled, found.centres, RADIUS) == (len(found), 0, 0)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_image_has_the_turned_holes(localiser, found, turns):
    image = draw_discs(SITES, RADIUS, SHAPE)

    turned = find_holes(np.rot90(image, turns), localiser)

    marks = np.zeros(SHAPE, int)
    for number, (row, col) in enumerate(np.round(found.centres).astype(int), start=1):
        marks[min(row, SHAPE[0] - 1), min(col, SHAPE[1] - 1)] = number
    expected = np.argwhere(np.rot90(marks, turns) > 0)
    _, missed, _ = agreement(turned, expected, RADIUS)
    assert missed <= 1


def test_inverted_contrast_shows_the_same_holes(localiser):
    image = draw_discs(SITES, RADIUS, SHAPE)

    found = find_holes(-image.astype(float), localiser)

    _, missed, false = agreement(found, inner(SITES, SHAPE, 4), RADIUS)
    assert missed + false <= 0.1 * len(SITES) + 2


@pytest.mark.parametrize("count", [1, 2])
def test_one_hole_and_two_are_found(localiser, count):
    centres = np.array([[90.0, 100.0], [150.0, 220.0]])[:count]

    found = find_holes(draw_discs(centres, 30, SHAPE), localiser)

    _, missed, false = agreement(found, centres, 30)
    assert (missed, false) == (0, 0)
    assert found.spacing_px is None if count == 1 else found.spacing_px > 100


def test_half_a_hole_is_a_plain_answer(localiser):
    found = find_holes(draw_discs([[100.0, -4.0]], 30, SHAPE), localiser)

    assert len(found) <= 2


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((120, 150), np.uint8),
        np.full((64, 64), 3.5),
        np.ones((1, 1), np.int16),
        np.ones((3, 400)),
        np.where(np.indices((80, 90))[0] == 4, np.nan, 1.0),
        np.ones((64, 64), bool),
    ],
    ids=["black", "grey", "a pixel", "a line", "not a number", "two levels"],
)
def test_an_image_without_holes_has_none(localiser, image):
    found = find_holes(image, localiser)

    assert len(found) == 0
    assert found.centres.shape == (0, 2)


def test_noise_alone_has_hardly_a_hole(localiser):
    image = np.random.default_rng(0).normal(1000, 50, (256, 256))

    assert len(find_holes(image, localiser)) <= 2


def test_what_is_no_image_is_refused(localiser):
    with pytest.raises(ImageError):
        find_holes(np.zeros((3, 20, 20)), localiser)


def test_a_higher_threshold_reports_fewer(localiser):
    image = draw_discs(SITES, RADIUS, SHAPE, noise=0.3, contrast=0.2)

    counts = [len(find_holes(image, localiser, options=LocateOptions(threshold=t))) for t in (0.1, 0.5, 0.99)]

    assert counts == sorted(counts, reverse=True)


def inner(sites, shape, margin_px):
    return sites[((sites >= margin_px) & (sites < np.array(shape) - margin_px)).all(axis=1)]


def test_the_holes_of_a_montage_are_found_and_not_its_squares(localiser):
    spacing, radius, shape = 36, 9.0, (1290, 1290)
    inside = square_lattice(spacing, (290, 290), margin_px=12)
    corners = np.array([(row, col) for row in (70, 500, 930) for col in (70, 500, 930)])
    sites = (corners[:, None] + inside[None]).reshape(-1, 2)
    lit = np.zeros(shape)
    for row, col in corners:
        lit[row : row + 290, col : col + 290] = 1

    found = find_holes(lit * draw_discs(sites, radius, shape) + 20, localiser)

    _, missed, _ = agreement(found, sites, radius)
    assert missed <= 0.02 * len(sites)
    assert found.radius_px.max() < 2 * radius


def test_one_big_hole_outweighs_grain(localiser):
    image = draw_discs([[150.0, 160.0]], 80, SHAPE, noise=0.3)

    found = find_holes(image, localiser)

    assert agreement(found, np.array([[150.0, 160.0]]), 80) == (1, 0, 0)
