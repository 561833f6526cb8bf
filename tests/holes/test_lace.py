import numpy as np
import pytest
from scipy import ndimage
from tests.holes.fields import draw_field

from ptolemy_kedro.holes.finding import LocateOptions, _is_convincing, find_holes
from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.holes.lace import PROBABILITY, find_gaps
from ptolemy_kedro.holes.resample import Pyramid
from ptolemy_kedro.shipped import hole_localiser


def web(seed: int, gap_px: float = 30.0, contrast: float = 0.4, noise: float = 0.03, shape=(400, 500)):
    """Draw a web of strands: the zero-lines of smooth noise; the image, and where it is open."""
    rng = np.random.default_rng(seed)
    height = np.abs(ndimage.gaussian_filter(rng.normal(size=shape), gap_px / 2))
    open_ = height > np.quantile(height, 0.35)
    light = ndimage.gaussian_filter(1 - contrast * ~open_, 1.0)
    slope = np.linspace(0.8, 1.2, shape[1])
    return (1000 * light * slope * (1 + noise * rng.normal(size=shape))).astype(np.float32), open_


@pytest.mark.parametrize("seed", range(4))
def test_circles_lie_in_the_gaps_and_fill_them(seed):
    image, open_ = web(seed)

    gaps = find_gaps(Pyramid(image))

    rows, cols = np.mgrid[: image.shape[0], : image.shape[1]]
    covered = np.zeros(image.shape, bool)
    for (row, col), radius in zip(gaps.centres, gaps.radius_px, strict=True):
        circle = np.hypot(rows - row, cols - col) < 0.9 * radius
        assert open_[circle].mean() > 0.9
        covered |= circle
    assert covered[open_].mean() > 0.35  # gaps are no circles: what is left are their arms
    assert (np.diff(gaps.radius_px) <= 0).all()


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_a_web_of_any_size_is_seen_where_it_is(scale):
    image, _ = web(1)
    larger = ndimage.zoom(image, scale, order=1)

    one, other = find_gaps(Pyramid(image)), find_gaps(Pyramid(larger))

    assert len(other.centres) == pytest.approx(len(one.centres), rel=0.35)
    assert np.median(other.radius_px) == pytest.approx(scale * np.median(one.radius_px), rel=0.3)


def grain() -> np.ndarray:
    return np.random.default_rng(0).normal(1000, 100, (400, 500)).astype(np.float32)


def clouds() -> np.ndarray:
    rng = np.random.default_rng(1)
    smooth = ndimage.gaussian_filter(rng.normal(size=(400, 500)), 25)
    return (1000 * (1 + 0.2 * smooth / smooth.std()) + rng.normal(0, 20, smooth.shape)).astype(np.float32)


def slope() -> np.ndarray:
    return np.linspace(0, 1000, 400)[:, None].repeat(500, axis=1).astype(np.float32)


def strip() -> np.ndarray:
    return np.random.default_rng(0).normal(1000, 50, (4, 700)).astype(np.float32)


def flat() -> np.ndarray:
    return np.full((400, 500), 7, np.float32)


def holes() -> np.ndarray:
    return draw_field((400, 500), 14, 60)[0].astype(np.float32)


@pytest.mark.parametrize("draw", [grain, clouds, slope, strip, flat, holes])
def test_what_is_no_web_shows_no_gaps(draw):
    assert find_gaps(Pyramid(draw())) is None


@pytest.mark.parametrize(
    ("probability", "looks"), [((0.9, 0.8), False), ((0.87,), True), ((0.65, 0.54, 0.53), True), ((), True)]
)
def test_a_web_is_looked_for_where_what_was_found_is_not_sure(probability, looks):
    count = len(probability)
    found = FoundHoles(np.zeros((count, 2)), np.ones(count), np.array(probability))

    assert _is_convincing(found) is not looks


def test_the_gaps_of_a_web_are_reported_on_no_lattice():
    image, _ = web(2)

    found = find_holes(image, hole_localiser())

    gaps = find_gaps(Pyramid(image))
    assert len(found) == len(gaps.centres) > 5
    assert (found.probability == PROBABILITY).all() and (found.lattice == -1).all()


def test_gaps_below_the_threshold_take_nothing_from_what_was_found():
    image, localiser = web(3)[0], hole_localiser()

    found = find_holes(image, localiser, options=LocateOptions(threshold=0.56))

    assert PROBABILITY < 0.56 and len(found) and (found.probability >= 0.56).all()
