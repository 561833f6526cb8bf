"""The flow of holes on small sessions: what it leaves behind, the second time, after a kill, on bad input."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.flows import Project
from tests.medium_sessions import write_medium_session, write_medium_sessions

from ptolemy_kedro import tables

QUICK = (
    "--params=localiser.train.epochs=12,localiser.train.patience=12,localiser.patches_an_image=6,"
    "localiser.patch_px=128,localiser.held_out_share=0.3,hole_padding.train.epochs=1,"
    "hole_average_pooling.train.epochs=1,hole_classifier.train.epochs=1,evaluate.draws=20,parallel.workers=1"
)
FLOW = ("--pipeline=med2high", QUICK)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("holes"))
    write_medium_sessions(project.data / "01_raw/sessions", sessions=6)
    done = project.run(*FLOW)
    assert done.returncode == 0, done.stderr[-3000:]
    return project


def metrics_of(project: Project) -> dict:
    return json.loads((project.data / "08_reporting/hole_metrics.json").read_text())


@pytest.mark.parametrize(
    ("name", "folder", "schema"),
    [
        ("localiser_patches", "05_model_input", tables.LocaliserPatches),
        ("holes", "03_primary", tables.Holes),
        ("hole_exposures", "03_primary", tables.HoleExposures),
        ("hole_detections", "07_model_output", tables.HoleDetections),
        ("hole_scores", "07_model_output", tables.HoleScores),
    ],
)
def test_each_table_is_valid_and_has_rows(project, name, folder, schema):
    table = project.table(name, folder)

    tables.validate(schema, table, name)
    assert len(table)


def test_each_hole_has_a_crop_and_carries_what_its_session_says(project):
    holes, crops = project.table("holes", "03_primary"), project.table("hole_crops", "04_feature")

    assert sorted(holes["hole_id"]) == sorted(crops["hole_id"])
    assert {"selected", "rejected"} <= set(holes["label"])
    assert (holes["localiser"].str.contains("trained on real sessions")).all()


def test_a_hole_is_exposed_once_and_by_a_shot_of_its_own_session(project):
    matches, holes = project.table("hole_exposures", "03_primary"), project.table("holes", "03_primary")

    assert matches["hole_id"].is_unique and matches["exposure_id"].is_unique
    joined = matches.merge(holes, on="hole_id", suffixes=("", "_of_hole"))
    assert (joined["session_id"] == joined["session_id_of_hole"]).all() and len(joined) == len(matches)
    assert (joined["distance_px"] <= joined["radius_px"] / 2).all()


def test_no_model_saw_a_session_it_is_judged_on_or_that_is_held_out(project):
    sessions = metrics_of(project)["sessions"]
    others = {*sessions["validation"], *sessions["test"], *sessions["held_out"]}
    for kind in ("hole_localiser", "hole_padding", "hole_average_pooling", "hole_classifier"):
        learnt = set(json.loads((project.data / f"06_models/{kind}/sessions.json").read_text()))
        assert learnt and learnt <= set(sessions["train"]) and not learnt & others
    scored = project.table("hole_scores", "07_model_output")
    assert set(scored["session_id"]) == {*sessions["validation"], *sessions["test"]}


def test_every_hole_of_the_judging_sessions_is_scored_by_every_model(project):
    scored, holes = project.table("hole_scores", "07_model_output"), project.table("holes", "03_primary")
    judging = holes[holes["session_id"].isin(set(scored["session_id"]))]

    assert set(scored["model"]) == {"hole-padding", "hole-average-pooling", "hole-context"}
    assert len(scored) == 3 * len(judging)


def test_the_measures_stand_beside_the_published_ones_with_curves_and_sigma(project):
    metrics = metrics_of(project)

    assert set(metrics["located"]) == {"network", "network + lattice"}
    assert metrics["published"]["located"]["U-Net"]["recall"] == 0.984
    assert metrics["published"]["judged"]["CNN, average pooling"]["roc_auc"] == 0.796
    assert {"sigma_px", "average_precision"} <= set(metrics["curves"][metrics["localiser"]][0])
    assert metrics["located"]["network"]["test"]["recall"]["value"] > 0.3  # it did learn to see holes


def test_localiser_and_best_judge_are_registered_as_challengers(project):
    notes = [
        json.loads((project.data / f"06_models/{name}/registered.json").read_text())
        for name in ("localiser_challenger", "hole_challenger")
    ]
    with sqlite3.connect(notes[0]["store"].removeprefix("sqlite:///")) as store:
        aliases = store.execute("select name, alias, version from registered_model_aliases").fetchall()

    assert sorted(aliases) == [("hole-classifier", "challenger", 1), ("hole-localiser", "challenger", 1)]
    assert notes[1]["kind"] == metrics_of(project)["best"]
    config = json.loads((project.data / "06_models/hole_challenger/model/config.json").read_text())
    assert config["origin"] == "real" and config["hole_crop"]["reach"] and config["locate"]["threshold"]


def test_the_report_shows_holes_where_no_square_was_ever_ranked(project):
    done = project.run("--pipeline=report")

    assert done.returncode == 0, done.stderr[-3000:]
    page = (project.data / "08_reporting/report.html").read_text()
    assert "How well holes are located" in page and "published: U-Net + lattice" in page
    assert "No model that ranks squares was trained here" in page and "Where it failed, worst first" in page


def made_at(project: Project) -> dict[Path, int]:
    made = [*project.data.rglob("*.parquet"), *project.data.glob("06_models/hole_*/model.onnx")]
    return {file: file.stat().st_mtime_ns for file in made}


def test_a_second_run_makes_nothing_again(project):
    before = made_at(project)

    done = project.run(*FLOW)

    assert done.returncode == 0 and made_at(project) == before
    assert "locate_holes: 0 sessions made, 6 current" in done.stderr


@pytest.mark.slow
def test_a_change_of_what_is_reported_locates_again_but_does_not_train_the_localiser_again(project, tmp_path):
    before = made_at(project)

    done = project.run("--pipeline=med2high", QUICK + ",locate.threshold=0.6", "--to-nodes=locate_holes")

    assert done.returncode == 0 and "hole_localiser is current" in done.stderr
    assert "locate_holes: 6 sessions made, 0 current" in done.stderr
    localiser = project.data / "06_models/hole_localiser/model.onnx"
    assert made_at(project)[localiser] == before[localiser]
    assert project.run(*FLOW).returncode == 0  # as it was


@pytest.mark.slow
def test_a_run_killed_while_it_locates_goes_on_with_the_sessions_that_were_left(project, tmp_path):
    own = copied(project, tmp_path / "killed")
    crops = own.data / "04_feature/hole_crops"  # the last that is written of a session
    running = subprocess.Popen(
        [str(Path(sys.executable).with_name("kedro")), "run", *FLOW[:1], QUICK + ",locate.threshold=0.61"],
        cwd=own.folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    before = keys_of(crops)
    while not set(keys_of(crops).values()) - set(before.values()) and running.poll() is None:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()

    done = own.run(FLOW[0], QUICK + ",locate.threshold=0.61", "--to-nodes=label_holes")

    assert done.returncode == 0, done.stderr[-2000:]
    made = int(done.stderr.split("locate_holes: ")[1].split()[0])
    assert 0 < made < 6
    assert own.table("holes", "03_primary")["session_id"].nunique() == 6
    assert not list(crops.glob(".*"))


def keys_of(table: Path) -> dict[str, str]:
    return json.loads((table / "manifest.json").read_text())["parts"]


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("PTOLEMY")}


def copied(project: Project, folder: Path) -> Project:
    own = Project(folder)
    shutil.copytree(project.data, own.data, ignore=shutil.ignore_patterns("home"))
    chosen = own.data / "02_intermediate/chosen_archives.json"
    chosen.write_text(chosen.read_text().replace(str(project.folder), str(own.folder)))
    return own


def refused(project: Project) -> str:
    done = project.run(*FLOW)

    assert done.returncode == 1 and "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    return line


def test_sessions_without_medium_images_end_the_flow_in_one_line(tmp_path):
    project = Project(tmp_path / "none")
    write_medium_sessions(project.data / "01_raw/sessions", sessions=5, images=1, kind="atlas")

    assert "have images with clicked holes" in refused(project)


def test_one_session_ends_the_flow_in_one_line(tmp_path):
    project = Project(tmp_path / "one")
    write_medium_session(project.data / "01_raw/sessions/m0", range(10_500, 10_502))

    assert "At least 4 are needed" in refused(project)
