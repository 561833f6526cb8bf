"""Images have the noise, the orientation and the numbers that the camera gives them."""

from dataclasses import replace

import numpy as np
import pytest

from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation.optics import HELD_OUT_PRESETS, TRAINING_PRESETS, draw_optics, expose, store
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import draw_grid
from ptolemy_kedro.simulation.tile import Aperture, render_tile, render_transmission


@pytest.fixture
def plain():
    optics = draw_optics(generator(1, "optics"), "training")
    preset = replace(optics.preset, dtype="float32")
    return replace(
        optics,
        preset=preset,
        dose=100.0,
        gain=1.0,
        offset=0.0,
        read_noise=0.0,
        ramp=(0.0, 0.0),
        vignette=0.0,
        glow=0.0,
    )


@pytest.mark.parametrize("electrons", [4.0, 30.0, 400.0])
def test_noise_is_that_of_counted_electrons(plain, electrons):
    image = expose(generator(1, "noise"), np.ones((256, 256), np.float32), replace(plain, dose=electrons))

    assert image.mean() == pytest.approx(electrons, rel=0.02)
    assert image.var() == pytest.approx(electrons, rel=0.06)


@pytest.mark.parametrize("dtype", ["int16", "uint16"])
def test_counts_beyond_the_dtype_are_clipped_not_wrapped(dtype):
    stored = store(np.array([[-1e6, 1e6]], dtype=np.float32), dtype)
    assert stored.tolist() == [[np.iinfo(dtype).min, np.iinfo(dtype).max]]


def test_presets_held_out_are_not_trained_on():
    assert not {p.name for p in HELD_OUT_PRESETS} & {p.name for p in TRAINING_PRESETS}


def test_optics_may_mirror_but_never_stretch():
    for seed in range(10):
        axes = draw_optics(generator(seed, "optics"), "any").axes()
        np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-12)


def test_nothing_passes_beyond_the_aperture(plain):
    grid = draw_grid(generator(3, "grid"))
    field = StageMap.centred((200, 200), 10_000, (0.0, 0.0))
    image = render_tile(generator(3, "n"), grid, plain, field, (200, 200), Aperture((0.0, 0.0), 50.0))
    assert image[:20].max() < 20 < image[60:140, 60:140].max()


def test_a_tile_shows_the_same_specimen_as_a_shifted_one():
    grid = draw_grid(generator(5, "grid"))
    field = StageMap.centred((300, 300), 5_000, (0.0, 0.0))
    shifted = StageMap(field.matrix, field.matrix @ np.array([100.0, 40.0]) + field.offset)

    whole, moved = (render_transmission(grid, f, (300, 300), 1.0) for f in (field, shifted))

    np.testing.assert_allclose(whole[100:, 40:], moved[:200, :260], atol=0.02)
