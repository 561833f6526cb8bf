import numpy as np
import pytest

from ptolemy_kedro.errors import ImageError
from ptolemy_kedro.holes.resample import Pyramid, from_scaled, scaled, stretched, to_scaled


def blob(centre, shape=(120, 90), sd=4.0):
    rows, cols = np.indices(shape)
    return np.exp(-0.5 * ((rows - centre[0]) ** 2 + (cols - centre[1]) ** 2) / sd**2).astype(np.float32)


def centre_of(image):
    rows, cols = np.indices(image.shape)
    return np.array([(rows * image).sum(), (cols * image).sum()]) / image.sum()


@pytest.mark.parametrize("scale", [0.13, 0.31, 0.5, 0.77, 1.0, 1.4, 3.0])
def test_what_is_at_a_point_is_at_its_scaled_point(scale):
    image = scaled(blob((50.3, 41.7)), scale)

    np.testing.assert_allclose(centre_of(image), to_scaled(np.array([50.3, 41.7]), scale), atol=0.05)


@pytest.mark.parametrize("scale", [0.2, 0.6, 1.7])
def test_an_image_scaled_covers_as_much(scale):
    image = blob((50.3, 41.7))

    assert scaled(image, scale).sum() / scale**2 == pytest.approx(image.sum(), rel=0.02)
    assert scaled(image, scale).shape == (round(120 * scale), round(90 * scale))


def test_scaling_points_back_gives_the_points():
    points = np.array([[0.0, 0.0], [12.5, -3.0]])

    np.testing.assert_allclose(from_scaled(to_scaled(points, 0.37), 0.37), points)


@pytest.mark.parametrize("scale", [0.06, 0.2, 0.5, 0.8, 2.0])
def test_a_pyramid_gives_what_scaling_the_stretched_image_gives(scale):
    image = blob((50.3, 41.7), sd=30.0) * 1000 - 200

    expected = scaled(stretched(image), scale)

    np.testing.assert_allclose(Pyramid(image).at(scale), expected, atol=0.03)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, np.float64])
def test_grey_levels_are_between_dark_and_bright_for_every_type(dtype):
    image = (blob((50.3, 41.7)) * 200).astype(dtype)

    grey = stretched(image)

    assert grey.dtype == np.float32
    assert grey.min() >= -0.25
    assert 0.9 < grey.max() <= 1.25


def test_one_grey_level_is_no_error():
    assert np.isfinite(stretched(np.full((20, 30), 7.0))).all()


def test_an_image_without_a_finite_pixel_is_refused():
    with pytest.raises(ImageError, match="finite"):
        Pyramid(np.full((20, 30), np.nan))
