import numpy as np
import pytest
import torch

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.squares import cnn
from ptolemy_kedro.squares.cnn import SquareNet, fit_cnn, to_onnx
from ptolemy_kedro.squares.cnn_options import CnnOptions
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.stored_crops import standardised
from ptolemy_kedro.training.options import TrainOptions

QUICK = CnnOptions(train=TrainOptions(epochs=2, batch_size=16))


def bright_and_dark(seed: int, n: int = 96):
    """Crops of which the brighter ones were selected, in four sessions."""
    rng = np.random.default_rng(seed)
    selected = rng.random(n) < 0.5
    crops = 128 + rng.normal(0, 5, (n, 1, 60, 60)) + 16 * selected[:, None, None, None]
    return crops.astype(np.uint8), np.where(selected, "selected", "rejected"), np.arange(n) % 4


@pytest.mark.parametrize("size_px", [30, 60, 120, 240])
def test_it_has_the_published_number_of_parameters_at_every_size(size_px):
    assert sum(p.numel() for p in SquareNet(size_px).parameters()) == 217_537


def test_at_the_published_size_every_convolution_is_followed_by_a_pool():
    kinds = [type(layer).__name__ for layer in SquareNet(240).features]

    assert kinds == ["Conv2d", "ReLU", "BatchNorm2d", "MaxPool2d"] * 5


def test_a_size_that_does_not_lead_to_the_head_is_refused():
    with pytest.raises(ValueError, match="does not halve"):
        SquareNet(100)


@pytest.mark.parametrize("size_px", [30, 60, 120])
def test_onnxruntime_and_torch_agree(size_px):
    torch.manual_seed(1)
    network = SquareNet(size_px)
    network.train()(torch.randn(8, 1, size_px, size_px))  # moves the batch norms off their start
    crops = torch.randn(5, 1, size_px, size_px)

    with torch.no_grad():
        expected = torch.sigmoid(network.eval()(crops)).numpy()

    np.testing.assert_allclose(OnnxModel(to_onnx(network, size_px)).run(crops.numpy()), expected, atol=1e-6)


def test_it_learns_to_tell_bright_from_dark():
    trained = fit_cnn(*bright_and_dark(0), QUICK)
    crops, labels, _ = bright_and_dark(1)

    scores = SquareRanker.of(trained).score_frames(crops)

    assert roc_auc(scores, labels == "selected") > 0.95
    assert list(trained.curve.columns) == ["epoch", "training_loss", "validation_loss", "seconds"]
    assert trained.config["parameters"] == 217_537


def test_the_same_seed_trains_the_same_network():
    assert fit_cnn(*bright_and_dark(0), QUICK).onnx == fit_cnn(*bright_and_dark(0), QUICK).onnx


def test_one_session_alone_cannot_be_split():
    crops, labels, sessions = bright_and_dark(0)
    with pytest.raises(TableError, match="two sessions"):
        fit_cnn(crops, labels, np.zeros_like(sessions), QUICK)


def test_training_copies_no_more_crops_than_a_batch(monkeypatch):
    frames, labels, sessions = bright_and_dark(0)
    labels[::7] = "unknown"
    largest, seen = 0, []

    def watched(crops):
        nonlocal largest
        largest = max(largest, len(crops))
        return cnn_standardised(crops)

    def keep(network, learn, judge, *others):
        seen.extend([learn, judge])
        return train(network, learn, judge, *others)

    cnn_standardised, train = cnn._standardised, cnn.train
    monkeypatch.setattr(cnn, "_standardised", watched)
    monkeypatch.setattr(cnn, "train", keep)
    fit_cnn(frames, labels, sessions, QUICK)

    assert all(np.shares_memory(examples.inputs.numpy(), frames) for examples in seen)
    assert sorted(np.concatenate([e.rows for e in seen])) == np.flatnonzero(labels != "unknown").tolist()
    assert largest < len(frames) / 2


def test_crops_are_standardised_in_training_as_at_the_microscope():
    frames = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)

    np.testing.assert_array_equal(cnn._standardised(torch.from_numpy(frames)).numpy(), standardised(frames))
