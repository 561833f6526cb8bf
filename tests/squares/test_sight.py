import json

import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.simulation.seeds import TRAINING
from ptolemy_kedro.squares.crop_table import crop_table
from ptolemy_kedro.squares.crops import Crops
from ptolemy_kedro.squares.sight import (
    PERCEIVED,
    SIDES_PX,
    STATES,
    by_distance,
    folder,
    shipped_sight,
    with_sight,
)
from ptolemy_kedro.stored_crops import size_classes

SIDES = (14, 20, 60, 85, 150)


def crops_of_sides(sides=SIDES, seed=0, gain=1.0, offset=0.0):
    """Squares of foil in dark bars, some with specks, in any stored levels."""
    rng = np.random.default_rng(seed)
    pixels = []
    for side in sides:
        crop = np.full((side, side), 40.0)
        rim = side // 8
        crop[rim:-rim, rim:-rim] = rng.uniform(90, 140)
        crop[rng.integers(0, side, 4), rng.integers(0, side, 4)] -= 20
        pixels.append(np.rint(gain * crop + offset).astype(np.uint8))
    n = len(sides)
    ones = np.ones(n)
    return Crops(pixels, size_classes(pixels), ones, ones, np.array(sides, float), np.ones(n, np.int64))


def described(n, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=n) for name in shipped_sight().descriptors}


def test_small_squares_are_looked_at_from_afar():
    told = by_distance(crops_of_sides())

    assert [SIDES[at] for at in told["far"]] == [14, 20]
    assert [SIDES[at] for at in told["close"]] == [60, 85, 150]


def test_every_square_is_seen_and_its_states_are_chances():
    seen = shipped_sight().see(crops_of_sides(), described(len(SIDES)))

    assert tuple(seen) == PERCEIVED
    assert all(np.isfinite(values).all() and values.shape == (len(SIDES),) for values in seen.values())
    np.testing.assert_allclose(sum(seen[f"seems_{state}"] for state in STATES), 1, atol=1e-5)


def test_no_square_is_seen_as_none():
    seen = shipped_sight().see(crops_of_sides(()), described(0))

    assert {values.shape for values in seen.values()} == {(0,)}


@pytest.mark.parametrize(("gain", "offset"), [(1.5, 0.0), (1.0, 60.0), (0.8, 30.0)])
def test_the_levels_that_an_image_is_stored_in_do_not_matter(gain, offset):
    values = described(len(SIDES))
    plain = shipped_sight().see(crops_of_sides(), values)
    other = shipped_sight().see(crops_of_sides(gain=gain, offset=offset), values)

    for name in PERCEIVED:
        np.testing.assert_allclose(plain[name], other[name], atol=0.06)


def test_each_image_is_seen_by_its_own_light():
    first, second = crops_of_sides(seed=1), crops_of_sides(seed=2, gain=1.5)
    both = crops_of_sides(SIDES + SIDES)
    both.pixels[:] = first.pixels + second.pixels
    values = described(2 * len(SIDES))

    together = shipped_sight().see(both, values, np.repeat(["a", "b"], len(SIDES)))

    for part, crops in ((slice(0, 5), first), (slice(5, 10), second)):
        alone = shipped_sight().see(crops, {name: column[part] for name, column in values.items()})
        for name in PERCEIVED:
            np.testing.assert_allclose(together[name][part], alone[name], atol=1e-4)


def test_a_square_without_crop_is_told_in_a_line():
    crops = crop_table("s1", ["a", "b"], crops_of_sides((40, 50)))
    squares = pd.DataFrame({"session_id": "s1", "square_id": ["a", "c"], "image_id": "t1"})

    with pytest.raises(TableError, match="1 squares of s1 have no crop"):
        with_sight(squares, crops)


def test_crops_are_found_by_the_names_of_their_squares():
    crops = crop_table("s1", list("abcde"), crops_of_sides())
    values = described(5)
    squares = pd.DataFrame({"session_id": "s1", "square_id": list("abcde"), "image_id": "t1", **values})

    seen = with_sight(squares, crops)
    turned = with_sight(squares.iloc[::-1], crops.sample(frac=1, random_state=1))

    for name in PERCEIVED:
        np.testing.assert_allclose(seen[name], turned[name].iloc[::-1], atol=1e-5)


def test_the_networks_learnt_from_training_seeds():
    for name in SIDES_PX:
        sessions = json.loads((folder(name) / "sessions.json").read_text())

        assert {int(session.removeprefix("sim")) for session in sessions} <= set(TRAINING)
