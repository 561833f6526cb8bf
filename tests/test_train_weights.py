import importlib.machinery
import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "train_weights"


@pytest.fixture
def script():
    loader = importlib.machinery.SourceFileLoader("train_weights", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("train_weights", loader))
    loader.exec_module(module)
    return module


def test_simulated_sessions_are_kept_under_the_code_that_made_them(script, tmp_path, monkeypatch):
    simulator = tmp_path / "simulation"
    simulator.mkdir()
    (simulator / "__init__.py").write_text("")
    monkeypatch.setattr(script.simulation, "__file__", str(simulator / "__init__.py"))
    before = script.code()
    assert script.code() == before

    (simulator / "tile.py").write_text("HAZE = 2")
    with_haze = script.code()
    monkeypatch.setattr(script, "code_of", lambda work: f"another {work.__name__}")

    assert len({before, with_haze, script.code()}) == 3


def test_what_a_killed_run_left_is_taken_up_and_nothing_half_written(script, tmp_path, monkeypatch):
    made = []

    def simulate_one(seed, tiles, size_px):
        made.append(seed)
        if len(made) == 2:
            raise KeyboardInterrupt
        return pd.DataFrame({"session_id": [f"sim{seed:05d}"]}), np.zeros((1, 1, 30, 30), np.uint8)

    monkeypatch.setattr(script, "_simulate_one", simulate_one)
    script._simulated(3, 1, 30, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        script._simulated(4, 1, 30, tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == ["sim00003"]

    again = [script._simulated(seed, 1, 30, tmp_path)[0]["session_id"][0] for seed in (3, 4)]
    assert again == ["sim00003", "sim00004"] and made == [3, 4, 4]


def test_the_seeds_that_measure_the_weights_train_nothing(script):
    assert not set(script.RELEASE) & set(script.TRAINING)
