"""The flow that targets in a new session: what it leaves behind, and what it says where it cannot."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.spatial import cKDTree
from tests.flows import Project
from tests.survey import scene

from ptolemy_kedro import champions, registry, tables
from ptolemy_kedro.archive.serialem.importer import SerialEM
from ptolemy_kedro.home import Home
from ptolemy_kedro.simulation import SimulateOptions, simulate_session, write

SEED = 20_003
SMALL = SimulateOptions(tiles=2, tile_px=512, squares_a_tile=12, atlas_px=256, medium_images=3, medium_px=720)
MODELS = ("hole-classifier", "hole-localiser", "square-ranker")


def project_with_models(folder: Path) -> Project:
    """The project with the shipped models in use."""
    project = Project(folder)
    path = project.data / "06_models" / "home"
    home = Home(path, f"sqlite:///{path / 'registry' / 'mlflow.db'}")
    for name in MODELS:
        champions.export(home, name, 1, registry.SHIPPED / name)
    return project


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A simulated session, and the truth beside it."""
    folder = tmp_path_factory.mktemp("new")
    return write(simulate_session(SEED, SMALL), folder / "session", folder / "truth")


@pytest.fixture(scope="module")
def project(tmp_path_factory, session):
    project = project_with_models(tmp_path_factory.mktemp("project"))
    done = project.run("--pipeline=target", f"--params=session={session}")
    assert done.returncode == 0, done.stderr[-3000:]
    return project


@pytest.fixture(scope="module")
def made(project):
    return project.data / "08_reporting" / "target" / f"sim{SEED}"


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("target_squares", tables.TargetSquares),
        ("target_holes", tables.TargetHoles),
        ("target_plan", tables.Plan),
    ],
)
def test_each_table_is_valid_and_lies_beside_the_page_as_csv(project, made, name, schema):
    table = project.table(name, "07_model_output")

    assert len(tables.validate(schema, table, name)) > 0
    as_csv = pd.read_csv(made / f"{name.removeprefix('target_')}.csv")
    assert list(as_csv.columns) == list(table.columns) and len(as_csv) == len(table)


def test_the_holes_are_those_of_the_truth(project, session):
    found = project.table("target_holes", "07_model_output")
    truth = pd.read_parquet(session.parent / "truth" / "holes.parquet")
    truth = truth[truth["open"] & truth["image_id"].isin(found["image_id"])]

    hits = 0
    for image_id, holes in truth.groupby("image_id"):
        here = found.loc[found["image_id"] == image_id, ["row_px", "col_px"]].to_numpy(float)
        distance, _ = cKDTree(here).query(holes[["row_px", "col_px"]].to_numpy(float))
        hits += int((distance <= holes["radius_px"].to_numpy() / 2).sum())
    assert hits >= 0.8 * len(truth) > 10


def test_holes_lie_on_squares_that_were_found_and_on_the_atlas(project):
    squares, holes = (project.table(f"target_{name}", "07_model_output") for name in ("squares", "holes"))

    placed = holes["square_id"].notna()
    assert placed.mean() > 0.8
    assert set(holes.loc[placed, "square_id"]) <= set(squares["physical_id"])
    assert holes[["atlas_row_px", "atlas_col_px"]].notna().all(axis=None)


def test_the_navigator_holds_the_plan(project, made, session, tmp_path):
    plan = project.table("target_plan", "07_model_output")
    shutil.copy(made / "plan.nav", tmp_path)
    for file in (session / "images").iterdir():
        shutil.copy(file, tmp_path)

    (read,) = SerialEM().sessions(tmp_path)
    targets = read.load().tables["targets"].set_index("target_id").loc[plan["order"].astype(str)]

    np.testing.assert_allclose(
        targets[["row_px", "col_px"]].to_numpy(float), plan[["row_px", "col_px"]].to_numpy(float), atol=0.01
    )
    assert targets["image_id"].tolist() == plan["image_id"].tolist()


def test_the_answer_names_models_versions_and_origin(made):
    told = json.loads((made / "targets.json").read_text())

    assert sorted(told["models"]) == list(MODELS)
    assert {model["version"] for model in told["models"].values()} == {1}
    assert {model["origin"] for model in told["models"].values()} == {"simulated"}
    assert told["session"] == f"sim{SEED}"


def test_the_page_stands_alone_and_says_that_the_session_is_simulated(made):
    page = (made / "targets.html").read_text()
    pictures = [path for name in ("atlases", "tiles", "gallery", "holes") for path in (made / name).iterdir()]

    assert page.count("data:image/jpeg;base64,") == len(pictures) == 1 + SMALL.tiles + 1 + SMALL.medium_images
    assert "SIMULATED" in page
    assert 'src="http' not in page


def refused(project: Project, *words: str) -> str:
    done = project.run(*words)
    said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == 1 and len(said) == 1 and "Traceback" not in done.stderr, done.stderr
    return said[0]


@pytest.mark.parametrize("given", ["nowhere", "2026", "empty"])
def test_a_path_that_holds_no_session_ends_in_one_line_that_names_it(project, tmp_path, given):
    path = given if given == "2026" else str(tmp_path / given)
    if given == "empty":
        Path(path).mkdir()

    assert given in refused(project, "--pipeline=target", f"--params=session={path}")


def test_a_path_with_a_comma_is_given_by_a_file(project, tmp_path):
    path = tmp_path / "monday, grid 2"
    run = {"pipeline": "target", "params": {"session": str(path), "target": {"tiles": "gr"}}}
    (tmp_path / "target.yml").write_text(yaml.safe_dump({"run": run}))

    assert f"nothing at {path}." in refused(project, f"--config={tmp_path / 'target.yml'}")


def test_no_session_is_an_error_in_production(project):
    assert "--params=session=PATH" in refused(project, "--pipeline=target", "--env=prod")


@pytest.mark.slow
def test_a_session_is_refused_where_no_flow_reads_it(project, session):
    assert "target" in refused(project, "--pipeline=ingest", f"--params=session={session}")


@pytest.mark.slow
def test_without_models_it_says_what_to_run(tmp_path, session):
    bare = Project(tmp_path / "bare")
    said = refused(bare, "--pipeline=target", f"--params=session={session}")

    assert "ptolemy models init" in said and str(bare.data / "06_models/home") in said


@pytest.mark.slow
def test_a_second_run_makes_no_table_again_and_other_sessions_stay(project, made, session, tmp_path):
    again = project.run("--pipeline=target", f"--params=session={session}")
    assert "judge_holes: 0 sessions made, 1 current" in again.stderr

    other = scene.write_archive(tmp_path / "other")
    assert project.run("--pipeline=target", f"--params=session={other}").returncode == 0

    for name in ("target_squares", "target_holes", "target_plan"):
        assert f"sim{SEED}" in set(project.table(name, "07_model_output")["session_id"])
    assert (made / "targets.html").exists() and (made.parent / "s1" / "targets.html").exists()


@pytest.mark.slow
def test_a_plain_folder_is_targeted_and_what_is_unknown_is_said(project, session, tmp_path):
    folder = tmp_path / "monday"
    shutil.copytree(session / "images", folder)
    done = project.run("--pipeline=target", f"--params=session={folder},target.atlas=atlas")

    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads((project.data / "08_reporting/target/monday/targets.json").read_text())
    assert told["holes"] and told["squares"] and told["plan"]
    assert any("no known stage position" in warning for warning in told["warnings"])
    assert all(hole["stage_x_um"] is None for hole in told["holes"])


@pytest.mark.slow
def test_the_demo_takes_a_simulated_session_that_nothing_learnt_from_and_says_so(tmp_path):
    project = project_with_models(tmp_path / "demo")
    small = "simulate.tiles=1,simulate.tile_px=512,simulate.squares_a_tile=12,simulate.atlas_px=0"
    small += ",simulate.medium_images=1,simulate.medium_px=720,simulate.sessions=2"
    done = project.run("--pipeline=target", f"--params={small}")

    assert done.returncode == 0, done.stderr[-3000:]
    assert "the SIMULATED session sim10002 stands in (allow_demo)" in done.stderr
    assert (project.data / "08_reporting/target/sim10002/targets.html").exists()
