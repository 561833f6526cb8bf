"""Processes killed half-way, and files damaged behind the registry's back: the next command makes it good."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.models import model_folder

from ptolemy_kedro import champions, registry
from ptolemy_kedro.errors import ModelError, RegistryError
from ptolemy_kedro.home import Home

NAME = "square-ranker"
PROMOTE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from ptolemy_kedro import {module}
from ptolemy_kedro.home import Home
from ptolemy_kedro.registry import promote

{module}.{victim} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
promote(Home(Path(sys.argv[1]), sys.argv[2]), "square-ranker", 2)
"""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shipped")
    model_folder(folder / NAME, seed=1)
    return folder


@pytest.fixture(scope="module")
def template(tmp_path_factory, shipped) -> Home:
    """Two versions of which the first is the champion."""
    home = Home(tmp_path_factory.mktemp("home"), "")
    home = Home(home.path, f"sqlite:///{home.path / 'registry' / 'mlflow.db'}")
    registry.init(home, shipped)
    registry.register(home, NAME, model_folder(home.path / "second", seed=2))
    return home


@pytest.fixture
def home(template):
    """The same for each test: version 1 is champion and in use."""
    yield template
    registry.promote(template, NAME, 1)


def kill_while_promoting(home: Home, module: str, victim: str) -> None:
    script = PROMOTE_AND_DIE.format(module=module, victim=victim)
    done = subprocess.run([sys.executable, "-c", script, str(home.path), home.store_uri], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


def in_use(home: Home) -> int:
    return champions.read(home, NAME).version


@pytest.mark.parametrize(
    ("module", "victim"),
    [("champions", "export"), ("champions", "atomic_file")],
    ids=["before the export", "before the export is pointed to"],
)
def test_a_promotion_that_was_killed_leaves_the_old_model_in_use_and_is_made_good_by_the_next(
    home, shipped, module, victim
):
    kill_while_promoting(home, module, victim)
    assert in_use(home) == 1
    assert "Run `ptolemy models promote square-ranker 2`" in champions.stale(home, NAME, 1)

    assert registry.init(home, shipped) == {NAME: 2}
    assert in_use(home) == registry.champion_version(home, NAME) == 2
    assert champions.stale(home, NAME, 2) is None


def test_a_killed_promotion_can_simply_be_asked_for_again_or_taken_back(home):
    kill_while_promoting(home, "champions", "export")
    registry.promote(home, NAME, 2)
    assert in_use(home) == registry.champion_version(home, NAME) == 2

    registry.promote(home, NAME, 1)
    kill_while_promoting(home, "champions", "export")
    registry.promote(home, NAME, 1)
    assert in_use(home) == registry.champion_version(home, NAME) == 1


@pytest.mark.parametrize("damage", ["model.onnx", "config.json", "current", "folder"])
def test_init_makes_a_damaged_or_lost_export_good(home, shipped, damage):
    folder = home.champions / NAME
    if damage == "folder":
        shutil.rmtree(folder)
    else:
        (folder / damage if damage == "current" else folder / "1" / damage).write_bytes(b"half a f")
    with pytest.raises(ModelError):
        champions.read(home, NAME)

    assert registry.init(home, shipped) == {NAME: 1}
    assert in_use(home) == 1


def test_an_unknown_version_changes_nothing(home):
    with pytest.raises(ModelError, match="no version 7"):
        registry.promote(home, NAME, 7)

    assert in_use(home) == registry.champion_version(home, NAME) == 1


def test_a_store_damaged_half_way_is_told_and_the_commands_go_on(home, tmp_path):
    store = home.store_file
    whole = store.read_bytes()
    try:
        with store.open("r+b") as file:
            file.truncate(len(whole) // 3)
        with pytest.raises(RegistryError) as failure:
            registry.promote(home, NAME, 2)
        assert "\n" not in failure.value.line()
        assert in_use(home) == 1
    finally:
        store.write_bytes(whole)
        for beside in ("-wal", "-shm", "-journal"):
            Path(f"{store}{beside}").unlink(missing_ok=True)


def test_a_home_that_cannot_be_made_is_one_line(tmp_path, shipped):
    (tmp_path / "home").write_text("a file where the folder should be")
    home = Home(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'registry' / 'mlflow.db'}")

    with pytest.raises(RegistryError, match="cannot be made"):
        registry.init(home, shipped)
