"""What an environment changes, and what it leaves."""

from pathlib import Path

import yaml
from kedro.config import OmegaConfigLoader

from ptolemy_kedro.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[1] / "conf"


def test_the_demo_changes_the_epochs_and_nothing_else_of_the_network():
    base = yaml.safe_load((CONF / "base/parameters_low2med.yml").read_text())["cnn"]
    demo = OmegaConfigLoader(str(CONF), env="demo", **CONFIG_LOADER_ARGS)["parameters"]["cnn"]

    assert demo["train"]["epochs"] < base["train"]["epochs"]
    demo["train"]["epochs"] = base["train"]["epochs"]
    assert demo == base
