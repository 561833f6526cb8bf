import json

import pytest
from tests.models import model_folder, small_ranker

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.training.model import CONTENT, model_card, read_model


def test_a_model_comes_back_as_it_was_written(tmp_path):
    onnx, config = read_model(model_folder(tmp_path / "model"))

    assert onnx == small_ranker().onnx
    assert (config["name"], config["kind"], config["origin"]) == ("square-ranker", "logreg", "simulated")


def test_it_holds_no_pickle_and_says_what_it_learnt_from(tmp_path):
    folder = model_folder(tmp_path / "model")

    assert {p.suffix for p in folder.iterdir()} <= {".onnx", ".json", ".md", ".csv"}
    assert json.loads((folder / "sessions.json").read_text()) == ["s0", "s1", "s2", "s3"]
    assert "**simulated** sessions" in (folder / "card.md").read_text()
    assert "0.700 (0.600 to 0.800)" in (folder / "card.md").read_text()


@pytest.mark.parametrize("name", CONTENT)
def test_a_changed_or_missing_file_is_found(tmp_path, name):
    folder = model_folder(tmp_path / "model")
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(ModelError, match=f"{name} has changed"):
        read_model(folder)

    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"lacks {name}"):
        read_model(folder)


def test_an_empty_folder_is_no_model(tmp_path):
    with pytest.raises(ModelError, match="no model"):
        read_model(tmp_path)


def test_a_model_that_scores_nothing_says_in_its_card_what_it_is_for():
    config = {
        "name": "n",
        "kind": "sight",
        "origin": "simulated",
        "data_digest": "d",
        "meaning": "What is seen.",
    }

    assert "What is seen. Learnt on **simulated** sessions." in model_card(config, {}, ["s0"])
