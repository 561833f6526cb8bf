"""``retrain`` with planted models: the registry, what a kill leaves, and the way back."""

import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.planted import HELD_OUT, planted_crops, planted_ranker, planted_split, planted_squares

from ptolemy_kedro import champions, registry
from ptolemy_kedro.cli import one_line
from ptolemy_kedro.datasets import ComparisonDataset, ContestDataset, PromotionDataset
from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.evaluation.contest import PromoteOptions
from ptolemy_kedro.home import Home
from ptolemy_kedro.pipelines.retrain.pipeline import contest
from ptolemy_kedro.training.model import write_model

NAME = "square-ranker"
WORTHS = ("good", "better", "worse", "as good")

KILLED_WHILE = {
    "comparing": "ptolemy_kedro.evaluation.promotion.compare",
    "counting the look": "ptolemy_kedro.registry.looks.atomic_file",
    "writing the comparison": "ptolemy_kedro.datasets.document.atomic_file",
    "noting the verdict": "ptolemy_kedro.registry.contests.note_verdict",
    "writing the promotion down": "ptolemy_kedro.registry.promoting._write_down",
    "moving the alias": "mlflow.MlflowClient.set_registered_model_alias",
    "dropping the challenger": "mlflow.MlflowClient.delete_registered_model_alias",
    "exporting": "ptolemy_kedro.champions.export",
    "pointing to the export": "ptolemy_kedro.champions.atomic_file",
}

QUICK = ("comparing", "moving the alias", "exporting")


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """A model's folder by worth."""
    return {worth: write_folder(tmp_path_factory.mktemp("models"), worth) for worth in WORTHS}


def write_folder(folder: Path, worth: str, **of: object) -> Path:
    return write_model(
        folder, planted_ranker(worth, **of), {}, name=NAME, origin="simulated", data_digest="d" * 64
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory, folders) -> Path:
    """A home whose champion is good, with a better challenger."""
    folder = tmp_path_factory.mktemp("template")
    home = home_at(folder)
    registry.register(home, NAME, folders["good"])
    registry.promote(home, NAME, 1, "the first")
    registry.register(home, NAME, folders["better"])
    return folder


@pytest.fixture
def home(template, tmp_path, monkeypatch) -> Home:
    """A copy of it for each test; the store names its files by absolute paths, which are written anew."""
    home = home_at(tmp_path / "home")
    shutil.copytree(template, home.path, ignore=shutil.ignore_patterns("mlflow.db*"))
    with (
        closing(sqlite3.connect(home_at(template).store_file)) as old,
        closing(sqlite3.connect(home.store_file)) as new,
    ):
        new.executescript("\n".join(old.iterdump()).replace(str(template), str(home.path)))
    monkeypatch.setenv("PTOLEMY_HOME", str(home.path))
    monkeypatch.delenv("PTOLEMY_STORE", raising=False)
    return home


def home_at(folder: Path) -> Home:
    return Home(folder, f"sqlite:///{folder / 'registry' / 'mlflow.db'}")


def retrain(folder: Path | str, held_out: tuple[str, ...] = HELD_OUT) -> dict:
    """Run the flow's last part on planted squares, with the real registry."""
    catalog = DataCatalog(
        {
            "squares": MemoryDataset(planted_squares()),
            "square_crops": MemoryDataset(planted_crops()),
            "session_split": MemoryDataset(planted_split(held_out)),
            "square_challenger": MemoryDataset({}),
            "params:promote": MemoryDataset(PromoteOptions(draws=200)),
            "square_contest": ContestDataset(name=NAME),
            "square_comparison": ComparisonDataset(path=str(Path(folder) / "comparison.json")),
            "square_promotion": PromotionDataset(path=str(Path(folder) / "promotion.json")),
        }
    )
    SequentialRunner().run(contest("square", NAME), catalog)
    return json.loads((Path(folder) / "promotion.json").read_text())


def in_use(home: Home) -> tuple[int, int | None]:
    return champions.read(home, NAME).version, registry.champion_version(home, NAME)


def tags_of(home: Home, version: int) -> dict[str, str]:
    return next(row.tags for row in registry.list_models(home) if row.version == version)


def test_a_better_challenger_takes_the_place_and_the_reason_is_everywhere(home, tmp_path):
    decision = retrain(tmp_path)

    assert decision["promote"] and in_use(home) == (2, 2)
    assert tags_of(home, 2)["verdict"] == "promoted" and tags_of(home, 2)["compared_with"] == "1"
    last = registry.history(home, NAME)[-1]
    assert (last.version, last.replaced, last.reason) == (2, 1, decision["reason"])


@pytest.mark.parametrize("worth", ["worse", "as good", "good"])
def test_a_worse_or_equal_challenger_is_kept_back_and_the_reason_is_everywhere(
    home, folders, tmp_path, worth
):
    registry.promote(home, NAME, 1)
    version = registry.register(home, NAME, folders[worth])
    decision = retrain(tmp_path)

    assert not decision["promote"] and in_use(home) == (1, 1)
    assert tags_of(home, version)["verdict"] == "kept back"
    assert tags_of(home, version)["verdict_reason"] == decision["reason"]
    assert f"version {version} is not promoted" in decision["said"]
    assert card_of(home, version).count("## Compared for promotion") == 1
    assert retrain(tmp_path)["said"] == decision["said"]
    assert card_of(home, version).count("## Compared for promotion") == 1


def card_of(home: Home, version: int) -> str:
    from ptolemy_kedro.store import reached

    with reached(home) as client:
        return client.get_model_version(NAME, str(version)).description


def test_after_a_promotion_there_is_nothing_new_to_decide(home, tmp_path):
    retrain(tmp_path)
    again = retrain(tmp_path)

    assert again["challenger"] is None and not again["promote"] and in_use(home) == (2, 2)
    assert len(registry.history(home, NAME)) == 2 and len(registry.earlier_looks(home, NAME)) == 1


def test_a_new_pair_is_told_of_the_earlier_look(home, folders, tmp_path):
    retrain(tmp_path)
    registry.register(home, NAME, folders["worse"])

    assert retrain(tmp_path)["earlier_looks"] == 1


def retrain_and_die(folder: Path, victim: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(victim, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        retrain(folder)


@pytest.mark.parametrize(
    "victim",
    [
        pytest.param(victim, id=moment, marks=() if moment in QUICK else pytest.mark.slow)
        for moment, victim in KILLED_WHILE.items()
    ],
)
def test_a_run_killed_at_any_moment_is_made_good_by_the_next(home, tmp_path, victim):
    killed = multiprocessing.get_context("fork").Process(target=retrain_and_die, args=(tmp_path, victim))
    killed.start()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    assert champions.read(home, NAME).version in (1, 2)

    retrain(tmp_path)

    assert in_use(home) == (2, 2)
    changes = [(change.version, change.replaced) for change in registry.history(home, NAME)]
    assert changes == [(1, None), (2, 1)]
    assert len(registry.earlier_looks(home, NAME)) == 1
    assert [row.aliases for row in registry.list_models(home)] == [("champion",), ()]


def test_a_rollback_restores_the_champion_before_and_keeps_the_history(home, tmp_path):
    before = champions.read(home, NAME)
    retrain(tmp_path)

    assert registry.rollback(home, NAME, "bad at the microscope") == (2, 1)
    after = champions.read(home, NAME)
    assert (after.onnx, after.config, after.version) == (before.onnx, before.config, 1)
    assert [change.kind for change in registry.history(home, NAME)] == ["promotion", "promotion", "rollback"]
    assert registry.history(home, NAME)[-1].reason == "bad at the microscope"


def test_a_rolled_back_model_is_not_promoted_again_by_the_same_data(home, tmp_path):
    retrain(tmp_path)
    registry.rollback(home, NAME)

    assert retrain(tmp_path)["challenger"] is None and in_use(home) == (1, 1)


def test_rollbacks_go_further_back_each_time_until_none_is_left(home, folders, tmp_path):
    registry.promote(home, NAME, 2)
    registry.promote(home, NAME, registry.register(home, NAME, folders["worse"]))

    assert registry.rollback(home, NAME) == (3, 2)
    assert registry.rollback(home, NAME) == (2, 1)
    with pytest.raises(ModelError, match="No champion of square-ranker before version 1 is written down"):
        registry.rollback(home, NAME)
    registry.promote(home, NAME, 3)
    assert registry.rollback(home, NAME) == (3, 1)


@pytest.mark.parametrize(
    ("held_out", "said"),
    [
        ((), "No session is held out for good"),
        (("h0", "t1"), r"the champion, learnt from 1 of the 2 sessions"),
    ],
)
def test_an_empty_held_out_set_or_one_that_was_learnt_from_is_one_line(home, tmp_path, held_out, said):
    with pytest.raises(Exception, match=said) as caught:
        retrain(tmp_path, held_out)

    assert "\n" not in one_line(caught.value)
    assert in_use(home) == (1, 1)


def test_a_champion_moved_meanwhile_is_not_overwritten(home, tmp_path, folders):
    from ptolemy_kedro.errors import RegistryError

    third = registry.register(home, NAME, folders["worse"])
    registry.promote(home, NAME, third)

    with pytest.raises(RegistryError, match=f"has become version {third} while"):
        registry.promote(home, NAME, 2, instead_of=1)
    assert in_use(home) == (third, third)


def together(work, *arguments) -> list[int | None]:
    """Do a piece of work in several processes at once; gives how each ended."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=one) for one in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(240)
    return [worker.exitcode for worker in workers]


@pytest.mark.slow
def test_registrations_at_once_into_a_new_home_all_get_a_version_of_their_own(tmp_path, folders):
    home = home_at(tmp_path / "new")

    assert together(registry.register, *((home, NAME, folders[worth]) for worth in WORTHS[:2])) == [0, 0]
    assert [row.version for row in registry.list_models(home)] == [2, 1]


def test_promotions_at_once_leave_one_champion_that_is_in_use(home, folders):
    third = registry.register(home, NAME, folders["worse"])

    assert together(registry.promote, (home, NAME, 2), (home, NAME, third)) == [0, 0]
    used, alias = in_use(home)
    assert used == alias == registry.history(home, NAME)[-1].version
