"""Where models live: one folder and one registry, for every command the same, never by the working directory.

The order: the environment (``PTOLEMY_HOME``, ``PTOLEMY_STORE``), then the settings file
``~/.config/ptolemy/settings.toml`` (keys ``home`` and ``store``), then ``~/.ptolemy``.
"""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ptolemy_kedro.errors import SettingsError


@dataclass(frozen=True)
class Home:
    """The folder of a facility's models.

    Attributes:
        path: Absolute folder; ``champions/`` in it is what the commands read.
        store_uri: MLflow tracking and registry store, SQLite in the folder unless set otherwise.
    """

    path: Path
    store_uri: str

    @property
    def champions(self) -> Path:
        """The folder of exported champions, NAME/VERSION."""
        return self.path / "champions"

    @property
    def artifacts(self) -> Path:
        """Where a SQLite store keeps the files of runs and models."""
        return self.path / "registry" / "artifacts"

    @property
    def store_file(self) -> Path | None:
        """The store's SQLite file; None where the store is a server."""
        prefix = "sqlite:///"
        return Path(self.store_uri.removeprefix(prefix)) if self.store_uri.startswith(prefix) else None


def find_home() -> Home:
    """Find the home of this user or machine.

    Raises:
        SettingsError: The settings file cannot be read, or a place in it or in the environment is relative.
    """
    settings = _read_settings(settings_file())
    path = Path(os.environ.get("PTOLEMY_HOME") or settings.get("home") or "~/.ptolemy").expanduser()
    if not path.is_absolute():
        raise SettingsError(f"The home of models is {str(path)!r}. Give PTOLEMY_HOME an absolute path.")
    return Home(path, _store_uri(os.environ.get("PTOLEMY_STORE") or settings.get("store"), path))


def settings_file() -> Path:
    """Say where the settings file lies, whether or not there is one."""
    configured = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(configured).expanduser() / "ptolemy" / "settings.toml"


def _read_settings(path: Path) -> dict[str, str]:
    try:
        settings = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise SettingsError(
            f"The settings file {path} cannot be read: {failure}. Correct or remove it."
        ) from None
    for key, value in settings.items():
        if key not in ("home", "store") or not isinstance(value, str):
            raise SettingsError(f"{path}: {key} = {value!r}. It holds `home` and `store`, each a text.")
    return settings


def _store_uri(uri: str | None, home: Path) -> str:
    uri = uri or f"sqlite:///{home / 'registry' / 'mlflow.db'}"
    if uri.startswith("sqlite:") and not uri.startswith("sqlite:////"):
        raise SettingsError(
            f"The registry's store is {uri!r}, a relative file. Write sqlite:////absolute/path."
        )
    if "://" not in uri:
        raise SettingsError(
            f"The registry's store is {uri!r}. Give a URI: sqlite:////path or http://server:port."
        )
    return uri
