"""The ranker that comes with the package: small, fast, and no friend of squares without foil."""

import json
import time

import numpy as np
import pytest
from tests.squares.drawing import draw_grid

from ptolemy_kedro.registry import SHIPPED
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.simulation.seeds import RELEASE, TRAINING
from ptolemy_kedro.squares.descriptors import describe
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.targeting import rank_squares
from ptolemy_kedro.training.model import read_model

FOLDER = SHIPPED / "square-ranker"


@pytest.fixture(scope="module")
def ranker():
    onnx, config = read_model(FOLDER)
    return SquareRanker(OnnxModel(onnx), config)


def test_it_learnt_from_training_seeds_and_was_measured_on_seeds_kept_for_that(ranker):
    sessions = {int(name.removeprefix("sim")) for name in json.loads((FOLDER / "sessions.json").read_text())}
    measured = json.loads((FOLDER / "metrics.json").read_text())

    assert sessions <= set(TRAINING)
    assert {int(seed) for seed in measured["seeds"].split(" to ")} <= set(RELEASE)
    assert ranker.config["origin"] == "simulated"


def test_it_ranks_better_than_chance_beyond_its_interval():
    measured = json.loads((FOLDER / "metrics.json").read_text())

    assert measured["roc_auc_within_session"]["low"] > 0.5


def test_it_is_small_and_scores_a_tile_in_ten_milliseconds(ranker):
    values = {name: np.random.default_rng(0).normal(size=48) for name in ranker.config["descriptors"]}
    times = []
    for _ in range(20):
        started = time.perf_counter()
        ranker.score(values)
        times.append(time.perf_counter() - started)

    assert (FOLDER / "model.onnx").stat().st_size < 600_000
    assert min(times) < 0.010


def foil(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A grid of holey foil under a little noise, and the middles of its whole squares."""
    image, middles = draw_grid(shape=(700, 700), edge=80, angle_deg=15)
    row, col = np.indices(image.shape)
    image[image > 100] = 130
    image[(image > 100) & (row % 8 < 3) & (col % 8 < 3)] = 170
    return image + np.random.default_rng(seed).normal(0, 3, image.shape).astype(np.float32), middles


@pytest.mark.parametrize("level", [200.0, 15.0], ids=["empty", "of opaque ice"])
def test_a_square_that_nobody_could_use_comes_last(ranker, level):
    image, middles = foil(seed=1)
    at = middles[np.linalg.norm(middles - 350, axis=1).argmin()]
    near = np.linalg.norm(np.indices(image.shape) - at[:, None, None], ord=np.inf, axis=0) < 45
    image[near & (image > 60)] = level if level > 100 else 60.0

    ranked = rank_squares(image, ranker)

    last = np.linalg.norm(ranked.squares.centres - at, axis=1).argmin()
    inner = np.flatnonzero(~ranked.squares.cut)
    assert ranked.scores[last] <= ranked.scores[inner].min() + 1e-9


def test_the_empty_squares_of_the_real_tile_come_last(ranker, real_data):
    from ptolemy_kedro.archive.images import read_image

    pixels = read_image(real_data / "lowmag" / "20may08a_16760340.mrc", "tile").pixels
    ranked = rank_squares(pixels, ranker)

    empty = describe(pixels, ranked.squares)["near_vacuum"] > 0.5  # two, seen on the tile
    assert empty.sum() == 2
    assert np.flatnonzero(empty).min() >= len(ranked) - 4
