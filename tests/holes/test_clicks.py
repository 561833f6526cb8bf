import numpy as np
from tests.holes.discs import square_lattice

from ptolemy_kedro.holes.clicks import clicked_image

SHAPE = (300, 400)
IMAGE = np.zeros(SHAPE)
NONE = np.zeros((0, 2))


def test_sites_that_nobody_clicked_are_doubtful():
    sites = square_lattice(40, SHAPE)
    clicked = np.arange(len(sites)) % 3 > 0

    example = clicked_image(IMAGE, sites[clicked], NONE, 20.0, "a")

    assert example.exhaustive
    assert example.radius_px == 10
    for site in sites[~clicked]:
        assert np.linalg.norm(example.doubtful - site, axis=1).min() < 4


def test_no_site_that_was_clicked_is_doubtful():
    sites = square_lattice(40, SHAPE)
    scatter = np.random.default_rng(0).normal(0, 2, sites.shape)

    example = clicked_image(IMAGE, sites + scatter, NONE, 20.0, "a")

    gaps = np.linalg.norm(example.doubtful[:, None] - sites, axis=-1)
    assert not len(example.doubtful) or gaps.min() > 10


def test_sites_put_aside_are_doubtful():
    example = clicked_image(IMAGE, np.array([[50.0, 60.0]]), np.array([[150.0, 160.0]]), 20.0, "a")

    np.testing.assert_array_equal(example.doubtful, [[150.0, 160.0]])


def test_clicks_on_no_lattice_leave_everything_else_open():
    clicks = np.random.default_rng(1).uniform(20, 280, (9, 2))

    example = clicked_image(IMAGE, clicks, NONE, 20.0, "a")

    assert not example.exhaustive
