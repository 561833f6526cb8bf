import importlib.machinery
import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from ptolemy_kedro.holes.localiser import HoleLocaliser
from ptolemy_kedro.registry import SHIPPED
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.training.model import read_model

SCRIPT = Path(__file__).parents[1] / "scripts" / "train_hole_localiser"
NAME = "hole-localiser"


@pytest.fixture
def script():
    loader = importlib.machinery.SourceFileLoader("train_hole_localiser", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("train_hole_localiser", loader))
    loader.exec_module(module)
    return module


def test_weights_are_measured_without_being_changed(script, tmp_path, monkeypatch, capsys):
    folder = tmp_path / NAME
    shutil.copytree(SHIPPED / NAME, folder)
    before, config = read_model(folder)
    arguments = ["--measure-only", "--release-from", "100", "--release-images", "3", "--to", str(folder)]
    monkeypatch.setattr("sys.argv", ["train_hole_localiser", *arguments])

    script.main()

    after, measured = read_model(folder)
    assert after == before
    assert measured["calibration"] == config["calibration"]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["seeds"] == "30100 to 30102"
    assert 0 <= metrics["recall"]["low"] <= metrics["recall"]["value"] <= metrics["recall"]["high"] <= 1
    assert HoleLocaliser(OnnxModel(after), measured).radius_px == 10
    assert "simulated" in (folder / "card.md").read_text()
