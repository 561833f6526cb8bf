"""Every flow, on a few small simulated sessions: what it leaves behind, and what it does the second time."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.flows import Project

from ptolemy_kedro import tables
from ptolemy_kedro.pipelines.report import hole_nodes, square_nodes

SMALL = (
    "simulate.sessions=4,simulate.tiles=2,simulate.tile_px=512,simulate.atlas_px=0,"
    "simulate.squares_a_tile=12,cnn.train.epochs=1,evaluate.draws=20,split.seed=0,"
    "simulate.medium_images=3,simulate.medium_px=320,localiser.patch_px=128,localiser.patches_an_image=6,"
    "localiser.train.epochs=12,localiser.held_out_share=0.3,hole_padding.train.epochs=1,"
    "hole_average_pooling.train.epochs=1,hole_classifier.train.epochs=1"
)


def as_real(simulated: Path, sessions: Path) -> None:
    """Copy simulated archives as a facility's own."""
    for archive in sorted(simulated.glob("sim*")):
        shutil.copytree(archive, sessions / archive.name)
        say_origin(sessions / archive.name, "real")


def say_origin(archive: Path, origin: str) -> None:
    head = json.loads((archive / "session.json").read_text())
    head["session"]["origin"] = origin
    (archive / "session.json").write_text(json.dumps(head))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("project"))
    done = project.run(f"--params={SMALL}")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "4 SIMULATED sessions stand in" in done.stderr
    return project


@pytest.mark.parametrize("name", list(tables.RAW))
def test_ingest_leaves_each_raw_table_valid_with_a_part_a_session(project, name):
    table = project.table(name, "02_intermediate")

    tables.validate(tables.RAW[name], table, name)
    assert table["session_id"].nunique() == 4


def test_each_square_has_a_crop_and_carries_its_sessions_label(project):
    squares, crops = project.table("squares", "03_primary"), project.table("square_crops", "04_feature")

    assert sorted(squares["square_id"]) == sorted(crops["square_id"])
    assert {"selected", "rejected"} <= set(squares["label"])


def test_no_model_saw_a_session_it_is_judged_on(project):
    metrics = json.loads((project.data / "08_reporting/square_metrics.json").read_text())
    for kind in ("square_logreg", "square_forest", "square_cnn", "square_ranker"):
        learnt = set(json.loads((project.data / f"06_models/{kind}/sessions.json").read_text()))
        assert learnt <= set(metrics["sessions"]["train"])
        assert not learnt & {*metrics["sessions"]["validation"], *metrics["sessions"]["test"]}


def test_origin_stands_in_tables_metrics_and_model(project):
    assert set(project.table("sessions", "02_intermediate")["origin"]) == {"simulated"}
    assert (
        json.loads((project.data / "08_reporting/square_metrics.json").read_text())["origin"] == "simulated"
    )
    model = project.data / "06_models/square_challenger/model"
    assert json.loads((model / "config.json").read_text())["origin"] == "simulated"
    assert "simulated" in (model / "card.md").read_text()


def test_the_best_model_is_registered_as_challenger_and_the_run_recorded(project):
    note = json.loads((project.data / "06_models/square_challenger/registered.json").read_text())
    with sqlite3.connect(note["store"].removeprefix("sqlite:///")) as store:
        aliases = store.execute("select name, alias, version from registered_model_aliases").fetchall()
        runs = store.execute("select name, status from runs").fetchall()
        whole = "select min(end_time - start_time) from runs where name = '__default__'"
        (took_ms,) = store.execute(whole).fetchone()
        tags = dict(store.execute("select key, value from tags").fetchall())
    challengers = {("square-ranker", "challenger", note["version"])}
    challengers |= {("hole-localiser", "challenger", 1), ("hole-classifier", "challenger", 1)}
    assert set(aliases) == challengers
    assert ("__default__", "FINISHED") in runs
    assert took_ms > 1000  # the flow's time, not that of writing it down
    assert tags["square_challenger.data_digest"] == note["data_digest"] and tags["git_commit"]


def test_the_report_is_one_page_that_holds_its_figures(project):
    page = (project.data / "08_reporting/report.html").read_text()

    assert page.count("data:image/png;base64,") == len([*square_nodes.FIGURES, *hole_nodes.FIGURES])
    assert "SIMULATED" in page and "published: CNN" in page and "base rate" in page
    assert "published: U-Net + lattice" in page and "published: CNN, average pooling" in page
    assert 'src="http' not in page and "<script" not in page


def test_a_second_run_makes_no_table_and_no_model_again_and_registers_nothing_new(project):
    def times() -> dict[Path, int]:
        made = [*project.data.rglob("*.parquet"), *project.data.glob("06_models/square_*/model.onnx")]
        return {file: file.stat().st_mtime_ns for file in made}

    before = times()
    done = project.run(f"--params={SMALL}")

    assert done.returncode == 0 and times() == before
    assert "find_squares: 0 sessions made, 4 current" in done.stderr
    note = json.loads((project.data / "06_models/square_challenger/registered.json").read_text())
    assert note["version"] == 1


def test_training_after_own_sessions_came_takes_them_in_first(project, tmp_path):
    own = Project(tmp_path / "later")
    shutil.copytree(project.data, own.data, ignore=shutil.ignore_patterns("home"))
    as_real(own.data / "01_raw/simulated", own.data / "01_raw/sessions")

    done = own.run("--pipeline=low2med", f"--params={SMALL}", "--to-nodes=label_squares")

    assert done.returncode == 0, done.stderr[-3000:]
    assert "SIMULATED" not in done.stderr
    assert set(own.table("sessions", "02_intermediate")["origin"]) == {"real"}


def test_a_flow_alone_simulates_the_demo_it_reads(tmp_path):
    project = Project(tmp_path / "alone")

    done = project.run("--pipeline=ingest", "--params=simulate.sessions=1,simulate.tiles=1")

    assert done.returncode == 0, done.stderr[-3000:]
    assert "1 SIMULATED sessions stand in" in done.stderr


def test_a_broken_archive_is_set_aside_and_real_sessions_stand_alone(project, tmp_path):
    own = Project(tmp_path / "own")
    sessions = own.data / "01_raw/sessions"
    as_real(project.data / "01_raw/simulated", sessions)
    say_origin(sessions / "sim10000", "simulated")
    (sessions / "truncated.zip").write_bytes(b"PK\x03\x04 not much of an archive")

    done = own.run("--pipeline=ingest")

    assert done.returncode == 0, done.stderr[-3000:]
    assert "truncated.zip is set aside" in done.stderr and "SIMULATED" not in done.stderr
    assert list(json.loads((own.data / "02_intermediate/set_aside.json").read_text())) == ["truncated.zip"]
    assert set(own.table("sessions", "02_intermediate")["origin"]) == {"real"}
    assert own.table("sessions", "02_intermediate")["session_id"].nunique() == 3


def test_an_empty_folder_is_an_error_in_production(tmp_path):
    done = Project(tmp_path / "prod").run("--env=prod", "--pipeline=ingest")

    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "holds no session archive" in done.stderr and "Traceback" not in done.stderr
