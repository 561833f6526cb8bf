import json
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from tests.models import labelled_squares, model_folder

from ptolemy_kedro import champions, registry
from ptolemy_kedro.errors import ModelError, RegistryError
from ptolemy_kedro.home import Home
from ptolemy_kedro.store import FIRST_ANSWER_S

NAME = "square-ranker"


def home_at(folder: Path, store: str | None = None) -> Home:
    return Home(folder, store or f"sqlite:///{folder / 'registry' / 'mlflow.db'}")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A registry of two versions of which the first is the champion, as `init` and a training leave it."""
    folder = tmp_path_factory.mktemp("registry")
    home = home_at(folder / "home")
    shipped = folder / "shipped"
    model_folder(shipped / NAME, seed=1)
    assert registry.init(home, shipped) == {NAME: 1}
    assert registry.register(home, NAME, model_folder(folder / "second", seed=2)) == 2
    return home


def aliases(home: Home) -> dict[int, tuple[str, ...]]:
    return {row.version: row.aliases for row in registry.list_models(home)}


def test_training_sets_only_the_challenger(home):
    assert aliases(home) == {1: ("champion",), 2: ("challenger",)}
    assert champions.read(home, NAME).version == 1


def test_init_again_changes_nothing(home, tmp_path):
    model_folder(tmp_path / "shipped" / NAME, seed=1)
    before = aliases(home)

    assert registry.init(home, tmp_path / "shipped") == {NAME: 1}
    assert aliases(home) == before


def test_a_version_carries_its_origin_sessions_digest_and_measures(home):
    second = registry.list_models(home)[0]

    assert second.tags["origin"] == "simulated"
    assert second.tags["sessions"] == "4"
    assert second.metrics["roc_auc"] == pytest.approx(0.7)
    assert second.metrics["roc_auc_high"] == pytest.approx(0.8)


def test_promotion_moves_the_alias_and_what_the_commands_read_and_back_again(home):
    registry.promote(home, NAME, 2)
    assert aliases(home) == {1: (), 2: ("champion",)}
    assert champions.read(home, NAME).version == 2

    registry.promote(home, NAME, 1)
    assert registry.champion_version(home, NAME) == champions.read(home, NAME).version == 1


def test_mlflow_serves_a_version_as_the_project_scores_it(home):
    import mlflow

    mlflow.set_tracking_uri(home.store_uri)
    squares = labelled_squares(seed=9)
    served = mlflow.pyfunc.load_model(f"models:/{NAME}/2").predict(squares)

    from ptolemy_kedro.runtime import OnnxModel
    from ptolemy_kedro.squares.ranker import SquareRanker

    registry.promote(home, NAME, 2)
    ours = champions.read(home, NAME)
    columns = {name: squares[name].to_numpy() for name in squares}
    scores = SquareRanker(OnnxModel(ours.onnx), ours.config, ours.version).score(columns)
    np.testing.assert_allclose(served, scores, atol=1e-6)


def test_the_registry_holds_no_pickle(home):
    held = {path.suffix for path in home.artifacts.rglob("*") if path.is_file()}

    assert not held & {".pkl", ".pickle", ".joblib", ".pt", ".pth"}
    assert ".onnx" in held


def test_an_unknown_model_or_version_is_named(home):
    with pytest.raises(ModelError, match="no version 99 of square-ranker; there are 1, 2"):
        registry.promote(home, NAME, 99)
    with pytest.raises(ModelError, match="no model 'hole-finder'"):
        registry.promote(home, "hole-finder", 1)


def test_files_damaged_in_the_registry_are_not_promoted(home, tmp_path):
    version = registry.register(home, NAME, model_folder(tmp_path / "third", seed=3))
    before = champions.read(home, NAME).version
    newest = max(home.artifacts.rglob("config.json"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_text(json.dumps({"kind": "other"}))

    with pytest.raises(ModelError, match="damaged"):
        registry.promote(home, NAME, version)
    assert champions.read(home, NAME).version == registry.champion_version(home, NAME) == before


def test_a_missing_store_is_not_made_by_looking(tmp_path):
    home = home_at(tmp_path / "home")
    with pytest.raises(RegistryError, match="ptolemy models init"):
        registry.list_models(home)
    assert not home.path.exists()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_store_is_one_quick_line(tmp_path, content):
    home = home_at(tmp_path)
    home.store_file.parent.mkdir()
    home.store_file.write_bytes(content)

    started = time.perf_counter()
    with pytest.raises(RegistryError, match="damaged") as failure:
        registry.list_models(home)
    assert time.perf_counter() - started < 5
    assert "\n" not in failure.value.line()


def test_another_database_is_no_registry(tmp_path):
    import sqlite3

    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("create table wages (name text)")
    with pytest.raises(RegistryError, match="no model registry"):
        registry.list_models(home_at(tmp_path, f"sqlite:///{tmp_path / 'other.db'}"))


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("http://127.0.0.1:9", "nothing listens there. Start the server"),
        ("gopher://registry", "cannot be used"),
        ("mssql+nodriver://me:secret@registry/models", "cannot be used"),
        ("postgresql://me:secret@registry/models", "Install what this kind of store needs"),
    ],
)
def test_a_server_that_is_down_or_no_server_is_one_quick_line(tmp_path, uri, why):
    started = time.perf_counter()
    with pytest.raises(RegistryError, match=why) as failure:
        registry.list_models(home_at(tmp_path, uri))
    assert time.perf_counter() - started < 10
    assert "\n" not in failure.value.line() and "secret" not in failure.value.line()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_takes_the_call_and_says_nothing_is_told_within_seconds(tmp_path, scheme):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.perf_counter()
        with pytest.raises(RegistryError, match="does not answer in time") as failure:
            registry.list_models(home_at(tmp_path, f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"))

    assert time.perf_counter() - started < 2 * FIRST_ANSWER_S
    assert "\n" not in failure.value.line()
