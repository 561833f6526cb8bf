"""The cells of a CSV: how each type of value is written, and read back without loss."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pandas as pd

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_WHOLE = re.compile(r"([+-]?\d{1,18})(\.0*)?", re.ASCII)


class NoZoneError(ValueError):
    """A time without its zone."""


def parser(kind: Any) -> Callable[[str], Any]:
    """Choose the function that reads a cell of a column's type; it raises ValueError on a wrong one."""
    name = str(kind).lower()
    known = {"int": _whole, "float": _number, "bool": _truth, "datetime": _time}
    return next((read for mark, read in known.items() if mark in name), str)


def text(value: Any) -> str:
    """Write a value as a cell; what is missing is an empty cell."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, datetime):
        return pd.Timestamp(value).tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, str):
        return value
    return str(value).lower() if str(value) in ("True", "False") else str(value)


def assume_utc(cell: str) -> datetime:
    """Read a time without its zone as UTC."""
    return datetime.fromisoformat(cell.strip()).replace(tzinfo=UTC)


def _number(cell: str) -> float:
    if not _NUMBER.fullmatch(cell.strip()):
        raise ValueError(cell)
    value = float(cell)
    if value in (float("inf"), float("-inf")):
        raise ValueError(cell)
    return value


def _whole(cell: str) -> int:
    found = _WHOLE.fullmatch(cell.strip())
    if not found:
        raise ValueError(cell)
    return int(found[1])


def _truth(cell: str) -> bool:
    return {"true": True, "false": False}[cell.strip().lower()] if _is_truth(cell) else _refuse(cell)


def _is_truth(cell: str) -> bool:
    return cell.strip().lower() in ("true", "false")


def _refuse(cell: str) -> Any:
    raise ValueError(cell)


def _time(cell: str) -> datetime:
    moment = datetime.fromisoformat(cell.strip())
    if moment.tzinfo is None:
        raise NoZoneError(cell)
    return moment.astimezone(UTC)
