import sqlite3

import pytest
from tests.models import model_folder

from ptolemy_kedro import champions
from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.home import Home


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'mlflow.db'}")


def test_what_is_exported_is_read_and_the_last_export_is_in_use(home, tmp_path):
    champions.export(home, "square-ranker", 1, model_folder(tmp_path / "one", seed=1))
    champions.export(home, "square-ranker", 2, model_folder(tmp_path / "two", seed=2))

    assert champions.read(home, "square-ranker").version == 2
    assert champions.read(home, "square-ranker", 1).version == 1
    assert champions.read(home, "square-ranker").origin == "simulated"


def test_a_damaged_model_is_not_exported(home, tmp_path):
    champions.export(home, "square-ranker", 1, model_folder(tmp_path / "one"))
    broken = model_folder(tmp_path / "two")
    (broken / "model.onnx").write_bytes(b"half")

    with pytest.raises(ModelError):
        champions.export(home, "square-ranker", 2, broken)
    assert champions.read(home, "square-ranker").version == 1


def test_without_a_champion_it_says_what_to_run(home):
    with pytest.raises(ModelError, match="ptolemy models init"):
        champions.read(home, "square-ranker")


def test_a_version_that_is_not_exported_is_named(home, tmp_path):
    champions.export(home, "square-ranker", 1, model_folder(tmp_path / "one"))
    with pytest.raises(ModelError, match="Version 7 of square-ranker"):
        champions.read(home, "square-ranker", 7)


def test_a_damaged_champion_or_pointer_is_refused(home, tmp_path):
    folder = champions.export(home, "square-ranker", 1, model_folder(tmp_path / "one"))
    (folder / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"config\.json has changed"):
        champions.read(home, "square-ranker")

    (folder.parent / "current").write_text("newest")
    with pytest.raises(ModelError, match="does not name a version"):
        champions.read(home, "square-ranker")


def test_it_tells_when_the_registry_has_moved_on_and_only_then(home):
    assert champions.stale(home, "square-ranker", 1) is None  # no store at all

    home.path.mkdir()
    with sqlite3.connect(home.path / "mlflow.db") as store:
        store.execute("create table registered_model_aliases (name text, alias text, version integer)")
        store.execute("insert into registered_model_aliases values ('square-ranker', 'champion', 3)")
    assert champions.stale(home, "square-ranker", 3) is None
    assert "version 1 is in use, the registry's champion is 3" in champions.stale(home, "square-ranker", 1)

    (home.path / "mlflow.db").write_bytes(b"no database")
    assert champions.stale(home, "square-ranker", 1) is None
