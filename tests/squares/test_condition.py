import numpy as np
import pytest

from ptolemy_kedro.squares.condition import CONDITIONS, describe_condition
from ptolemy_kedro.squares.crops import Crops

EDGE, MARGIN = 100, 8
DARK, FULL, USUAL = 60.0, 200.0, 150.0


def crops(*pictures: np.ndarray) -> Crops:
    n = len(pictures)
    pixels = [np.clip(np.rint(p), 0, 255).astype(np.uint8) for p in pictures]
    return Crops(
        pixels, np.full(n, 128), np.zeros(n), np.ones(n), np.full(n, 116.0), np.ones(n, dtype=np.int64)
    )


def square(level: float = USUAL, seed: int = 0) -> np.ndarray:
    picture = np.full((EDGE + 2 * MARGIN,) * 2, DARK)
    picture[MARGIN:-MARGIN, MARGIN:-MARGIN] = level
    return picture + np.random.default_rng(seed).normal(0, 1.5, picture.shape)


def described(*pictures):
    """Among usual squares and an empty one, which tells how bright nothing is; the usual ones come first."""
    usual = [square(seed=k) for k in range(1, 5)]
    values = describe_condition(crops(*usual, *pictures, square(FULL)))
    return {name: value[: len(usual)].mean() for name, value in values.items()}, {
        name: value[len(usual) : -1] for name, value in values.items()
    }


def test_each_speck_is_counted_and_ice_that_comes_and_goes_slowly_is_none():
    dirty, sloped = square(), square()
    for row, col in ((30, 40), (60, 80), (75, 45), (50, 58)):
        dirty[row : row + 3, col : col + 3] *= 0.6
    sloped *= np.linspace(0.9, 1.1, len(sloped))[:, None]

    usual, odd = described(dirty, sloped)

    assert np.expm1(odd["speck_count"][0]) == pytest.approx(4, abs=1)
    assert odd["speck_count"][1] <= usual["speck_count"] + 0.7
    assert odd["speck_share"][0] > 5 * usual["speck_share"]


def test_a_crack_is_as_long_as_it_is():
    cracked = square()
    for step in range(50):
        cracked[30 + step, 35 + step : 37 + step] = FULL
    usual, odd = described(cracked)

    assert odd["crack_length"][0] == pytest.approx(50 * np.sqrt(2) / EDGE, rel=0.15)
    assert usual["crack_length"] < 0.05


def test_a_pool_deepens_and_a_tear_lets_the_light_through():
    pool, torn = square(), square()
    row, col = np.indices(pool.shape) - len(pool) / 2
    pool -= (USUAL - DARK - 30) * np.exp(-(row**2 + col**2) / 2 / 12**2)
    torn[30:70, 30:70] = FULL
    usual, odd = described(pool, torn)

    assert odd["pool_depth"][0] > usual["pool_depth"] + 0.5
    inside = 0.78**2 * 0.927 * EDGE**2  # of the square: a rounded one of exponent four
    window = 17  # that light is smoothed by: what lies within half of it of the tear's rim may not count
    assert (40 - window) ** 2 / inside < odd["torn_share"][1] < 40**2 / inside
    assert usual["torn_share"] == 0


def test_depth_is_the_log_of_the_share_of_the_light():
    usual, odd = described(square(100.0))

    assert usual["depth_usual"] == pytest.approx(-np.log((USUAL - DARK) / (FULL - DARK)), abs=0.08)
    assert odd["depth_usual"][0] == pytest.approx(-np.log((100 - DARK) / (FULL - DARK)), abs=0.08)


def test_no_crop_and_odd_crops_are_described():
    assert {name: value.shape for name, value in describe_condition(crops()).items()} == dict.fromkeys(
        CONDITIONS, (0,)
    )
    odd = describe_condition(crops(np.full((2, 2), 7), np.zeros((300, 20)), np.full((400, 400), 255)))
    assert all(np.isfinite(value).all() and len(value) == 3 for value in odd.values())
