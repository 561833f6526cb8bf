"""The step on which an image repeats itself, before any hole is known."""

import numpy as np
import pytest
from points import lattice_of
from scipy import ndimage

from ptolemy_kedro.archive.images import read_image
from ptolemy_kedro.holes.spectrum import spacing_of


def picture(lattice, shape, radius_px, noise=0.5, seed=0):
    """Draw bright discs on a lattice, noise of their contrast's size, and a dark bar across a corner."""
    rng = np.random.default_rng(seed)
    grid = np.indices(shape).reshape(2, -1).T
    sites = lattice.sites(np.rint(lattice.fractions_of(grid)))
    discs = np.linalg.norm(grid - sites, axis=1).reshape(shape) < radius_px
    image = 3 + discs + rng.normal(0, noise, shape)
    image[sum(np.indices(shape)) < 0.5 * min(shape)] = 0.2
    return image.astype(np.float32)


@pytest.mark.parametrize("layout", ["square", "hexagonal"])
@pytest.mark.parametrize(
    ("spacing_px", "shape"), [(24.0, (300, 420)), (90.0, (512, 512)), (60.0, (1400, 1000))]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_spacing_comes_first_at_any_scale_and_contrast(layout, spacing_px, shape, sign):
    lattice = lattice_of(layout, spacing_px, 17.0)

    first = spacing_of(sign * picture(lattice, shape, 0.25 * spacing_px))[0]

    assert first.spacing_px == pytest.approx(spacing_px, rel=0.04)
    assert abs(np.linalg.det(first.basis)) == pytest.approx(lattice.cell_px2, rel=0.06)
    assert 0.1 < first.strength <= 1


def test_noise_repeats_itself_on_nothing():
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(400, 400)), 3)

    assert all(one.strength < 0.1 for one in spacing_of(noise))


@pytest.mark.parametrize("image", [np.zeros((200, 200)), np.ones((4, 900)), np.arange(9.0).reshape(3, 3)])
def test_a_blank_or_tiny_image_has_no_candidate_worth_a_name(image):
    assert all(one.strength < 0.1 for one in spacing_of(image.astype(np.float32)))


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("medmag/21feb25a_23139789_render.png", "medmag/21feb25a_23139789_render.holes.csv"),
        ("square/08mar13e_00010gr_00004sq_v02.mrc", "square/08mar13e_00010gr_00004sq_v02.holes.csv"),
    ],
)
def test_the_true_spacing_of_real_images_comes_first(real_data, path, labels):
    from scipy.spatial import cKDTree

    holes = np.loadtxt(real_data / labels, delimiter=",", skiprows=1)[:, :2]
    true = np.median(cKDTree(holes).query(holes, 2)[0][:, 1])

    first = spacing_of(read_image(real_data / path).pixels.astype(np.float32))[0]

    assert first.spacing_px == pytest.approx(true, rel=0.05)
