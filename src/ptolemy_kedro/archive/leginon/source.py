"""Where a Leginon database is, and what of it has to be told: all in one URL."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from ptolemy_kedro.errors import VendorFileError

_DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_EXAMPLE = "mysql://reader:password@host/leginondb, or the path of an SQLite file"


@dataclass(frozen=True)
class LeginonSource:
    """A database and how to read it.

    Attributes:
        url: Of the Leginon database, without the options below.
        zone: The zone that the database's clock was kept in.
        images: Folder below which images are looked for, instead of at the database's own paths.
        appion: Names of Appion databases on the same server (or SQLite files) that hold CTF results.
    """

    url: sa.URL
    zone: ZoneInfo
    images: Path | None = None
    appion: tuple[str, ...] = ()

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
        return LeginonSource(self.url.set(database=database), self.zone, self.images)


def source_of(source: Path | str) -> LeginonSource:
    """Read a source: a URL, or the path of an SQLite file.

    The URL's query may hold ``timezone`` (of the database's clock, UTC where absent), ``images`` (a folder)
    and ``appion`` (databases, separated by commas); the rest of the query is the driver's.

    Raises:
        VendorFileError: It is no URL of a database that this project reads, or an option is wrong.
    """
    url = _url_of(str(source))
    options = {name: str(url.query[name]) for name in ("timezone", "images", "appion") if name in url.query}
    url = url.difference_update_query(list(options))
    appion = tuple(name.strip() for name in options.get("appion", "").split(",") if name.strip())
    images = Path(options["images"]).expanduser() if "images" in options else None
    if images is not None and not images.is_dir():
        raise VendorFileError(
            f"images={images}: there is no such folder. Name the one that holds the sessions."
        )
    return LeginonSource(url, _zone(options.get("timezone", "UTC")), images, appion)


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


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise VendorFileError(f"timezone={name}: there is no such zone. Write it as Europe/Berlin.") from None


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
