import numpy as np
import pytest
from tests.holes.discs import draw_discs, square_lattice

from ptolemy_kedro.holes.clicks import ClickedImage
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.holes.patches import cut_patches, target_maps

OPTIONS = LocaliserOptions(patch_px=128, patches_an_image=12)
SHAPE = (400, 500)
NONE = np.zeros((0, 2))


def example(radius_px=16.0, session="a"):
    sites = square_lattice(60, SHAPE)
    return ClickedImage(draw_discs(sites, radius_px, SHAPE, noise=0.0), sites, radius_px, session)


def test_patches_of_an_image_follow_from_the_seed():
    one, again, other = (cut_patches([example()], OPTIONS, seed) for seed in (1, 1, 2))

    np.testing.assert_array_equal(one.pixels, again.pixels)
    np.testing.assert_array_equal(one.maps, again.maps)
    assert (one.pixels != other.pixels).any()


def test_clicks_stay_on_their_holes_however_a_patch_is_turned_and_scaled():
    patches = cut_patches([example()], OPTIONS, 0)

    halved = patches.pixels[:, 0].reshape(len(patches.pixels), 64, 2, 64, 2).mean(axis=(2, 4))
    clicked = patches.maps[:, 0] > 60
    assert clicked.sum() > 20
    assert halved[clicked].mean() > np.median(halved) + 50


def test_there_are_as_many_patches_as_asked_for_of_every_session():
    patches = cut_patches([example(session="a"), example(session="b")], OPTIONS, 0)

    assert patches.pixels.shape == (24, 1, 128, 128)
    assert patches.maps.shape == (24, 3, 64, 64)
    assert sorted(set(patches.sessions)) == ["a", "b"]


def test_no_image_gives_no_patches():
    assert len(cut_patches([], OPTIONS, 0).sessions) == 0


def test_a_click_counts_once():
    maps = target_maps(np.array([[40.3, 61.8]]), NONE, 1.0, True, OPTIONS)

    assert maps[0].sum() / 255 == pytest.approx(1, abs=0.01)
    assert (maps[1] == 255).all()


def test_the_radius_is_drawn_about_a_click_only():
    maps = target_maps(np.array([[40.0, 60.0]]), NONE, 1.3, True, OPTIONS)

    log_radius = (maps[2][maps[2] > 0].astype(float) - 128) / 80
    np.testing.assert_allclose(log_radius, np.log(1.3), atol=1 / 80)
    assert maps[2][20, 30] > 0
    assert maps[2][20, 45] == 0


@pytest.mark.parametrize("ratio", [0.3, 3.0])
def test_holes_far_off_scale_are_known_to_be_none(ratio):
    maps = target_maps(np.array([[40.0, 60.0]]), NONE, ratio, True, OPTIONS)

    assert not maps[0].any()
    assert (maps[1] == 255).all()


def test_what_is_doubtful_is_neither_for_nor_against():
    maps = target_maps(NONE, np.array([[40.0, 60.0]]), 1.0, True, OPTIONS)

    assert maps[1][20, 30] == 0
    assert maps[1][20, 45] == 255
