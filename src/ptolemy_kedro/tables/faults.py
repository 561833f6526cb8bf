"""What breaks a table's schema, value by value, in words that a user can act on."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa

from ptolemy_kedro.errors import TableError

NO_COLUMN = "no column of this table"
TWICE = "It stands there more than once; ids are unique within a session."

_NOUNS = {
    "datetime": "a time",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
}
_BOUNDS = {
    "greater_than": "above {min_value:g}",
    "greater_than_or_equal_to": "{min_value:g} or more",
    "less_than": "below {max_value:g}",
    "less_than_or_equal_to": "{max_value:g} or less",
    "in_range": "from {min_value:g} to {max_value:g}",
}


@dataclass(frozen=True)
class Fault:
    """A value that breaks a table's schema.

    Attributes:
        row: The table's index there; None where the fault is the whole column's.
        column: The column.
        value: What stands there.
        rule: What would be right, as a sentence.
    """

    row: int | None
    column: str
    value: Any
    rule: str

    def __str__(self) -> str:
        missing = self.value is None or self.value is pd.NA or self.value != self.value
        stands = "empty" if missing else self.value if self.value is NO_COLUMN else shown(self.value)
        return f"{self.column} is {stands}. {self.rule}"


def shown(value: Any) -> str:
    """Show a value as a user wrote it, shortened."""
    text = str(value) if isinstance(value, int | float) else repr(str(value))
    return text if len(text) <= 80 else text[:77] + "..."


def find_faults(schema: type[pa.DataFrameModel], table: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Find every value of a table that breaks its schema.

    Returns:
        The table with the declared types and order of columns, absent optional columns added empty; and the
        faults. With faults, the table's types are as they were given.

    Raises:
        TableError: A column is missing.
    """
    columns = schema.to_schema().columns
    missing = [name for name, column in columns.items() if name not in table and not column.nullable]
    if missing:
        raise TableError(f"lacks the column {missing[0]}. Its columns are: {', '.join(columns)}.")
    filled = table.reindex(columns=[*columns, *(c for c in table if c not in columns)])
    try:
        return schema.validate(filled, lazy=True), []
    except pa.errors.SchemaErrors as failure:
        cases = failure.failure_cases.to_dict("records")
        return filled, list(dict.fromkeys(_fault(schema, case, filled) for case in cases))


def rule_of(schema: type[pa.DataFrameModel], column: str) -> str:
    """Say in one sentence what the values of a column must be."""
    declared = schema.to_schema().columns[column]
    if declared.description:
        return declared.description
    for check in declared.checks:
        if check.name == "isin":
            return f"It must be one of {', '.join(map(str, check.statistics['allowed_values']))}."
    kind = str(declared.dtype).lower()
    noun = next((words for mark, words in _NOUNS.items() if mark in kind), f"of type {kind}")
    bounds = [
        _BOUNDS[check.name].format(**check.statistics) for check in declared.checks if check.name in _BOUNDS
    ]
    return f"It must be {' '.join([noun, *bounds])}{' or empty' if declared.nullable else ''}."


def _fault(schema: type[pa.DataFrameModel], case: dict[str, Any], table: pd.DataFrame) -> Fault:
    row = None if pd.isna(case["index"]) else int(case["index"])
    check, column = str(case["check"]), str(case["column"])
    columns = schema.to_schema().columns
    if check == "column_in_schema":
        unknown = str(case["failure_case"])
        return Fault(None, unknown, NO_COLUMN, f"Its columns are: {', '.join(columns)}.")
    if check == "multiple_fields_uniqueness" or column not in columns:
        last = (schema.Config.unique or [column])[-1]
        value = case["failure_case"] if row is None else table.loc[row, last]
        return Fault(row, last, value, TWICE)
    value = case["failure_case"]
    return Fault(row, column, None if _is_missing(value) else value, rule_of(schema, column))


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value
