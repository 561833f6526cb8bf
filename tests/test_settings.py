"""What an environment changes, and what it leaves."""

from collections import Counter
from pathlib import Path

import pytest
import yaml
from kedro.config import OmegaConfigLoader

from ptolemy_kedro.evaluation.splits import SplitOptions, assign
from ptolemy_kedro.holes.crops import HoleCropOptions
from ptolemy_kedro.holes.finding import LocateOptions
from ptolemy_kedro.settings import CONFIG_LOADER_ARGS
from ptolemy_kedro.simulation import SimulateOptions
from ptolemy_kedro.squares.classifiers import ForestOptions, LogregOptions
from ptolemy_kedro.squares.crops import CropOptions
from ptolemy_kedro.squares.ranker_options import RankerOptions
from ptolemy_kedro.squares.segmentation import SegmentOptions

CONF = Path(__file__).parents[1] / "conf"


def test_the_demo_changes_the_epochs_and_nothing_else_of_the_network():
    base = yaml.safe_load((CONF / "base/parameters_low2med.yml").read_text())["cnn"]
    demo = OmegaConfigLoader(str(CONF), env="demo", **CONFIG_LOADER_ARGS)["parameters"]["cnn"]

    assert demo["train"]["epochs"] < base["train"]["epochs"]
    demo["train"]["epochs"] = base["train"]["epochs"]
    assert demo == base


@pytest.mark.parametrize("block", ["localiser", "hole_padding", "hole_average_pooling", "hole_classifier"])
def test_the_demo_trains_the_networks_of_holes_as_long_or_shorter_and_as_they_are(block):
    base = yaml.safe_load((CONF / "base/parameters_med2high.yml").read_text())[block]
    demo = OmegaConfigLoader(str(CONF), env="demo", **CONFIG_LOADER_ARGS)["parameters"][block]

    free = {"train", "patches_an_image"}
    assert {k: v for k, v in demo.items() if k not in free} == {
        k: v for k, v in base.items() if k not in free
    }
    assert demo["train"] | {"epochs": 0} == base["train"] | {"epochs": 0}


def test_the_demo_holds_out_enough_sessions_to_decide_what_is_promoted():
    demo = OmegaConfigLoader(str(CONF), env="demo", **CONFIG_LOADER_ARGS)["parameters"]
    options = SimulateOptions(**demo["simulate"])
    samples = {f"sim{seed}": () for seed in range(options.seed, options.seed + options.sessions)}

    parts = Counter(assign({}, samples, SplitOptions(**demo["split"])).values())

    assert parts["held_out"] >= demo["promote"]["fewest_sessions"]
    assert parts["train"] >= 4 and min(parts["validation"], parts["test"]) >= 2


@pytest.mark.parametrize(("block", "options"), [("locate", LocateOptions), ("hole_crop", HoleCropOptions)])
def test_the_flows_locate_holes_as_the_doors_do(block, options):
    configured = yaml.safe_load((CONF / "base/parameters_med2high.yml").read_text())[block]

    assert options(**configured) == options()


@pytest.mark.parametrize(
    ("block", "options"),
    [
        ("segment", SegmentOptions),
        ("crop", CropOptions),
        ("logreg", LogregOptions),
        ("forest", ForestOptions),
        ("ranker", RankerOptions),
    ],
)
def test_the_flows_work_with_what_the_shipped_weights_were_made_with(block, options):
    configured = yaml.safe_load((CONF / "base/parameters_low2med.yml").read_text())[block]

    assert options(**configured) == options()
