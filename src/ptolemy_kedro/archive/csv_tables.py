"""One raw table as CSV: UTF-8, comma, a header line; an empty cell is a missing value."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pandas as pd

from ptolemy_kedro import tables
from ptolemy_kedro.archive import cells
from ptolemy_kedro.archive.findings import Findings
from ptolemy_kedro.errors import TableError
from ptolemy_kedro.tables import faults

Place = Callable[[Any], str]
"""From a row of a table to the words that say where it stands."""

_LEFT_OUT = "The row was left out."
_CORRECT = "Correct the line, or import the session again."


def write_csv(table: pd.DataFrame) -> bytes:
    """Write a table without its ``session_id``, which ``session.json`` holds."""
    columns = [name for name in table.columns if name != "session_id"]
    texts = [[cells.text(value) for value in table[name].astype(object)] for name in columns]
    returns = any("\r" in text for column in texts for text in column)  # Python 3.11 does not quote them
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL)
    writer.writerow(columns)
    writer.writerows(zip(*texts, strict=True))
    return target.getvalue().encode()


def read_csv(name: str, data: bytes, session_id: str, findings: Findings) -> pd.DataFrame:
    """Read a table; what is wrong with it goes to the findings, and is left out of the table.

    Args:
        name: The table, a key of ``tables.RAW``.
        data: The file's bytes.
        session_id: The session that the table belongs to.
        findings: Takes what is wrong.

    Returns:
        The table with its declared types, indexed by the line of the file each row begins at.
    """
    lines = _rows(name, _decoded(name, data, findings), findings)
    header = next(lines, (1, []))[1]
    columns = _known_columns(name, header, findings)
    if columns is None:
        return none_of(name, findings)
    texts = _texts(name, header, lines, findings)
    by_column = dict(zip(header, zip(*texts.values(), strict=True), strict=True)) if texts else {}
    kept = {column: list(by_column.get(column, ())) for column in columns}
    kept.setdefault("session_id", [session_id] * len(texts))
    return typed(name, kept, list(texts), line_of(name), session_id, findings)


def line_of(name: str) -> Place:
    """Say places as lines of a table's file."""
    return lambda line: f"{name}.csv line {line}" if name != "sessions" else "session.json"


def typed(
    name: str,
    texts: dict[str, list[str]],
    index: list[int],
    place: Place,
    session_id: str,
    findings: Findings,
) -> pd.DataFrame:
    """Take columns of cells to a table of declared types; rows and values that are wrong are left out."""
    schema = tables.RAW[name]
    declared = schema.to_schema().columns
    dropped: set[int] = set()
    values: dict[str, list[Any]] = {}
    for column, stated in texts.items():
        values[column], wrong = _values(column, stated, index, place, schema, findings)
        if not declared[column].nullable:
            dropped.update(wrong)
    for row, value in zip(index, values.get("session_id", ()), strict=False):
        if value is not None and value != session_id:
            findings.problem(f"{place(row)}: session_id is {value!r}, not {session_id!r}. {_CORRECT}")
            dropped.add(row)
    table = pd.DataFrame({c: pd.Series(v, index=index, dtype=object) for c, v in values.items()}, index=index)
    return conforming(name, without(name, table, sorted(dropped), findings), place, findings)


def conforming(name: str, table: pd.DataFrame, place: Place, findings: Findings) -> pd.DataFrame:
    """Bring a table to its schema; rows and values that break it go to the findings and are left out."""
    schema = tables.RAW[name]
    try:
        table, found = faults.find_faults(schema, table)
    except TableError as failure:
        findings.problem(f"{name}.csv {failure}")
        return none_of(name, findings)
    if not found:
        return table
    declared = schema.to_schema().columns
    table, dropped = table.astype(object), set()
    for fault in found:
        if fault.row is None:
            findings.problem(f"{name}.csv: {fault}")
            return none_of(name, findings)
        where = f"{place(fault.row)}: {fault} {_CORRECT}"
        if fault.rule == faults.TWICE:
            findings.problem(where)
            dropped.add(fault.row)
        elif declared[fault.column].nullable:
            findings.tolerate(where, "It was left empty.")
            table.loc[fault.row, fault.column] = None
        else:
            findings.tolerate(where, _LEFT_OUT)
            dropped.add(fault.row)
    return schema.validate(without(name, table, sorted(dropped), findings))


def without(name: str, table: pd.DataFrame, rows: Iterable[Any], findings: Findings) -> pd.DataFrame:
    """Leave rows out of a table, and let the findings remember their ids."""
    rows = list(rows)
    key = tables.KEYS.get(name)
    findings.lose(name, table.loc[rows, key].dropna().astype(str) if key in table else ())
    return table.drop(index=rows)


def none_of(name: str, findings: Findings) -> pd.DataFrame:
    """Go on without a table; what refers to it cannot be judged."""
    findings.lose(name)
    return tables.empty(tables.RAW[name])


def _values(
    column: str, stated: list[str], index: list[int], place: Place, schema: Any, findings: Findings
) -> tuple[list[Any], list[int]]:
    """Read a column's cells; gives the values, and the rows whose cells are wrong."""
    read = cells.parser(schema.to_schema().columns[column].dtype)
    try:
        return [None if cell == "" else read(cell) for cell in stated], []
    except (ValueError, OverflowError):  # then cell by cell, to say where
        found = [
            _value(cell, read, column, place(row), schema, findings)
            for row, cell in zip(index, stated, strict=True)
        ]
    return [value for value, _ in found], [
        row for row, (_, good) in zip(index, found, strict=True) if not good
    ]


def _value(
    cell: str, read: Callable[[str], Any], column: str, where: str, schema: Any, findings: Findings
) -> tuple[Any, bool]:
    """Read a cell; a wrong one becomes empty, and is said. Gives the value, and whether it was right."""
    if cell == "":
        return None, True
    try:
        return read(cell), True
    except cells.NoZoneError:
        findings.tolerate(
            f"{where}: {column} is {cell!r}, a time without its zone. Add Z, or +01:00 and the like.",
            "It was read as UTC.",
        )
        return cells.assume_utc(cell), True
    except (ValueError, OverflowError):
        rule = faults.rule_of(schema, column)
        done = "It was left empty." if schema.to_schema().columns[column].nullable else _LEFT_OUT
        findings.tolerate(f"{where}: {column} is {faults.shown(cell)}. {rule} {_CORRECT}", done)
        return None, False


def _decoded(name: str, data: bytes, findings: Findings) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = data.count(b"\n", 0, failure.start) + 1
        findings.tolerate(
            f"{name}.csv line {line}: byte 0x{data[failure.start]:02x} is not UTF-8. Save the file as UTF-8.",
            "It was read as Windows-1252.",
        )
        return data.decode("cp1252", errors="replace")


def _rows(name: str, text: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """Split a CSV into rows, each with the line it begins at; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as failure:
        findings.problem(f"{name}.csv line {line}: not readable as CSV: {failure}. {_CORRECT}")
        findings.lose(name)


def _known_columns(name: str, header: list[str], findings: Findings) -> list[str] | None:
    declared = tables.RAW[name].to_schema().columns
    if not header:
        findings.problem(f"{name}.csv is empty. Give it its header line: {','.join(declared)}")
        return None
    twice = [column for column in header if header.count(column) > 1]
    if twice:
        findings.problem(f"{name}.csv line 1: the column {twice[0]!r} stands there twice. Remove one.")
        return None
    for column in header:
        if column not in declared:
            findings.tolerate(
                f"{name}.csv line 1: {column[:80]!r} is no column of this table. Its columns are: "
                f"{', '.join(declared)}.",
                "It was left out.",
            )
    return [column for column in header if column in declared]


def _texts(
    name: str, header: list[str], lines: Iterator[tuple[int, list[str]]], findings: Findings
) -> dict[int, list[str]]:
    texts = {}
    for line, row in lines:
        if len(row) == len(header):
            texts[line] = row
        else:
            findings.tolerate(
                f"{name}.csv line {line}: {len(row)} cells under {len(header)} columns. {_CORRECT}", _LEFT_OUT
            )
            findings.lose(name)
    return texts
