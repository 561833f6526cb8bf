"""Reaching the MLflow store without its surprises: registry and tracking go through here.

MLflow creates an empty database where it finds none, retries a damaged one for minutes and a silent server
for longer. Here each of these ends at once in a ``RegistryError`` of one line.
"""

import http.client
import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ptolemy_kedro.errors import RegistryError
from ptolemy_kedro.home import Home

if TYPE_CHECKING:
    from mlflow import MlflowClient

PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}

FIRST_ANSWER_S = 3.0
"""A server that is up answers its health check in milliseconds; MLflow's own retries take half a minute."""

NO_ANSWER = {
    "Connection refused": "nothing listens there",
    "Failed to resolve": "there is no host of this name",
    "Name or service not known": "there is no host of this name",
    "timed out": "it does not answer in time",
}
"""What a failed connection says, and what it means."""


@contextmanager
def reached(home: Home, create: bool = False) -> "Iterator[MlflowClient]":
    """Give a client of the home's store; what goes wrong with it inside is a ``RegistryError``.

    Args:
        home: Where the store is.
        create: Make a SQLite store that is not there. Only for those who are about to write to it.

    Raises:
        RegistryError: The store is missing, damaged, of another version, or does not answer.
    """
    prepare(home, create)
    if home.store_file is not None and home.store_file.exists():
        _look_into(home.store_file)
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    import mlflow
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    _quieten()
    try:
        yield mlflow.MlflowClient(home.store_uri, home.store_uri)
    except (MlflowException, SQLAlchemyError, OSError, ModuleNotFoundError) as failure:
        raise RegistryError(
            f"The registry {_without_password(home.store_uri)} cannot be used: {_cause(failure)}"
        ) from None


def experiment(client: "MlflowClient", home: Home, name: str) -> str:
    """Give an experiment's id; a new one in a SQLite store keeps its files below the home."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return found.experiment_id
    place = (home.artifacts / name).as_uri() if home.store_file else None
    return client.create_experiment(name, artifact_location=place)


def prepare(home: Home, create: bool = False) -> None:
    """See that there is a store, or a place to make one; what is in it is not looked at.

    Raises:
        RegistryError: The store is missing, cannot be made, or says nothing.
    """
    path = home.store_file
    if path is None:
        if home.store_uri.startswith(("http://", "https://")):
            _knock(home.store_uri)
    elif not path.exists():
        if not create:
            raise RegistryError(
                f"There is no registry at {path}. Run `ptolemy models init`, or correct PTOLEMY_HOME."
            )
        _make_parent(home)


def _look_into(path: Path) -> None:
    """Look at a SQLite store with SQLite itself, which takes milliseconds and repairs nothing."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            tables = {
                row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")
            }
            connection.execute("pragma quick_check(1)").fetchone()
    except sqlite3.Error as failure:
        raise RegistryError(f"The registry {path} is damaged: {failure}. Put back a copy of it.") from None
    if tables and "registered_models" not in tables:
        raise RegistryError(f"{path} is a database, but no model registry. Correct PTOLEMY_STORE.")


def _knock(uri: str) -> None:
    """See that a server says something, whatever it is; what it means is MLflow's business."""
    import urllib.error
    import urllib.request

    try:
        urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=FIRST_ANSWER_S).close()
    except urllib.error.HTTPError:
        return
    except (OSError, http.client.HTTPException, ValueError) as failure:
        if "SSL" in str(failure) or "CERTIFICATE" in str(failure):
            return
        raise RegistryError(
            f"The registry {_without_password(uri)} cannot be used: {_silence(str(failure))}"
        ) from None


def _silence(text: str) -> str:
    why = next((reason for sign, reason in NO_ANSWER.items() if sign in text), "it does not answer")
    return f"{why}. Start the server, or correct PTOLEMY_STORE."


def _make_parent(home: Home) -> None:
    assert home.store_file is not None
    try:
        home.store_file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise RegistryError(f"The registry {home.store_file} cannot be made: {failure.strerror}.") from None


def _quieten() -> None:
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _cause(failure: Exception) -> str:
    text = str(failure).strip()
    if isinstance(failure, ModuleNotFoundError):
        return f"{failure}. Install what this kind of store needs."
    if "HTTPConnectionPool" in text or "HTTPSConnectionPool" in text:
        return _silence(text)
    line = next(iter(text.splitlines()), type(failure).__name__)
    return line if len(line) < 300 else f"{line[:300]} .."


def _without_password(uri: str) -> str:
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", uri)
