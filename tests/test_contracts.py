"""The project keeps its own rules: imports, catalog, parameters."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def flows() -> dict[str, Pipeline]:
    bootstrap_project(ROOT)
    return dict(pipelines)


@pytest.fixture(scope="module")
def conf() -> OmegaConfigLoader:
    return OmegaConfigLoader(str(ROOT / "conf"), base_env="base", default_run_env="base")


def typed_blocks(flows: dict[str, Pipeline]) -> dict[str, type]:
    from kedro.validation.type_extractor import TypeExtractor

    return TypeExtractor(flows).extract_types_from_pipelines()


def test_imports_keep_to_the_architecture():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_every_catalog_entry_is_used_and_every_dataset_has_an_entry(flows, conf):
    used = {name for flow in flows.values() for name in flow.datasets() if not name.startswith("params:")}
    entries = {name for name in conf["catalog"] if not name.startswith("_")}
    assert used == entries


def test_every_parameter_is_used_and_typed(flows, conf):
    used = {
        name.removeprefix("params:")
        for flow in flows.values()
        for name in flow.inputs()
        if name.startswith("params:")
    }
    assert used == set(conf["parameters"]) == set(typed_blocks(flows))


def test_every_parameter_has_a_field_and_a_value_it_can_have(flows, conf):
    for block, kind in typed_blocks(flows).items():
        assert dataclasses.is_dataclass(kind)
        fields = {field.name for field in dataclasses.fields(kind)}
        assert set(conf["parameters"][block]) <= fields, block
        kind(**conf["parameters"][block])


def test_the_default_story_is_all_flows_but_the_simulation(flows):
    parts = ("ingest", "low2med", "med2high", "report")
    whole = set().union(*(flows[name].nodes for name in parts))
    story = flows["__default__"]

    assert whole <= set(story.nodes)
    beside = {node.name for node in story.nodes if node not in whole}
    assert beside == {node.name for node in flows["target"].nodes} | {"take_models"}


def test_what_training_hands_over_is_targeted_with_after_it(flows):
    names = [node.name for group in flows["__default__"].grouped_nodes for node in group]

    for trained in ("choose_challenger", "choose_hole_challenger", "put_localiser_forward"):
        assert names.index(trained) < names.index("take_models")
    assert names.index("take_models") < names.index("rank_squares") < names.index("judge_holes")


def test_the_truth_of_a_simulation_is_read_by_no_flow(flows):
    assert all("simulated_sessions" not in flow.inputs() for flow in flows.values())


@pytest.mark.parametrize("environment", ["base", "prod"])
def test_the_demo_is_allowed_in_base_only(environment):
    allowed = yaml.safe_load((ROOT / "conf" / environment / "globals.yml").read_text())["allow_demo"]
    assert allowed == (environment == "base")


def fields() -> list[tuple[str, str]]:
    bootstrap_project(ROOT)
    found: list[tuple[str, str]] = []
    for block, kind in sorted(typed_blocks(dict(pipelines)).items()):
        found += [(block, name) for name in paths_of(kind)]
    return found


def paths_of(kind: Any, prefix: str = "") -> list[str]:
    names: list[str] = []
    for field in dataclasses.fields(kind):
        inner = field.type
        if isinstance(inner, type) and dataclasses.is_dataclass(inner):
            names += paths_of(inner, f"{prefix}{field.name}.")
        else:
            names.append(prefix + field.name)
    return names


@pytest.mark.parametrize(("block", "field"), fields(), ids=lambda part: part)
def test_a_wrong_value_ends_in_one_clear_line(block, field, monkeypatch):
    from kedro.framework.session import KedroSession

    from ptolemy_kedro.cli import one_line

    monkeypatch.chdir(ROOT)
    wrong: Any = ["sideways"]
    for name in reversed(field.split(".")):
        wrong = {name: wrong}
    bootstrap_project(ROOT)
    with (
        KedroSession.create(ROOT, runtime_params={block: wrong}) as session,
        pytest.raises(Exception) as caught,
    ):
        session.run(pipeline_names=["simulate", "__default__", "retrain"])

    line = one_line(caught.value)
    assert line is not None and "\n" not in line
    assert block in line and field.split(".")[-1] in line and "sideways" in line


def test_the_command_prints_one_line_and_fails(monkeypatch):
    from ptolemy_kedro.cli import cli

    monkeypatch.chdir(ROOT)
    bootstrap_project(ROOT)
    answer = CliRunner().invoke(cli, ["run", "--pipeline=simulate", "--params=simulate.tiles=-1"])

    assert answer.exit_code == 1
    assert [line for line in answer.output.splitlines() if line.startswith("error:")] == [
        line for line in answer.output.splitlines() if "tiles" in line and line.startswith("error:")
    ]
    assert "Traceback" not in answer.output
