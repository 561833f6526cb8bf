"""A real session's names, offsets and CTF fits (CryoRL's table), as a Leginon database."""

import csv
import re
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from tests.archive.leginon.handmade import NOON, Handmade

from ptolemy_kedro import archive
from ptolemy_kedro.archive.importing.outcomes_from_file import with_outcomes
from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.archive.leginon.importer import Leginon

LEVEL = re.compile(r"_\d+[a-z]+(?:_v\d+)?(-a)?\Z")
COPY = re.compile(r"-a\Z")


def rows_of(table: Path) -> list[list[str]]:
    with table.open(newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def database(real_data, tmp_path_factory):
    """The session as Leginon would hold it; its camera is assumed, its images are not there."""
    folder = real_data / "outcomes" / "cryorl"
    made = Handmade(tmp_path_factory.mktemp("cryorl"))
    session = made.add("SessionData", {"name": "21mar02c", "image path": "/data/leginon/21mar02c/rawdata"})
    taken = {name: datetime.fromisoformat(time) for name, time in rows_of(folder / "timestamps.csv")}
    camera = made.add("CameraEMData", {"SUBD|dimension|x": 1024, "SUBD|dimension|y": 1024})
    images: dict[str, dict] = {}
    targets: dict[str, dict] = {}
    for name, x, y, *_ in rows_of(folder / "target_CTF_Y1.csv"):
        images[name] = {
            "DEF_id": len(images) + 1, "DEF_timestamp": taken.get(name, NOON),
            "REF|SessionData|session": session, "REF|CameraEMData|camera": camera,
            "filename": name, "MRC|image": f"{name}.mrc",
        }  # fmt: skip
        parent, shot = LEVEL.sub("", name), COPY.sub("", name)
        if parent in images:
            target = {
                "DEF_id": len(targets) + 1, "REF|SessionData|session": session,
                "REF|AcquisitionImageData|image": images[parent]["DEF_id"], "delta row": float(y),
                "delta column": float(x), "number": len(targets), "version": 0, "status": "done",
                "type": "focus" if "fa" in shot[-9:] else "acquisition",
            }  # fmt: skip
            targets.setdefault(shot, target)
            images[name]["REF|AcquisitionImageTargetData|target"] = targets[shot]["DEF_id"]
    insert(made, "AcquisitionImageTargetData", list(targets.values()))
    insert(made, "AcquisitionImageData", list(images.values()))
    return made.path


def insert(made: Handmade, name: str, rows: list[dict]) -> None:
    columns = {column for row in rows for column in row}
    with made.engine.begin() as connection:
        connection.execute(
            made.classes.tables[name].insert(),
            [{column: row.get(column) for column in columns} for row in rows],
        )


@pytest.fixture(scope="module")
def imported(database, real_data, tmp_path_factory):
    table = real_data / "outcomes" / "cryorl" / "target_CTF_Y1.csv"
    to = tmp_path_factory.mktemp("to")
    (summary,) = import_sessions(with_outcomes(Leginon(permissive=True).sessions(database), [table]), to)
    assert summary.status == "imported", summary
    with archive.open_session(to / "21mar02c") as session:
        return session.tables


def test_real_names_nest_by_kind(imported):
    images = imported["images"].set_index("image_id")
    parents = images["parent_id"].map(images["kind"]).fillna("none")
    assert set(zip(images["kind"], parents, strict=True)) == {
        ("tile", "none"), ("square", "tile"), ("medium", "square"), ("exposure", "medium"),
    }  # fmt: skip
    assert images["kind"].value_counts()[["tile", "square", "medium"]].tolist() == [64, 78, 437]
    assert set(images["grid_id"]) == {"grid1", "grid1b", "grid1c"}


def test_every_fit_of_the_table_finds_its_exposure(imported, real_data):
    measured = {
        row[0]: float(row[3])
        for row in rows_of(real_data / "outcomes" / "cryorl" / "target_CTF_Y1.csv")
        if float(row[3]) > 0
    }
    outcomes = imported["outcomes"]
    assert len(measured) == len(outcomes) == 3546
    assert outcomes["exposure_id"].map(lambda shot: measured[f"{shot}-a"]).tolist() == pytest.approx(
        outcomes["value"].tolist()
    )


def test_an_image_and_its_aligned_copy_are_one_exposure(imported):
    exposures = imported["exposures"]
    assert not exposures["exposure_id"].str.endswith("-a").any()
    assert exposures["exposure_id"].is_unique
    shown = imported["images"].query("kind == 'exposure'")["image_id"].str.replace(COPY, "", regex=True)
    assert set(shown) == set(exposures["exposure_id"])


def test_the_published_split_shares_no_square(imported, real_data):
    exposures = imported["exposures"].merge(imported["targets"], on="target_id", suffixes=("", "_of"))
    images = imported["images"].set_index("image_id")
    square_of = exposures.set_index("exposure_id")["image_id_of"].map(images["parent_id"])
    squares = []
    for part, count in (("train", 1197), ("val", 2341)):
        names = [row[0] for row in rows_of(real_data / "outcomes" / "cryorl" / f"target_CTF_Y1_{part}.csv")]
        found = square_of.reindex([COPY.sub("", name) for name in names])
        assert len(found) == count and found.notna().all()
        squares.append(set(found))
    assert not squares[0] & squares[1]
    assert isinstance(square_of, pd.Series) and len(squares[0] | squares[1]) == 25
