"""A table by session: made once, whole, and again only when something it follows from has changed."""

import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError

from ptolemy_kedro.datasets import SessionTableDataset
from ptolemy_kedro.errors import TableError
from ptolemy_kedro.partitions import BySession, Part, follow, follow_jointly, key_of, whole


def grids(session_id: str, count: int = 1) -> pd.DataFrame:
    rows = [{"session_id": session_id, "grid_id": f"g{i}", "foil_material": "gold"} for i in range(count)]
    return pd.DataFrame(rows, columns=["session_id", "grid_id", "foil_material"])


class Source:
    """Sessions that can change, and a count of how often each was worked on."""

    def __init__(self, **versions: int) -> None:
        self.versions = versions
        self.worked: list[str] = []

    def table(self) -> BySession[str]:
        return BySession(Part(name, key_of(v), lambda name=name: name) for name, v in self.versions.items())

    def work(self, session_id: str) -> pd.DataFrame:
        self.worked.append(session_id)
        return grids(session_id, self.versions[session_id])


@pytest.fixture
def dataset(tmp_path: Path) -> SessionTableDataset:
    return SessionTableDataset(path=str(tmp_path / "grids"), schema="Grids")


def run(dataset: SessionTableDataset, source: Source, *ingredients: object) -> list[str]:
    source.worked.clear()
    for part in follow("make", source.work, [source.table()], *ingredients):
        dataset.save(part)
    return source.worked


def test_it_may_be_empty(dataset):
    assert len(dataset.load()) == 0
    assert not dataset.exists()


def test_it_gives_back_what_was_saved_session_by_session(dataset):
    run(dataset, Source(a=1, b=2))

    assert {name: len(table) for name, table in dataset.load()} == {"a": 1, "b": 2}
    assert whole(dataset.load())["grid_id"].tolist() == ["g0", "g0", "g1"]


def test_a_session_without_rows_is_kept_with_its_columns(dataset):
    run(dataset, Source(a=0))

    assert list(dataset.load()["a"].columns)[:2] == ["session_id", "grid_id"]
    assert len(dataset.load()["a"]) == 0


def test_what_is_current_is_not_made_again(dataset):
    source = Source(a=1, b=2)
    assert run(dataset, source) == ["a", "b"]
    assert run(dataset, source) == []


def test_only_what_is_stale_is_made_again(dataset):
    source = Source(a=1, b=2)
    run(dataset, source)
    source.versions["b"] = 3

    assert run(dataset, source) == ["b"]
    assert len(dataset.load()["b"]) == 3


def test_another_parameter_makes_everything_again(dataset):
    source = Source(a=1, b=2)
    run(dataset, source, "margin 0.1")

    assert run(dataset, source, "margin 0.2") == ["a", "b"]


def test_sessions_whose_source_has_gone_are_dropped(dataset, tmp_path):
    source = Source(a=1, b=2)
    run(dataset, source)
    del source.versions["a"]
    run(dataset, source)

    assert dataset.load().session_ids == ["b"]
    assert [file.name for file in (tmp_path / "grids").glob("*.parquet")] == ["b.parquet"]


def test_a_lost_file_is_made_again(dataset, tmp_path):
    source = Source(a=1, b=2)
    run(dataset, source)
    (tmp_path / "grids" / "a.parquet").unlink()

    assert dataset.load().session_ids == ["b"]
    assert run(dataset, source) == ["a"]


def test_a_file_without_an_entry_in_the_manifest_does_not_count(dataset, tmp_path):
    run(dataset, Source(a=1))
    (tmp_path / "grids" / "z.parquet").write_bytes(b"half a table")

    assert dataset.load().session_ids == ["a"]


def test_a_part_that_breaks_its_schema_is_refused_by_name_and_the_earlier_ones_stay(dataset):
    def work(session_id: str) -> pd.DataFrame:
        material = "gold" if session_id == "a" else "cheese"
        return grids(session_id).assign(foil_material=material)

    with pytest.raises(DatasetError) as caught:
        for part in follow("make", work, [Source(a=1, b=1).table()]):
            dataset.save(part)

    assert isinstance(caught.value.__cause__, TableError)
    assert "cheese" in str(caught.value.__cause__) and "session b" in str(caught.value.__cause__)
    assert dataset.load().session_ids == ["a"]


def test_a_damaged_manifest_is_said_in_one_line(dataset, tmp_path):
    run(dataset, Source(a=1))
    (tmp_path / "grids" / "manifest.json").write_text("{")

    with pytest.raises(DatasetError, match=r"manifest.json is damaged"):
        dataset.load()


@pytest.mark.parametrize("name", ["..", "é 1", "x" * 60, ".hidden", "20may08a.zip"])
def test_any_session_id_stays_inside_the_folder(dataset, tmp_path, name):
    run(dataset, Source(**{name: 1}))

    assert dataset.load().session_ids == [name]
    assert len(dataset.load()[name]) == 1
    assert {path.parent for path in tmp_path.rglob("*.parquet")} == {tmp_path / "grids"}


def test_work_for_two_tables_is_done_once(tmp_path):
    datasets = [SessionTableDataset(path=str(tmp_path / name), schema="Grids") for name in ("one", "two")]
    source = Source(a=1, b=2)

    def work(session_id: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        table = source.work(session_id)
        return table, table.assign(slot=3)

    for _ in range(2):
        for parts in follow_jointly("make", work, [source.table()], gives=2):
            for dataset, part in zip(datasets, parts, strict=True):
                dataset.save(part)

    assert source.worked == ["a", "b"]
    assert datasets[1].load()["b"]["slot"].tolist() == [3, 3]


def test_no_session_at_all_is_an_error():
    with pytest.raises(TableError, match="there is no session"):
        list(follow("make", str, [BySession([])]))


KILLED = """
import os, signal, sys
import pandas as pd
from ptolemy_kedro import files
from ptolemy_kedro.datasets import SessionTableDataset
from ptolemy_kedro.partitions import BySession, Part, follow

folder, at = sys.argv[1], sys.argv[2]
source = BySession(Part(name, name, lambda name=name: name) for name in "abcd")

def work(name):
    print(name, flush=True)
    if at == "computing" and name == "c":
        os.kill(os.getpid(), signal.SIGKILL)
    return pd.DataFrame({"session_id": [name], "grid_id": ["g"], "foil_material": ["gold"]})

def writing(table, place, write=SessionTableDataset._write):
    if at == "writing" and place.name.startswith("c"):
        table.to_parquet(place)  # in place, and no entry for it yet
        place.write_bytes(place.read_bytes()[:100])
        os.kill(os.getpid(), signal.SIGKILL)
    write(table, place)

SessionTableDataset._write = staticmethod(writing)
for part in follow("make", work, [source]):
    SessionTableDataset(path=folder, schema="Grids").save(part)
"""


@pytest.mark.parametrize("at", ["computing", "writing"])
def test_a_killed_run_leaves_nothing_half_made_and_goes_on_where_it_stopped(tmp_path, at):
    folder = str(tmp_path / "grids")

    def start(at: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", KILLED, folder, at], capture_output=True, text=True)

    killed = start(at)
    assert killed.returncode == -signal.SIGKILL
    dataset = SessionTableDataset(path=folder, schema="Grids")
    assert dataset.load().session_ids == ["a", "b"]
    assert len(whole(dataset.load())) == 2

    again = start("nowhere")
    assert again.stdout.split() == ["c", "d"]
    assert dataset.load().session_ids == ["a", "b", "c", "d"]
    assert not list(tmp_path.rglob("*.partial"))


def test_a_preview_leaves_bytes_out(tmp_path):
    patches = pd.DataFrame(
        {"image_id": ["i"], "patch": 0, "size_px": 32, "pixels": [b"\x80" * 1024], "maps": [b"\x00" * 768]}
    ).assign(session_id="s")
    dataset = SessionTableDataset(path=str(tmp_path), schema="LocaliserPatches")
    dataset.save(Part("s", "k", lambda: patches, frozenset({"s"})))

    assert dataset.preview()["columns"] == ["session_id", "image_id", "patch", "size_px"]
