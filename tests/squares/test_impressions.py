import numpy as np
import pytest

from ptolemy_kedro.squares.context import Sightings, describe_context
from ptolemy_kedro.squares.impressions import IMPRESSIONS, describe_impressions
from ptolemy_kedro.squares.sight import PERCEIVED

SIDE = 6


def a_grid_in_three_images():
    """A raster of squares, seen whole from afar, each half of it close by; and their ice, ever thicker."""
    n = SIDE * SIDE
    place = np.stack(np.divmod(np.arange(n), SIDE), axis=1) * 80.0
    halves = [np.flatnonzero(place[:, 0] < 240), np.flatnonzero(place[:, 0] >= 240)]
    square = np.concatenate([np.arange(n), *halves])
    image = np.concatenate([np.zeros(n, int), *(np.full(len(half), k + 1) for k, half in enumerate(halves))])
    close = image > 0
    seen = Sightings(
        image=image,
        square=square,
        place=place[square],
        pixel=np.where(close, 0.6, 4.0),
        in_image_px=place[square] / np.where(close, 0.6, 4.0)[:, None],
        edge_px=np.where(close, 95.0, 14.0),
        lit_px=np.where(close, 95.0, 14.0),
        cut=np.zeros(len(square), bool),
        depth=np.zeros(len(square)),
        depth_least=np.zeros(len(square)),
    )
    return seen, place @ [1.0, SIDE] / 1000


def perceived(seen, ice, **others):
    values = {name: np.zeros(len(seen.square)) for name in PERCEIVED}
    return values | {"seen_ice": ice[seen.square], "seems_normal": np.ones(len(seen.square))} | others


def test_a_square_has_one_impression_in_all_images_and_the_order_is_that_of_the_ice():
    seen, ice = a_grid_in_three_images()

    told = describe_impressions(seen, perceived(seen, ice))

    assert tuple(told) == IMPRESSIONS
    np.testing.assert_allclose(
        told["ice_rank"], np.argsort(np.argsort(ice))[seen.square] / (len(ice) - 1), atol=0.06
    )


@pytest.mark.parametrize("image", [1, 2])
def test_an_image_seen_too_dark_does_not_disturb_the_order(image):
    seen, ice = a_grid_in_three_images()
    values = perceived(seen, ice)
    values["seen_ice"] = values["seen_ice"] + 0.7 * (seen.image == image)

    told = describe_impressions(seen, values)

    before = describe_impressions(seen, perceived(seen, ice))
    np.testing.assert_allclose(told["ice_rank"], before["ice_rank"], atol=0.06)


def test_one_square_misread_is_put_right_a_little_by_those_around_it():
    seen, ice = a_grid_in_three_images()
    values = perceived(seen, ice)
    values["seen_ice"] = values["seen_ice"] + 0.5 * (seen.square == 14)

    off = describe_impressions(seen, values)["ice"] - describe_impressions(seen, perceived(seen, ice))["ice"]

    assert 0.2 < off[14] < 0.4
    assert np.abs(off[seen.square == 0]).max() < 0.05


def test_company_is_the_share_of_usable_neighbours():
    seen, ice = a_grid_in_three_images()
    usable = (seen.square != 7).astype(float)  # in the second row and column

    company = describe_impressions(seen, perceived(seen, ice, seems_normal=usable))["good_company"]

    by_square = dict(zip(seen.square, company, strict=True))
    assert by_square[0] == pytest.approx(2 / 3)  # a corner: three neighbours
    assert by_square[8] == pytest.approx(7 / 8)
    assert by_square[35] == pytest.approx(1)


def test_what_is_half_out_of_the_closest_image_counts_as_half_in_view():
    seen, _ = a_grid_in_three_images()
    half = (seen.square == 3) & (seen.image > 0)
    seen.edge_px[half] *= np.sqrt(0.5)
    seen.cut[half] = True

    in_view = describe_context(seen)["in_view"]

    np.testing.assert_allclose(in_view[seen.square == 3], 0.5, atol=1e-9)
    np.testing.assert_allclose(in_view[seen.square != 3], 1.0, atol=1e-9)


def test_no_square_leaves_no_impression():
    none = np.zeros(0)
    seen = Sightings(
        *(none.astype(int),) * 2,
        none.reshape(0, 2),
        none,
        none.reshape(0, 2),
        none,
        none,
        none > 0,
        none,
        none,
    )

    assert all(
        values.shape == (0,)
        for values in describe_impressions(seen, {name: none for name in PERCEIVED}).values()
    )
