import numpy as np
import pytest

from ptolemy_kedro.squares import interiors


@pytest.fixture
def square_pixels():
    """Noise, and a mask of three squares of which one is hollow and one touches the corner."""
    rng = np.random.default_rng(4)
    mask = np.zeros((40, 50), np.int32)
    mask[5:20, 4:22], mask[24:38, 20:33], mask[30:40, 40:50] = 1, 3, 4
    mask[10:14, 10:15] = 0
    return rng.normal(1000, 5, mask.shape).astype(np.float32), mask


def test_mean_and_variance_are_those_of_the_pixels(square_pixels):
    pixels, mask = square_pixels

    count, mean, variance = interiors.count_mean_variance(interiors.read_interiors(pixels, mask))

    for number in (1, 3, 4):
        inside = pixels[mask == number].astype(float)
        assert count[number] == len(inside)
        assert mean[number] == pytest.approx(inside.mean(), abs=1e-3)
        assert variance[number] == pytest.approx(inside.var(), rel=1e-3)


def test_texture_skips_what_is_no_neighbour(square_pixels):
    pixels, mask = square_pixels
    steps = np.abs(np.diff(pixels, axis=1))

    texture = interiors.texture(interiors.read_interiors(pixels, mask))

    for number in (1, 3, 4):
        both = (mask[:, 1:] == number) & (mask[:, :-1] == number)
        assert texture[number] == pytest.approx(steps[both].mean(), rel=1e-4)


def test_the_middle_is_compared_with_the_rim(square_pixels):
    pixels, mask = square_pixels
    row, col = np.indices(mask.shape)
    centre, radius = np.zeros((5, 2)), np.ones(5)
    centre[3], radius[3] = (30.6, 26.2), 4.3

    difference = interiors.centre_over_rim(interiors.read_interiors(pixels, mask), centre, radius)

    near = np.hypot(row - 30.6, col - 26.2) < 4.3
    expected = pixels[near & (mask == 3)].mean() - pixels[~near & (mask == 3)].mean()
    assert difference[3] == pytest.approx(expected, abs=1e-2)
    assert difference[4] == 0, "no pixel of it lies within its circle"


def test_the_histogram_counts_every_pixel_in_its_square(square_pixels):
    pixels, mask = square_pixels

    counts, levels = interiors.read_interiors(pixels, mask).histogram(64)

    assert counts.sum(axis=1).tolist() == [0, *(int((mask == n).sum()) for n in (1, 2, 3, 4))]
    assert levels[[0, -1]] == pytest.approx([pixels[mask > 0].min(), pixels[mask > 0].max()], rel=1e-6)
