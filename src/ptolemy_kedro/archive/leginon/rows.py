"""Values of database rows, as what they must be."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from ptolemy_kedro.errors import VendorFileError


class Row:
    """A row of a query: each value is empty (None) or what is asked for.

    Args:
        values: By the names the query gave them; ``id`` is the row's number in messages.
        what: Name of the table.
        columns: The database's names of the values, for messages.
        zone: Zone of times without one.
        complaints: Takes a line for each wrong value, which then counts as empty; None to raise it.
    """

    __slots__ = ("_columns", "_complaints", "_values", "_what", "_zone")

    def __init__(
        self,
        values: Mapping[Any, Any],
        what: str,
        columns: Mapping[str, str],
        zone: tzinfo,
        complaints: list[str] | None = None,
    ) -> None:
        self._values, self._what, self._columns, self._zone = values, what, columns, zone
        self._complaints = complaints

    def number(self, name: str) -> float | None:
        """A finite number; NaN and infinity count as empty.

        Raises:
            VendorFileError: The value is something else; the line names table, row and column.
        """
        value = self._values[name]
        if value is None:
            return None
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            self._complain(name, "a number")
            return None
        return number if math.isfinite(number) else None

    def whole(self, name: str) -> int | None:
        """A whole number; raises as ``number``."""
        number = self.number(name)
        if number is None or (abs(number) < 2**53 and number == int(number)):
            return None if number is None else int(number)
        self._complain(name, "a whole number")
        return None

    def identity(self) -> int:
        """The row's own ``DEF_id``."""
        number = self.whole("id")
        if number is None:
            raise VendorFileError(f"{self._what} has a row without DEF_id. Correct it in the database.")
        return number

    def text(self, name: str) -> str:
        """A text, stripped; empty where there is none."""
        value = self._values[name]
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        return "" if value is None else str(value).replace("\0", "").strip()

    def time(self, name: str) -> datetime | None:
        """A time in UTC; raises as ``number``."""
        value = self._values[name]
        if value is None or str(value).startswith("0000"):
            return None
        try:
            stated = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
            local = stated if stated.tzinfo else stated.replace(tzinfo=self._zone)
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            self._complain(name, "a time")
            return None

    def _complain(self, name: str, kind: str) -> None:
        value = str(self._values.get(name))[:60]
        column = self._columns.get(name, name)
        said = f"{self._what} row {self._values.get('id')}: {column} is {value!r}. It must be {kind}."
        if self._complaints is None:
            raise VendorFileError(
                f"{said} Correct it in the database, or import with --permissive."
            ) from None
        self._complaints.append(f"{said} It was left empty.")
