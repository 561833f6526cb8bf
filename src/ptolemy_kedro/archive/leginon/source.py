"""Where a Leginon database is, and what has to be told about it."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ptolemy_kedro.errors import VendorFileError

_DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_EXAMPLE = "mysql://reader:password@host/leginondb, or the path of an SQLite file"


@dataclass(frozen=True)
class LeginonOptions:
    """How a database is read.

    Attributes:
        permissive: Take wrong values as empty and leave out files that are not there, with a warning.
        zone: Of the database's clock.
        images: Folder below which images are looked for, instead of at the database's own paths.
        appion: Databases beside it that hold Appion's CTF results.
    """

    permissive: bool = False
    zone: tzinfo = UTC
    images: Path | None = None
    appion: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.images is not None and not self.images.is_dir():
            raise VendorFileError(f"{self.images} is no folder. Name the one that holds the images.")


@dataclass(frozen=True)
class LeginonSource:
    """A database, and how to read it."""

    url: sa.URL
    options: LeginonOptions = LeginonOptions()

    @property
    def spoken(self) -> str:
        """The database's name for messages, without the password."""
        return self.url.database or "" if self.is_file else self.url.render_as_string(hide_password=True)

    @property
    def is_file(self) -> bool:
        """Is it an SQLite file?"""
        return self.url.get_backend_name() == "sqlite"

    @property
    def folder(self) -> Path:
        """Folder that relative image paths start from."""
        return Path(self.url.database or ".").resolve().parent if self.is_file else Path.cwd()

    def beside(self, database: str) -> "LeginonSource":
        """Name another database of the same server, or another file."""
        return replace(self, url=self.url.set(database=database))


def source_of(source: Path | str, options: LeginonOptions | None = None) -> LeginonSource:
    """Read a source: a URL as SQLAlchemy writes them, or the path of an SQLite file.

    Raises:
        VendorFileError: It is no URL of a database that this project reads.
    """
    return LeginonSource(_url_of(str(source)), options or LeginonOptions())


def _url_of(text: str) -> sa.URL:
    if "://" not in text:
        return sa.URL.create("sqlite", database=text)
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise VendorFileError(f"The source is no URL of a database. Write it as {_EXAMPLE}.") from None
    kind = url.get_backend_name()
    if kind not in (*_DRIVERS, "sqlite"):
        raise VendorFileError(f"{kind} is no database that Leginon uses. Write the source as {_EXAMPLE}.")
    return url.set(drivername=_DRIVERS[kind]) if url.drivername == kind and kind in _DRIVERS else url


def open_engine(source: LeginonSource) -> sa.Engine:
    """Make an engine whose connections only read, and whose clock is in UTC; nothing is reached yet."""
    if source.is_file:
        return sa.create_engine("sqlite://", creator=lambda: _open_file(source), poolclass=sa.NullPool)
    engine = sa.create_engine(source.url, pool_pre_ping=True)

    @sa.event.listens_for(engine, "connect")
    def only_read(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SET time_zone = '+00:00'")

    return engine


def _open_file(source: LeginonSource) -> sqlite3.Connection:
    path = Path(source.url.database or "").resolve()
    if not path.is_file():
        raise VendorFileError(f"{source.spoken} is no file. Write the source as {_EXAMPLE}.")
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
