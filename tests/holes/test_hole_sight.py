"""What sees holes: trained on a planted truth, shipped, and joined to what judges."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions
from ptolemy_kedro.holes.context import DESCRIPTORS
from ptolemy_kedro.holes.context_net import ContextNet
from ptolemy_kedro.holes.fit_sight import fit_sight
from ptolemy_kedro.holes.sight import SEEN, SIZE_PX, STATES, HoleSight, folder, shipped_sight
from ptolemy_kedro.holes.trees import fit_trees, joined_onnx
from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.registry import SHIPPED
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.simulation.seeds import TRAINING
from ptolemy_kedro.training.model import read_model
from ptolemy_kedro.training.options import TrainOptions


@pytest.fixture(scope="module")
def lessons():
    """Holes of ten sessions: the emptier, the brighter; one in four is cracked: bright on one side."""
    rng = np.random.default_rng(0)
    frames = rng.normal(128, 6, (600, 1, SIZE_PX, SIZE_PX))
    state = rng.choice(["iced", "cracked"], 600, p=[0.75, 0.25])
    frames[state == "cracked", :, :, SIZE_PX // 2 :] += 40
    ice_nm = np.exp(rng.normal(3.8, 0.8, 600))
    numbers = rng.normal(size=(600, len(DESCRIPTORS))).astype(np.float32)
    numbers[:, DESCRIPTORS.index("ice")] = np.log(ice_nm)
    truth = pd.DataFrame(
        {"ice_nm": ice_nm, "rank": 0.5, "dirt": 0.0, "around": 0.0, "bar": 40.0, "state": state}
    )
    return (
        np.clip(frames, 0, 255).astype(np.uint8),
        numbers,
        truth,
        np.repeat([f"s{k}" for k in range(10)], 60),
    )


def test_it_learns_to_see_what_is_there(lessons):
    trained = fit_sight(*lessons, TrainOptions(epochs=6, batch_size=64, learning_rate=2e-3))
    frames, numbers, truth, _ = lessons

    seen = pd.DataFrame(HoleSight(trained.onnx, "").see(frames, numbers), columns=list(SEEN))

    assert roc_auc(seen["seen_cracked"], (truth["state"] == "cracked").to_numpy()) > 0.95
    assert np.corrcoef(seen["seen_ice"], np.log(truth["ice_nm"]))[0, 1] > 0.9
    assert seen[[f"seen_{state}" for state in STATES]].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    assert trained.sessions == tuple(f"s{k}" for k in range(10))


def test_it_pays_no_heed_to_how_a_hole_was_found():
    numbers = np.random.default_rng(0).normal(size=(5, len(DESCRIPTORS))).astype(np.float32)
    frames = np.random.default_rng(1).integers(60, 200, (5, 1, SIZE_PX, SIZE_PX)).astype(np.uint8)
    otherwise = numbers.copy()
    for name in ("found_probability", "on_lattice"):
        otherwise[:, DESCRIPTORS.index(name)] = 7.0

    sight = shipped_sight()

    assert np.array_equal(sight.see(frames, numbers), sight.see(frames, otherwise))
    assert sight.see(frames[:0], numbers[:0]).shape == (0, len(SEEN))


def test_the_network_shipped_learnt_from_other_sessions_than_the_classifier_shipped():
    _, config = read_model(folder())
    learnt, others = (
        set(json.loads((place / "sessions.json").read_text()))
        for place in (folder(), SHIPPED / "hole-classifier")
    )

    assert config["descriptors"] == list(DESCRIPTORS) and config["seen"] == list(SEEN)
    assert not learnt & others
    assert {int(name.removeprefix("sim")) for name in learnt | others} <= set(TRAINING)


def test_the_classifier_shipped_was_trained_with_the_sight_shipped():
    assert read_model(SHIPPED / "hole-classifier")[1]["sight"] == shipped_sight().digest


def test_joined_to_a_judge_it_is_the_judge_on_what_was_seen():
    rng, wide = np.random.default_rng(0), len(DESCRIPTORS) + len(SEEN)
    frames = rng.integers(60, 200, (300, 1, SIZE_PX, SIZE_PX)).astype(np.uint8)
    numbers = rng.normal(size=(300, len(DESCRIPTORS))).astype(np.float32)
    sight = shipped_sight()
    wider = np.concatenate([numbers, sight.see(frames, numbers)], axis=1)
    trees = fit_trees(wider, numbers[:, 0] > rng.normal(size=300), np.ones(300), 20, 0)
    torch.manual_seed(0)
    options = HoleClassifierOptions(size_px=SIZE_PX, channels=4)
    network = ContextNet(options, torch.zeros(wide), torch.ones(wide)).eval()
    pixels = frames.reshape(300, -1).astype(np.float32)

    joined = OnnxModel(joined_onnx(network, trees, (1.5, 0.5), -0.2, sight))

    with torch.no_grad():
        logits = network(torch.from_numpy(np.concatenate([pixels, wider], axis=1))).numpy()
    expected = 1 / (1 + np.exp(-(1.5 * logits + 0.5 * trees.decision_function(wider) - 0.2)))
    assert joined.run(np.concatenate([pixels, numbers], axis=1)) == pytest.approx(expected, abs=1e-4)
