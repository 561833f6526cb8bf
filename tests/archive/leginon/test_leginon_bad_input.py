"""Broken databases end in one clear line, or in what could be read; never in a traceback or a hang."""

import random
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.archive.leginon.importer import Leginon
from ptolemy_kedro.archive.leginon.sessions import sessions
from ptolemy_kedro.errors import VendorFileError


def read(source):
    return [found.load() for found in sessions(source)]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("there_is_none.sqlite", "is no file"),
        ("postgresql://here/db", "is no database that Leginon uses"),
        ("mysql://", "cannot be read"),
        ("://", "no URL"),
        ("mysql://root@localhost/db?unix_socket=/there/is/none", "cannot be read"),
    ],
)
def test_a_wrong_source_is_one_line(source, line):
    with pytest.raises(VendorFileError, match=line) as caught:
        read(source)
    assert "\n" not in caught.value.line()


def test_a_file_that_is_no_database_or_none_of_leginons_is_one_line(tmp_path):
    (tmp_path / "text.sqlite").write_text("no database " * 100)
    with pytest.raises(VendorFileError, match="not a database"):
        read(tmp_path / "text.sqlite")
    sa.create_engine(f"sqlite:///{tmp_path / 'other.sqlite'}").connect().execute(
        sa.text("CREATE TABLE a (b)")
    )
    with pytest.raises(VendorFileError, match="no table SessionData"):
        read(tmp_path / "other.sqlite")


def test_a_missing_appion_database_or_image_folder_is_one_line(made):
    made.image("s_00001gr")
    with pytest.raises(VendorFileError, match=r"ap7\.sqlite is no file"):
        list(Leginon(appion=("ap7.sqlite",)).sessions(made.path))
    with pytest.raises(VendorFileError, match="there/is/none is no folder"):
        Leginon(images=Path("/there/is/none"))


def test_a_wrong_value_names_table_row_and_column_or_counts_as_empty(made):
    tile = made.image("s_00001gr")
    target = made.target(tile, 0, 0)
    made.change(f"UPDATE AcquisitionImageTargetData SET \"delta row\" = 'down' WHERE DEF_id = {target}")
    with pytest.raises(
        VendorFileError, match=f"AcquisitionImageTargetData row {target}: delta row is 'down'"
    ):
        read(made.path)
    (found,) = Leginon(permissive=True).sessions(made.path)
    imported = found.load()
    assert "targets" not in imported.tables
    assert len([line for line in imported.warnings if "'down'" in line]) == 1


def test_layouts_without_the_newer_tables_and_columns_are_read(made):
    tile = made.image("26mar01a_00001gr")
    made.target(tile, 5, 5)
    for name in ("MatrixCalibrationData", "ObjIceThicknessData", "ApCtfData", "GridData", "EMGridData"):
        made.change(f"DROP TABLE {name}")
    made.change('ALTER TABLE ScopeEMData DROP COLUMN "SUBD|stage position|b"')
    (imported,) = read(made.path)
    assert len(imported.tables["targets"]) == 1


def test_file_names_in_the_database_lead_nowhere_else(made, tmp_path):
    made.image("s_00001gr")
    secret = tmp_path / "secret.mrc"
    shutil.copy(made.images / "s_00001gr.mrc", secret)
    for name in ("../../secret.mrc", str(secret), "..\\..\\secret.mrc", "..", ""):
        made.change(f"UPDATE AcquisitionImageData SET \"MRC|image\" = '{name}', filename = 'tile'")
        (imported,) = read(made.path)
        assert imported.files == {}, name


def test_an_image_path_that_climbs_stays_below_the_named_folder(made, tmp_path):
    made.image("s_00001gr")
    (tmp_path / "mounted").mkdir()
    made.change(f"UPDATE SessionData SET \"image path\" = '../{made.images.parent.name}/rawdata'")
    (found,) = Leginon(permissive=True, images=tmp_path / "mounted").sessions(made.path)
    assert found.load().files == {}


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Bytes dropped, doubled, spoiled, numbers and words replaced, the end cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        at = rng.randrange(len(changed))
        kind = rng.randrange(5)
        if kind == 0:
            del changed[at : at + rng.choice((1, 8, 100))]
        elif kind == 1:
            changed[at:at] = changed[at : at + rng.choice((1, 8, 100))]
        elif kind == 2:
            changed[at] = rng.randrange(256)
        elif kind == 3:
            changed[at : at + 8] = rng.randbytes(8)
        elif rng.random() < 0.2:
            del changed[at:]
    return bytes(changed)


@pytest.mark.parametrize("count", [50, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_mutated_database_ends_in_a_line_or_a_result(made, tmp_path, count):
    tile = made.image("26mar01a_00001gr")
    patch = made.image("26mar01a_00001gr_00001hl", 2700, target=made.target(tile, 3, 3))
    shot = made.image("26mar01a_00001gr_00001hl_00001en", 105_000, target=made.target(patch, 1, 1))
    made.add("ApCtfData", {"REF|AcquisitionImageData|image": shot, "ctffind4_resolution": 4.0})
    made.matrix(210, "stage position", [[3e-7, 1e-7], [1e-7, -3e-7]])
    made.engine.dispose()
    data, rng = made.path.read_bytes(), random.Random(7)
    copy = made.folder / "copy.sqlite"
    results = {"read": 0, "refused": 0}
    for _ in range(count):
        copy.write_bytes(mutated(data, rng))
        results[outcome(copy)] += 1
    assert results["read"] and results["refused"]


def outcome(source) -> str:
    try:
        for found in sessions(source):
            found.load()
    except VendorFileError as failure:
        assert "\n" not in failure.line()
        return "refused"
    return "read"


WRONG = ("'x'", "NULL", "-1", "0", "1e308", "-1e308", "9e999", "''", "x'00ff'", "99999999999999999")


@pytest.mark.parametrize("count", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_wrong_values_anywhere_end_in_a_line_or_an_archive(made, tmp_path, count):
    tile = made.image("26mar01a_00001gr")
    patch = made.image("26mar01a_00001gr_00001hl", 2700, target=made.target(tile, 3, 3))
    made.image("26mar01a_00001gr_00001hl_00001en", 105_000, target=made.target(patch, 1, 1))
    made.matrix(210, "stage position", [[3e-7, 1e-7], [1e-7, -3e-7]])
    columns = [
        (table, column["name"])
        for table in sa.inspect(made.engine).get_table_names()
        for column in sa.inspect(made.engine).get_columns(table)
    ]
    rng, original = random.Random(11), made.path.read_bytes()
    for number in range(count):
        table, column = rng.choice(columns)
        value = rng.choice(
            ["'x'", "NULL", "-1", "0", "1e308", "-1e308", "9e999", "''", "x'00ff'", "99999999999999999"]
        )
        with made.engine.begin() as connection:
            connection.execute(sa.text("PRAGMA foreign_keys = OFF"))
            try_change(connection, f'UPDATE "{table}" SET "{column}" = {value}')
        made.engine.dispose()
        for permissive in (False, True):
            check_import(made.path, permissive, tmp_path / f"to{number}{permissive}")
        made.path.write_bytes(original)


def try_change(connection, statement):
    try:
        connection.execute(sa.text(statement.replace(":", "\\:")))
    except sa.exc.DBAPIError:
        connection.rollback()  # a key that must be a number, or stands twice


def check_import(source, permissive, to):
    try:
        summaries = import_sessions(Leginon(permissive).sessions(source), to)
    except VendorFileError as failure:
        assert "\n" not in failure.line()
        return
    assert all("\n" not in summary.said for summary in summaries)
    shutil.rmtree(to, ignore_errors=True)
