import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from kedro.io import DatasetError

from ptolemy_kedro.datasets import SessionSplitDataset
from ptolemy_kedro.errors import StorageError
from ptolemy_kedro.evaluation.splits import Arrivals, SplitOptions
from ptolemy_kedro.locks import locked


def arrivals(*names: str) -> Arrivals:
    return Arrivals(dict.fromkeys(names, ()), SplitOptions(), "2026-01-01")


@pytest.fixture
def dataset(tmp_path: Path) -> SessionSplitDataset:
    return SessionSplitDataset(path=str(tmp_path / "split" / "session_split.csv"))


def test_it_loads_the_sessions_of_the_last_run_with_the_parts_they_got_first(dataset):
    dataset.save(arrivals(*"abcdef"))
    first = dataset.load().set_index("session_id")["part"]
    dataset.save(arrivals("g", "b"))
    assert dataset.load()["session_id"].tolist() == ["b", "g"]
    dataset.save(arrivals(*"fedcba", "h"))

    again = dataset.load().set_index("session_id")["part"]
    assert (again[list("abcdef")] == first).all()


def test_many_at_once_agree_on_one_part_a_session(dataset):
    sets = [arrivals(*(f"s{n}" for n in range(first, first + 6))) for first in range(8)]
    workers = [multiprocessing.get_context("fork").Process(target=dataset.save, args=(one,)) for one in sets]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    known = dataset._known()
    assert [worker.exitcode for worker in workers] == [0] * 8
    assert known["session_id"].tolist() == sorted(f"s{n}" for n in range(13))


def test_before_any_ingest_it_says_what_to_run(dataset):
    with pytest.raises(DatasetError, match="Run `kedro run --pipeline=ingest` first"):
        dataset.load()


def test_a_damaged_table_is_never_drawn_anew_in_silence(dataset, tmp_path):
    dataset.save(arrivals(*"abcdef"))
    (tmp_path / "split" / "session_split.csv").write_text("session_id;part\na;train\n")

    with pytest.raises(DatasetError, match=r"is damaged\. Put back a copy"):
        dataset.save(arrivals(*"abcdef"))


def test_a_table_of_the_first_release_keeps_its_parts(dataset, tmp_path):
    dataset.save(arrivals("a"))
    (tmp_path / "split" / "session_split.csv").write_text("session_id,part\na,train\nb,test\n")
    dataset.save(arrivals("a", "b"))

    assert dataset.load()["part"].tolist() == ["train", "test"]


def test_a_lock_is_refused_while_held_names_its_holder_and_is_free_after_a_kill(tmp_path):
    lock = tmp_path / "lock"

    def hold(ready):
        with locked(lock, "The split"):
            ready.set()
            signal.pause()

    context = multiprocessing.get_context("fork")
    ready = context.Event()
    holder = context.Process(target=hold, args=(ready,))
    holder.start()
    ready.wait(10)
    with (
        pytest.raises(StorageError, match=f"The split is in use by process {holder.pid}"),
        locked(lock, "The split"),
    ):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with locked(lock, "The split"):
        pass
