"""One writer at a time: two flows or promotions in one home wait for each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ptolemy_kedro.home import Home
from ptolemy_kedro.locks import locked
from ptolemy_kedro.store import prepare, reached

if TYPE_CHECKING:
    from mlflow import MlflowClient

PATIENCE_S = 180.0
"""A registration takes seconds; whoever holds the lock for longer hangs."""


@contextmanager
def writing(home: Home, create: bool = False) -> "Iterator[MlflowClient]":
    """Give a client of the home's store that alone writes to it.

    Args:
        home: Where the store is.
        create: Make a SQLite store that is not there.

    Raises:
        RegistryError: The store cannot be used.
        StorageError: Another process has been writing for minutes.
    """
    prepare(home, create)
    # MLflow makes a new store's tables as it opens it: nobody looks into it before they are whole.
    with (
        locked(home.path / ".registry.lock", f"The registry of {home.path}", PATIENCE_S),
        reached(home, create) as client,
    ):
        yield client
