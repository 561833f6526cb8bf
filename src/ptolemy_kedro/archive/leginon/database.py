"""A Leginon database, read only: tables are named by class, columns by kind (``REF|Class|field`` and such).

Layouts differ between versions of Leginon: what a table or column holds that is not there is empty.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from ptolemy_kedro.archive.leginon.rows import Row
from ptolemy_kedro.archive.leginon.source import LeginonSource, open_engine
from ptolemy_kedro.errors import VendorFileError

_BATCH = 500
_NEEDED = ("SessionData", "AcquisitionImageData")

Fields = Mapping[str, str]
"""Columns of a class by the name they get here."""


class Database:
    """One Leginon database; rows come as they are read, a batch in memory.

    Attributes:
        source: Where it is, and how it is read.
        complaints: Lines about wrong values that were taken as empty; None if they are raised.
    """

    def __init__(self, source: LeginonSource) -> None:
        self.source = source
        self.complaints: list[str] | None = [] if source.options.permissive else None

    def check(self) -> None:
        """Make sure that it can be reached and is Leginon's.

        Raises:
            VendorFileError: It is not.
        """
        for name in _NEEDED:
            self.need(name)

    def need(self, name: str) -> None:
        """Make sure that there is a table.

        Raises:
            VendorFileError: There is none, or the database cannot be reached.
        """
        if not self.has(name):
            raise VendorFileError(
                f"{self.source.spoken} has no table {name}: it is none of Leginon's. Name another database."
            )

    def has(self, name: str) -> bool:
        """Tell whether there is a table."""
        return name in self._tables

    def columns(self, name: str) -> frozenset[str]:
        """List a table's columns; none where there is no such table."""
        if not self.has(name):
            return frozenset()
        if name not in self._columns:
            with self._told():
                self._columns[name] = frozenset(c["name"] for c in sa.inspect(self._engine).get_columns(name))
        return self._columns[name]

    def reference(self, name: str, field: str, ends: str) -> str:
        """Name a table's column that refers to a class, also where it names the class's database too."""
        for column in sorted(self.columns(name)):
            if column.startswith("REF|") and column.endswith(f"{ends}|{field}"):
                return column
        return f"REF|{ends}|{field}"

    def table(self, name: str) -> sa.FromClause:
        """Name a table, under an alias of its own, for ``column`` and ``rows``."""
        return sa.table(name, *[sa.column(column) for column in sorted(self.columns(name))]).alias(name)

    def labelled(self, table: sa.FromClause, fields: Fields) -> list[sa.Label[Any]]:
        """Choose columns by the name they get; absent ones are empty."""
        return [
            (table.c[column] if column in table.c else sa.null()).label(name)
            for name, column in fields.items()
        ]

    def rows(self, statement: sa.Select[Any], what: str, columns: Fields) -> Iterator[Row]:
        """Run a query; ``what`` and ``columns`` are what table and values are called in messages.

        Raises:
            VendorFileError: The database cannot be reached, went away, or holds something unreadable.
        """
        with self._told(), self._engine.connect() as connection:
            options = {"stream_results": True, "yield_per": _BATCH}
            for found in connection.execution_options(**options).execute(statement).mappings():
                yield Row(found, what, columns, self.source.options.zone, self.complaints)

    def all(
        self, name: str, fields: Fields, between: Mapping[str, tuple[int, int]] | None = None
    ) -> Iterator[Row]:
        """Give the rows of one table in the order of their ids; none where there is no such table or column.

        Args:
            name: The table.
            fields: Its columns by the names they get; ``id`` is added.
            between: The least and the greatest value of columns.
        """
        table = self.table(name)
        if not {"DEF_id", *(between or ())} <= set(table.c.keys()):
            return
        statement = sa.select(*self.labelled(table, {"id": "DEF_id", **fields}))
        for column, (least, greatest) in (between or {}).items():
            statement = statement.where(table.c[column].between(least, greatest))
        yield from self.rows(statement.order_by(table.c["DEF_id"]), name, fields)

    def forget_complaints(self) -> None:
        """Begin with another session."""
        if self.complaints:
            self.complaints.clear()

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @cached_property
    def _engine(self) -> sa.Engine:
        try:
            return open_engine(self.source)
        except ModuleNotFoundError:
            raise VendorFileError(
                "MySQL and MariaDB are read through PyMySQL, which is not installed. "
                "Run: pip install 'ptolemy-kedro[leginon]'"
            ) from None
        except sa.exc.SQLAlchemyError as failure:
            raise VendorFileError(f"{self.source.spoken}: {failure}. Correct the URL.") from None

    @cached_property
    def _tables(self) -> frozenset[str]:
        with self._told():
            return frozenset(sa.inspect(self._engine).get_table_names())

    @cached_property
    def _columns(self) -> dict[str, frozenset[str]]:
        return {}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the database's failures into one line, without the query and the password."""
        try:
            yield
        except sa.exc.DBAPIError as failure:
            raise VendorFileError(
                f"{self.source.spoken} cannot be read ({_cause(failure)}). Sessions already imported stay; "
                "see to the database and run the import again."
            ) from None
        except (sa.exc.SQLAlchemyError, UnicodeError, OverflowError) as failure:
            raise VendorFileError(f"{self.source.spoken} cannot be read: {_one_line(failure)}") from None


def _cause(failure: sa.exc.DBAPIError) -> str:
    return _one_line(failure.orig if failure.orig is not None else failure)


def _one_line(failure: BaseException) -> str:
    return " ".join(str(failure).split())[:300]
