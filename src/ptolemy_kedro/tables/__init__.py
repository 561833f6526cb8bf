"""The schema of every table, raw and derived; docs/data-model.md says the same in prose.

A field's ``description`` is the sentence that an error message says about it. A column's suffix is its unit.
Rows of one session form one partition. ``str`` columns that may be empty hold ``NA``.
"""

import pandas as pd

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.tables.derived import (
    DERIVED,
    ArchiveReports,
    SquareCrops,
    Squares,
    SquareScores,
)  # fmt: skip
from ptolemy_kedro.tables.faults import find_faults
from ptolemy_kedro.tables.holes import (
    HoleCrops,
    HoleDetections,
    HoleExposures,
    Holes,
    HoleScores,
    LocaliserPatches,
)  # fmt: skip
from ptolemy_kedro.tables.raw import KEYS, RAW, Exposures, Grids, Images, Outcomes, Sessions, Targets
from ptolemy_kedro.tables.schema import (
    DECISIONS,
    FOILS,
    IMAGE_KINDS,
    LABELS,
    ORIGINS,
    PIXEL_SIZE,
    QUANTITIES,
    SOURCES,
    TARGET_KINDS,
    Table,
    Time,
)  # fmt: skip
from ptolemy_kedro.tables.survey import Plan, TargetHoles, TargetSquares

__all__ = [
    "DECISIONS", "DERIVED", "FOILS", "IMAGE_KINDS", "KEYS", "LABELS", "ORIGINS", "PIXEL_SIZE", "QUANTITIES",
    "RAW", "SOURCES", "TARGET_KINDS", "ArchiveReports", "Exposures", "Grids", "HoleCrops", "HoleDetections",
    "HoleExposures", "HoleScores", "Holes", "Images", "LocaliserPatches", "Outcomes", "Plan", "Sessions",
    "SquareCrops", "SquareScores", "Squares", "Table", "TargetHoles", "TargetSquares", "Targets",
    "Time", "empty", "validate",
]  # fmt: skip


def validate(schema: type[Table], table: pd.DataFrame, what: str) -> pd.DataFrame:
    """Check a table against its schema and return it with the declared types and order of columns.

    Absent optional columns are added empty.

    Raises:
        TableError: Names the table, the first offending row and column, and the value.
    """
    try:
        valid, found = find_faults(schema, table)
    except TableError as failure:
        raise TableError(f"{what} {failure}") from None
    if found:
        where = "" if found[0].row is None else f" row {found[0].row}"
        others = f" ({len(found) - 1} more faults in this table.)" if len(found) > 1 else ""
        raise TableError(f"{what}{where}: {found[0]}{others}")
    return valid


def empty(schema: type[Table]) -> pd.DataFrame:
    """Make a table of the schema without rows."""
    return validate(schema, pd.DataFrame(columns=list(schema.to_schema().columns)), schema.__name__)
