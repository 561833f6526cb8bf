from pathlib import Path

import pytest

from ptolemy_kedro.errors import SettingsError
from ptolemy_kedro.home import find_home, settings_file


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    monkeypatch.delenv("PTOLEMY_HOME", raising=False)
    monkeypatch.delenv("PTOLEMY_STORE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def settings(text: str) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text(text)


def test_without_settings_the_home_is_below_the_users():
    assert find_home().path == Path("~/.ptolemy").expanduser()


def test_the_environment_goes_before_the_settings_file(monkeypatch):
    settings('home = "/from/file"')
    assert find_home().path == Path("/from/file")

    monkeypatch.setenv("PTOLEMY_HOME", "/from/environment")
    assert find_home().path == Path("/from/environment")


def test_the_store_is_in_the_home_unless_set(monkeypatch):
    monkeypatch.setenv("PTOLEMY_HOME", "/models")
    assert find_home().store_file == Path("/models/registry/mlflow.db")

    monkeypatch.setenv("PTOLEMY_STORE", "http://registry:5000")
    assert find_home().store_uri == "http://registry:5000"
    assert find_home().store_file is None


def test_the_working_directory_changes_nothing(monkeypatch, tmp_path):
    before = find_home()
    monkeypatch.chdir(tmp_path)
    assert find_home() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("PTOLEMY_HOME", "models"), ("PTOLEMY_STORE", "sqlite:///models.db"), ("PTOLEMY_STORE", "models.db")],
)
def test_a_relative_place_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=value):
        find_home()


@pytest.mark.parametrize("text", ["home = 3", "hoem = '/models'", "home = ", "\x00"])
def test_a_wrong_settings_file_is_named(text):
    settings(text)
    with pytest.raises(SettingsError, match=r"settings\.toml"):
        find_home()
