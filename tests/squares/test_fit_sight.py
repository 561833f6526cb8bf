import numpy as np

from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.squares.fit_sight import SightLessons, fit_sight
from ptolemy_kedro.squares.sight import MEASURED, PERCEIVED, STATES, bright


def lessons(n=720, side=32, seed=0):
    """Small squares whose ice takes light, those of one image side by side; empty where all of it passes."""
    rng = np.random.default_rng(seed)
    ice = rng.normal(4.3, 0.85, n).astype(np.float32)
    empty = rng.random(n) < 0.2
    level = np.where(empty, 200, 40 + 130 * np.exp(-np.exp(ice) / 200))
    frames = np.full((n, side, side), 40, np.uint8)
    frames[:, 8:-8, 8:-8] = np.rint(level + rng.normal(0, 3, n))[:, None, None]
    measured = np.tile(np.array([4.3, 0.6, 1.2, 0.62, 0.03], np.float32), (n, 1))
    measured[:, 0] = ice
    state = np.where(empty, STATES.index("empty"), 0)
    light = np.tile(np.array([40, 200], np.float32), (n, 1))
    return SightLessons(frames, light, np.zeros((n, 3), np.float32), measured, state, np.arange(n) // 24)


def test_what_can_be_seen_is_learnt_and_survives_the_export():
    model = fit_sight("far", lessons(), ("s1",), epochs=12)
    others = lessons(seed=1)

    pixels = bright(others.frames, others.light).reshape(len(others.frames), -1)
    seen = OnnxModel(model.onnx).run(np.concatenate([pixels, others.looks], axis=1))

    assert seen.shape == (len(pixels), len(PERCEIVED))
    empty = others.state == STATES.index("empty")
    assert (seen[:, len(MEASURED) + STATES.index("empty")] > 0.5)[empty].mean() > 0.9
    assert np.corrcoef(seen[~empty, 0], others.measured[~empty, 0])[0, 1] > 0.8
    assert model.curve["training_loss"].iloc[-1] < model.curve["training_loss"].iloc[0]
