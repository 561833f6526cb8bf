import numpy as np
import pytest
from tests.holes.fields import draw_field, holes_at

from ptolemy_kedro.holes.context import DESCRIPTORS, describe_holes


def whole(found, shape, radius):
    return (np.minimum(found.centres, np.array(shape) - 1 - found.centres) > 1.6 * radius).all(axis=1)


def test_ice_is_the_optical_depth_from_an_empty_hole():
    image, found, depth = draw_field()

    described = describe_holes(image, found, empty_intensity=1000.0)

    inside = whole(found, image.shape, 10)
    assert described["ice"][inside] == pytest.approx(depth[inside], abs=0.02)


def test_without_an_empty_hole_ice_counts_from_the_published_percentile():
    image, found, depth = draw_field()
    full = 1.2 * np.percentile(1000 * np.exp(-depth), 90)

    described = describe_holes(image, found)

    inside = whole(found, image.shape, 10)
    expected = depth + np.log(full / 1000)
    assert described["ice"][inside] == pytest.approx(expected[inside], abs=0.03)


def test_ice_over_foil_needs_no_beam():
    image, found, depth = draw_field()
    once, twice = (describe_holes(image * factor, found) for factor in (1.0, 3.0))

    assert once["ice_over_foil"] == pytest.approx(twice["ice_over_foil"], abs=1e-4)
    inside = whole(found, image.shape, 10)
    assert once["ice_over_foil"][inside] == pytest.approx(depth[inside] - np.log(2), abs=0.03)


def test_ranks_and_spreads_follow_the_ice():
    image, found, depth = draw_field()
    described = describe_holes(image, found)

    thinnest, thickest = depth.argmin(), depth.argmax()
    assert described["rank_ice"][thinnest] < 0.1 and described["rank_ice"][thickest] > 0.9
    assert np.corrcoef(described["ice_z"], depth)[0, 1] > 0.95


def test_a_hole_unlike_its_neighbours_stands_out():
    image, found, _ = draw_field(depth=lambda k: 0.9 if k == 30 else 0.3)

    described = describe_holes(image, found)

    assert described["neighbour_ice"].argmax() == 30
    assert described["neighbour_ice"][30] == pytest.approx(0.6, abs=0.05)


def test_a_wedge_of_ice_has_a_slope_and_a_speck_a_dark_tail():
    image, found, _ = draw_field(depth=lambda k: 0.3, shape=(300, 400), radius=12)
    row, col = np.indices(image.shape)
    first, second = np.flatnonzero(whole(found, image.shape, 12))[:2]
    (r, c), (r2, c2) = found.centres[first], found.centres[second]
    in_first = np.hypot(row - r, col - c) <= 12
    image[in_first] *= np.exp(-0.4 * (col - c)[in_first] / 24)  # 0.4 from rim to rim
    image[np.hypot(row - r2 - 3, col - c2) <= 3] = 50

    described = describe_holes(image, found)

    assert described["slope"].argmax() == first or described["slope"][first] == pytest.approx(0.4, abs=0.05)
    assert described["dark_tail"].argmax() == second


def test_the_distance_to_a_bar_counts_in_radii():
    image, found, _ = draw_field(bar_cols=60, angle_deg=0)
    out = found.centres[:, 1] > 75

    described = describe_holes(image, found)

    expected = (found.centres[out, 1] - 60) / 10
    assert described["bar_distance"][out] == pytest.approx(expected, abs=1.2)


def test_without_a_bar_all_are_far_from_one():
    image, found, _ = draw_field()

    assert (describe_holes(image, found)["bar_distance"] == 40).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_holes_get_finite_numbers(count):
    image, found, _ = draw_field()

    described = describe_holes(image, found[:count], 100.0)

    assert tuple(described) == DESCRIPTORS
    assert all(values.shape == (count,) and np.isfinite(values).all() for values in described.values())


@pytest.mark.parametrize(
    "change", [np.zeros_like, lambda i: i - 400.0, lambda i: i.astype(np.uint8), lambda i: -i]
)
def test_odd_images_get_finite_numbers(change):
    image, found, _ = draw_field()

    described = describe_holes(change(image), found)

    assert all(np.isfinite(values).all() for values in described.values())


@pytest.mark.parametrize("spike", [-32768.0, 65535.0])
def test_a_spoilt_pixel_changes_little(spike):
    image, found, _ = draw_field()
    before = describe_holes(image, found)
    spoilt = image.copy()
    spoilt[3, 3] = spike

    after = describe_holes(spoilt, found)

    for name, values in before.items():
        assert np.abs(after[name] - values).max() <= 0.05 * np.ptp(values) + 1e-9, name


def test_holes_at_and_beyond_the_border_get_finite_numbers():
    image, _, _ = draw_field()

    described = describe_holes(image, holes_at([[0.0, 0.0], [150.0, 399.0], [-40.0, 900.0]], 10))

    assert all(np.isfinite(values).all() for values in described.values())
