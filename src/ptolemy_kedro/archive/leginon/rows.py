"""Values of database rows, as what they must be."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ptolemy_kedro.errors import VendorFileError


class Row:
    """A row of a query: each value is empty (None) or what is asked for.

    Args:
        values: By the names the query gave them; ``id`` is the row's number in messages.
        what: Name of the table.
        zone: Zone of times without one.
    """

    __slots__ = ("_values", "_what", "_zone")

    def __init__(self, values: Mapping[Any, Any], what: str, zone: ZoneInfo) -> None:
        self._values, self._what, self._zone = values, what, zone

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
            raise self._wrong(name, "a number") from None
        return number if math.isfinite(number) else None

    def whole(self, name: str) -> int | None:
        """A whole number; raises as ``number``."""
        number = self.number(name)
        if number is not None and (number != int(number) or abs(number) >= 2**53):
            raise self._wrong(name, "a whole number")
        return None if number is None else int(number)

    def identity(self) -> int:
        """The row's own ``DEF_id``."""
        number = self.whole("id")
        if number is None:
            raise self._wrong("id", "a whole number")
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
            raise self._wrong(name, "a time") from None

    def _wrong(self, name: str, kind: str) -> VendorFileError:
        value = str(self._values.get(name))[:60]
        return VendorFileError(
            f"{self._what} row {self._values.get('id')}: {name} is {value!r}. It must be {kind}. "
            "Correct it in the database."
        )
