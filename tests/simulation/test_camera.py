"""How medium images are taken: fringes, montages, renders."""

from dataclasses import replace

import numpy as np
import pytest

from ptolemy_kedro.simulation.camera import Render, draw_shot, take
from ptolemy_kedro.simulation.montage import Stitching, stitched_points
from ptolemy_kedro.simulation.optics import draw_optics
from ptolemy_kedro.simulation.seeds import generator


@pytest.fixture
def quiet():
    """A camera that adds next to nothing."""
    rng = generator(1, "camera")
    shot = draw_shot(rng, draw_optics(rng, "training"), 0.01)
    preset = replace(shot.optics.preset, dtype="float32")
    optics = replace(
        shot.optics, preset=preset, dose=1e6, gain=1.0, offset=0.0, blur_px=0.1, glow=0.0, read_noise=0.0,
        ramp=(0.0, 0.0), vignette=0.0,
    )  # fmt: skip
    return replace(
        shot,
        optics=optics,
        fringe=0.0,
        edge=None,
        grain_px=0.0,
        stitching=None,
        render=None,
        hot=0.0,
        quarters=(1.0, 1.0, 1.0, 1.0),
    )


def dots(at, shape=(120, 160)):
    light = np.zeros(shape, dtype=np.float32)
    light[tuple(np.array(at).T)] = 1.0
    return light


def test_points_move_as_the_pieces_of_a_montage_do(quiet):
    at = np.array([[20, 20], [20, 130], [90, 40], [100, 120]])
    off = generator(3, "off").integers(-3, 4, (2, 2, 2))
    stitching = Stitching((2, 2), off, np.ones((2, 2)))
    image = take(generator(1, "noise"), dots(at), replace(quiet, stitching=stitching))
    moved = stitched_points(at.astype(float), image.shape, stitching).astype(int)
    assert (moved != at).any()
    assert (image[tuple(moved.T)] > 0.5e6).all()


def test_a_fringe_makes_the_bright_side_of_an_edge_brighter_and_the_dark_side_darker(quiet):
    light = np.full((40, 40), 0.4, dtype=np.float32)
    light[:, 20:] = 0.8
    image = take(generator(1, "noise"), light.copy(), replace(quiet, fringe=0.5, fringe_px=1.5))
    profile = image.mean(axis=0)
    assert profile[20] > 1.05 * profile[35]
    assert profile[19] < 0.95 * profile[5]


@pytest.mark.parametrize("quality", [0, 70])
def test_a_render_has_eight_bits_and_clips(quiet, quality):
    light = generator(1, "light").random((64, 64), dtype=np.float32)
    image = take(generator(1, "noise"), light, replace(quiet, render=Render(2.0, 98.0, 1.3, quality)))
    assert image.dtype == np.uint8
    assert image.shape == (64, 64)
    assert image.min() < 20 and image.max() > 235


def test_the_same_noise_is_drawn_again(quiet):
    light = np.full((32, 32), 0.5, dtype=np.float32)
    first, again = (take(generator(5, "noise"), light.copy(), quiet) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_hot_pixels_and_quarters_show(quiet):
    light = np.full((100, 100), 0.5, dtype=np.float32)
    light[0, 0] = 1.0
    image = take(generator(1, "noise"), light, replace(quiet, hot=0.01, quarters=(1.0, 1.1, 1.0, 1.0)))
    assert 40 < (image == image.max()).sum() < 180
    assert np.median(image[:50, 50:]) == pytest.approx(1.1 * np.median(image[50:, :50]), rel=0.01)
