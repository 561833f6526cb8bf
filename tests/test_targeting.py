import dataclasses
import time

import numpy as np
import pytest
from tests.models import small_ranker

from ptolemy_kedro import targeting
from ptolemy_kedro.errors import ModelError, PtolemyError
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.squares.cnn import SquareNet, to_onnx
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.squares.segmentation import SegmentOptions, find_squares
from ptolemy_kedro.targeting import rank_squares


def tile(columns: int = 4) -> np.ndarray:
    """Bright squares of 50 px, 90 px apart, in three rows; the first column is cut by the edge."""
    image = np.random.default_rng(1).poisson(20, (270, 90 * columns)).astype(np.float32)
    for row in (45, 135, 225):
        for col in range(0, 90 * columns, 90):
            image[row - 25 : row + 25, max(col - 25, 0) : col + 25] += 180 + col / 10
    return image


@pytest.fixture(scope="module")
def cnn():
    return SquareRanker(
        OnnxModel(to_onnx(SquareNet(30).eval(), 30)), {"kind": "cnn", "crop": {"size_px": 30}}
    )


@pytest.mark.parametrize("kind", ["logreg", "cnn"])
def test_squares_come_best_first_each_with_its_own_score(kind, cnn):
    ranker = cnn if kind == "cnn" else SquareRanker.of(small_ranker())

    ranked = rank_squares(tile(), ranker)

    assert len(ranked) == len(ranked.squares) == 12
    assert (np.diff(ranked.scores) <= 0).all()
    assert sorted(map(tuple, ranked.squares.centres)) == sorted(map(tuple, find_squares(tile()).centres))


def test_the_image_is_not_changed_and_the_answer_names_the_model():
    image = tile()
    before = image.copy()

    ranked = rank_squares(image, SquareRanker.of(small_ranker()))

    np.testing.assert_array_equal(image, before)
    assert ranked.model == "logreg unregistered (logreg, trained on unknown sessions)"


def test_segmentation_is_done_as_the_model_was_trained():
    strict = {"segmentation": dataclasses.asdict(SegmentOptions(min_contrast=1000.0))}
    trained = small_ranker()

    assert len(rank_squares(tile(), SquareRanker(OnnxModel(trained.onnx), {**trained.config, **strict}))) == 0


@pytest.mark.parametrize("segmentation", [{"sharpness": 3}, {"min_contrast": "high"}])
def test_a_segmentation_of_another_version_is_named(segmentation):
    trained = small_ranker()
    ranker = SquareRanker(OnnxModel(trained.onnx), {**trained.config, "segmentation": segmentation})

    with pytest.raises(ModelError, match="Train it anew"):
        rank_squares(tile(), ranker)


def test_crops_are_cut_as_the_model_was_trained(cnn, monkeypatch):
    margins = []
    cut = targeting.cut_crops
    monkeypatch.setattr(targeting, "cut_crops", lambda *a: margins.append(a[2].margin) or cut(*a))

    rank_squares(tile(), SquareRanker(cnn.model, {**cnn.config, "crop": {"size_px": 30, "margin": 0.31}}))

    assert margins == [0.31]


def test_crops_of_another_version_are_named(cnn):
    ranker = SquareRanker(cnn.model, {**cnn.config, "crop": {"size_px": 30, "shear": 2}})

    with pytest.raises(ModelError, match="Train it anew"):
        rank_squares(tile(), ranker)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_an_image_of_one_value_has_no_squares(value, cnn):
    assert len(rank_squares(np.full((200, 200), value), cnn)) == 0


def test_an_image_without_numbers_is_refused_or_empty(cnn):
    try:
        assert len(rank_squares(np.full((200, 200), np.nan), cnn)) == 0
    except PtolemyError as refused:
        assert "\n" not in refused.line()


def test_the_real_tile_takes_less_than_a_second_of_work(real_data):
    """A loose guard against slowness; benchmarks/lowmag.py measures the bar."""
    from ptolemy_kedro.archive.images import read_image

    pixels = read_image(real_data / "lowmag" / "20may08a_16760340.mrc", "tile").pixels
    ranker = SquareRanker.of(small_ranker())
    rank_squares(pixels, ranker)

    times = []
    for _ in range(3):
        started = time.process_time()
        assert len(rank_squares(pixels, ranker)) >= 47
        times.append(time.process_time() - started)
    assert min(times) < 1
