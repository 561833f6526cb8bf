"""Trained models: when one is trained, and when it is not."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.models import small_ranker

from ptolemy_kedro.datasets import TrainedModelDataset
from ptolemy_kedro.training.model import TrainedModel
from ptolemy_kedro.training.promise import TrainingPromise


class Training:
    """Counts how often it is asked, and notes what a killed one left."""

    def __init__(self, killed: bool = False) -> None:
        self.asked, self.found, self.killed = 0, b"", killed

    def __call__(self, checkpoint: Path) -> TrainedModel:
        self.asked += 1
        self.found = checkpoint.read_bytes() if checkpoint.exists() else b""
        checkpoint.write_bytes(b"epoch 3")
        if self.killed:
            raise KeyboardInterrupt
        trained = small_ranker()
        return replace(trained, config={**trained.config, "origin": "simulated", "data_digest": "d"})


@pytest.fixture
def dataset(tmp_path: Path) -> TrainedModelDataset:
    return TrainedModelDataset(path=str(tmp_path / "square_cnn"), name="square-ranker")


def test_a_current_model_is_not_trained_again_and_a_stale_one_is(dataset):
    training = Training()
    for key in ("a", "a", "b", "b"):
        dataset.save(TrainingPromise(key, training))

    assert training.asked == 2
    assert dataset.load().sessions == small_ranker().sessions


def test_a_damaged_model_is_trained_again(dataset, tmp_path):
    training = Training()
    dataset.save(TrainingPromise("a", training))
    (tmp_path / "square_cnn/model.onnx").write_bytes(b"half")
    dataset.save(TrainingPromise("a", training))

    assert training.asked == 2
    assert dataset.load().onnx != b"half"


@pytest.mark.parametrize(("key", "found"), [("a", b"epoch 3"), ("b", b"")], ids=["same", "something else"])
def test_a_killed_training_goes_on_unless_something_else_is_trained(dataset, tmp_path, key, found):
    with pytest.raises(KeyboardInterrupt):
        dataset.save(TrainingPromise("a", Training(killed=True)))
    again = Training()
    dataset.save(TrainingPromise(key, again))

    assert again.found == found
    assert [path.name for path in tmp_path.iterdir()] == ["square_cnn"]
