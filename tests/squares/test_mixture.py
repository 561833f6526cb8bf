import numpy as np
import pytest

from ptolemy_kedro.errors import ImageError
from ptolemy_kedro.squares.mixture import fit_mixture, poisson_boundary


@pytest.mark.parametrize("offset", [0.0, -2000.0, 3e4])
def test_finds_the_two_means_whatever_the_offset(offset):
    rng = np.random.default_rng(0)
    counts = np.concatenate([rng.poisson(20, 30_000), rng.poisson(120, 10_000)]).reshape(200, 200)

    mixture = fit_mixture(counts + offset)

    assert mixture.means == pytest.approx((20 + offset, 120 + offset), abs=2)
    assert mixture.pi == pytest.approx(0.25, abs=0.01)
    assert 20 + offset < mixture.threshold < 120 + offset


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.float32, np.float64])
def test_takes_every_type_of_pixel(dtype):
    image = np.repeat([[10, 100]], 64, axis=0).repeat(32, axis=1).astype(dtype)

    assert fit_mixture(image).means == pytest.approx((10, 100), abs=1)


@pytest.mark.parametrize("value", [0, -5, 255, 1e6])
def test_one_value_has_one_mean(value):
    mixture = fit_mixture(np.full((20, 30), value))

    assert mixture.means[0] == pytest.approx(value, abs=1e-2)
    assert np.isfinite(mixture.threshold)


def test_is_the_same_twice():
    image = np.random.default_rng(1).poisson(30, (50, 50))

    assert fit_mixture(image) == fit_mixture(image)


def test_no_finite_pixel_is_an_error():
    with pytest.raises(ImageError, match="no finite pixel"):
        fit_mixture(np.full((5, 5), np.nan))


def test_at_the_boundary_both_components_are_as_likely():
    dark, bright, pi = 10.0, 60.0, 0.3
    x = poisson_boundary(dark, bright, pi)

    likelihood = [np.log(share) + x * np.log(mean) - mean for share, mean in ((1 - pi, dark), (pi, bright))]
    assert likelihood[0] == pytest.approx(likelihood[1])
