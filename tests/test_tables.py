"""Every table takes what its schema allows, and says in one line what breaks it."""

import pandas as pd
import pytest
from tests.archive.archives import small_tables

from ptolemy_kedro import tables
from ptolemy_kedro.errors import TableError
from ptolemy_kedro.tables import DERIVED, RAW, validate
from ptolemy_kedro.tables.faults import find_faults, rule_of

ALL = RAW | DERIVED | {"reports": tables.ArchiveReports, "scores": tables.SquareScores}


@pytest.mark.parametrize("name", ALL)
def test_an_empty_table_is_valid_and_has_all_columns(name):
    table = tables.empty(ALL[name])

    assert len(table) == 0
    assert list(table.columns) == list(ALL[name].to_schema().columns)
    pd.testing.assert_frame_equal(validate(ALL[name], table, name), table)


@pytest.mark.parametrize("name", RAW)
def test_absent_optional_columns_are_added_empty(name):
    given = small_tables()[name]

    valid = validate(RAW[name], given, name)

    added = [column for column in valid if column not in given]
    assert added and valid[added].isna().all(axis=None)
    pd.testing.assert_frame_equal(valid, validate(RAW[name], valid, name))


def test_raw_tables_name_no_derived_row():
    ids = {column for schema in DERIVED.values() for column in schema.to_schema().columns if "_id" in column}
    raw_ids = {column for schema in RAW.values() for column in schema.to_schema().columns if "_id" in column}

    assert (ids - raw_ids) == {"square_id", "physical_id", "hole_id"}
    assert raw_ids.isdisjoint({"square_id", "physical_id", "hole_id"})


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("images", "pixel_size_a", -1.0, "pixel_size_a is -1.0. A pixel size is positive, in angstrom."),
        ("images", "rows_px", 0, "rows_px is 0. It must be a whole number above 0."),
        ("images", "rows_px", None, "rows_px is empty. It must be a whole number above 0."),
        ("images", "rows_px", "many", "rows_px is 'many'. It must be a whole number above 0."),
        (
            "images",
            "kind",
            "map",
            "kind is 'map'. It must be one of atlas, tile, square, medium, hole, exposure.",
        ),
        ("images", "image_id", "a/b", "image_id is 'a/b'. An id is 1 to 200 characters without / and \\."),
        ("images", "image_id", "a\n", "image_id is 'a\\n'. An id is 1 to 200 characters without / and \\."),
        ("images", "image_id", "x" * 201, "An id is 1 to 200 characters"),
        ("images", "tilt_alpha_deg", 91.0, "It must be a number from -90 to 90 or empty."),
        ("targets", "order", -1, "order is -1. It must be a whole number 0 or more or empty."),
        ("sessions", "origin", "dreamt", "origin is 'dreamt'. It must be one of real, simulated."),
    ],
)
def test_a_fault_names_the_table_the_row_the_column_and_the_rule(name, column, value, said):
    table = validate(RAW[name], small_tables()[name], name).astype({column: object})
    row = table.index[-1]
    table.loc[row, column] = value

    with pytest.raises(TableError) as failure:
        validate(RAW[name], table, f"session s: {name}")

    assert str(failure.value).startswith(f"session s: {name} row {row}: {column} is ")
    assert said in str(failure.value) and "\n" not in str(failure.value)


def test_more_faults_are_counted_and_all_are_found():
    table = validate(tables.Images, small_tables(3)["images"], "images").assign(pixel_size_a=-1.0)

    with pytest.raises(TableError, match=r"\(2 more faults in this table\.\)"):
        validate(tables.Images, table, "images")
    assert [fault.row for fault in find_faults(tables.Images, table)[1]] == [0, 1, 2]


def test_an_id_that_stands_twice_is_a_fault_of_each_of_its_rows():
    table = small_tables(3)["images"].assign(image_id=["a", "b", "a"])

    found = find_faults(tables.Images, table)[1]

    assert {(fault.row, fault.column, fault.value) for fault in found} == {
        (0, "image_id", "a"), (2, "image_id", "a"),
    }  # fmt: skip


def test_a_missing_and_an_unknown_column_are_named():
    table = small_tables()["images"]

    with pytest.raises(TableError, match="images lacks the column viewed"):
        validate(tables.Images, table.drop(columns="viewed"), "images")
    with pytest.raises(TableError, match=r"colour is no column of this table\. Its columns are: session_id"):
        validate(tables.Images, table.assign(colour="red"), "images")


@pytest.mark.parametrize("name", ALL)
def test_every_column_has_a_rule_in_words(name):
    for column in ALL[name].to_schema().columns:
        rule = rule_of(ALL[name], column)
        assert rule.endswith(".") and "dtype" not in rule and "None" not in rule
