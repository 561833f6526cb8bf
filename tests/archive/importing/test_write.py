"""Importing writes only what is new or changed, goes on after a broken session, and says what it did."""

import dataclasses
import json
import os

import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro import archive
from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.importing.frame import Found, Imported, LeftOut
from ptolemy_kedro.archive.importing.record import NAME
from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.errors import StorageError, VendorFileError

PIXELS = np.arange(12, dtype=np.int16).reshape(3, 4)


@pytest.fixture
def imported(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.mrc").write_bytes(encode("a.mrc", PIXELS, 5.0))
    images = [
        {"image_id": name, "grid_id": "g", "kind": "tile", "file": f"{name}.mrc", "rows_px": 3, "cols_px": 4,
         "pixel_size_a": 5.0, "viewed": True}
        for name in ("a", "b")
    ]  # fmt: skip
    tables = {
        "sessions": [{"session_id": "s", "origin": "real"}],
        "grids": [{"grid_id": "g", "foil_material": "unknown"}],
        "images": images,
        "targets": [{"target_id": "t", "image_id": "a", "kind": "square", "row_px": 1.0, "col_px": 1.0,
                     "source": "operator", "decision": "selected"}],
    }  # fmt: skip
    return Imported(
        "s",
        {name: pd.DataFrame(rows) for name, rows in tables.items()},
        {"a.mrc": source / "a.mrc", "b.mrc": lambda: PIXELS + 1},
        (LeftOut("a movie", "too large"),),
    )


def found(imported, stamp="1", source="here"):
    return Found("s", stamp, lambda: imported, source)


def test_files_are_taken_and_pixels_are_made(imported, tmp_path):
    told = []
    (summary,) = import_sessions([found(imported)], tmp_path / "to", progress=lambda *said: told.append(said))

    assert summary.status == "imported"
    assert (summary.images, summary.targets) == ({"tile": 2}, {("square", "selected"): 1})
    assert summary.pixel_sizes_a == {"tile": (5.0, 5.0)}
    assert summary.left_out == (LeftOut("a movie", "too large"),)
    assert told == [("s", 1, 2), ("s", 2, 2)]
    assert archive.check(tmp_path / "to" / "s").problems == []
    with archive.open_session(tmp_path / "to" / "s") as session:
        assert np.array_equal(session.pixels.read("a.mrc"), PIXELS)
        assert np.array_equal(session.pixels.read("b.mrc"), PIXELS + 1)


@pytest.mark.parametrize("link", [True, False])
def test_links_are_made_only_where_asked_for(imported, tmp_path, link):
    import_sessions([found(imported)], tmp_path / "to", link=link)

    taken, source = tmp_path / "to" / "s" / "images" / "a.mrc", imported.files["a.mrc"]
    assert taken.samefile(source) is link
    assert not taken.is_symlink()


def test_a_disk_that_cannot_link_gets_copies(imported, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)

    (summary,) = import_sessions([found(imported)], tmp_path / "to", link=True)

    assert summary.status == "imported"


def test_what_is_current_is_passed_over_and_what_changed_is_imported_again(imported, tmp_path):
    def run(stamp):
        (summary,) = import_sessions([found(imported, stamp)], tmp_path / "to")
        return summary.status

    assert [run("1"), run("1"), run("2"), run("2")] == ["imported", "current", "imported", "current"]


def test_an_archive_that_was_removed_is_imported_again(imported, tmp_path):
    import_sessions([found(imported)], tmp_path / "to")
    (tmp_path / "to" / "s" / "session.json").unlink()

    (summary,) = import_sessions([found(imported)], tmp_path / "to")

    assert summary.status == "imported"


def test_a_dry_run_writes_nothing(imported, tmp_path):
    (summary,) = import_sessions([found(imported)], tmp_path / "to", dry_run=True)

    assert summary.status == "to import"
    assert summary.images == {"tile": 2}
    assert not (tmp_path / "to").exists()


def test_a_broken_session_is_one_line_and_the_others_go_on(imported, tmp_path):
    def broken():
        raise VendorFileError("x.nav line 3: it is broken.")

    gone = dataclasses.replace(imported, files={**imported.files, "a.mrc": tmp_path / "gone.mrc"})
    summaries = import_sessions(
        [
            Found("bad", "1", broken),
            Found("gone", "1", lambda: gone),
            found(imported),
        ],
        tmp_path / "to",
    )

    assert [summary.status for summary in summaries] == ["broken", "broken", "imported"]
    assert summaries[0].said == "x.nav line 3: it is broken."
    assert "gone.mrc" in summaries[1].said
    assert not (tmp_path / "to" / "bad").exists()


def test_a_source_that_goes_away_leaves_what_was_done(imported, tmp_path):
    def sessions():
        yield found(imported)
        raise VendorFileError("the database went away.")

    summaries = import_sessions(sessions(), tmp_path / "to")

    assert [summary.status for summary in summaries] == ["imported", "broken"]
    assert summaries[1].said == "the database went away."


def test_two_sessions_of_one_name_are_not_mixed(imported, tmp_path):
    first, second = import_sessions([found(imported), found(imported, source="there")], tmp_path / "to")
    (later,) = import_sessions([found(imported, "2", source="there")], tmp_path / "to")

    assert (first.status, second.status, later.status) == ("imported", "broken", "broken")
    assert "here" in second.said and "there" in second.said
    assert "Rename one" in later.said


def test_an_archive_that_was_not_imported_is_not_replaced(imported, tmp_path):
    (tmp_path / "to" / "s").mkdir(parents=True)

    (summary,) = import_sessions([found(imported)], tmp_path / "to")

    assert summary.status == "broken"
    assert "was not imported" in summary.said


def test_a_full_disk_ends_the_import(imported, tmp_path, monkeypatch):
    def full(*_, **__):
        raise StorageError("The disk is full.")

    monkeypatch.setattr("ptolemy_kedro.archive.importing.write.write_session", full)

    with pytest.raises(StorageError):
        import_sessions([found(imported)], tmp_path / "to")


@pytest.mark.parametrize("written", ["{", "[]", '{"s": {}}', '{"s": 3}'])
def test_a_damaged_record_is_said(imported, tmp_path, written):
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / NAME).write_text(written)

    with pytest.raises(VendorFileError, match="is damaged"):
        import_sessions([found(imported)], tmp_path / "to")


def test_the_record_says_where_from(imported, tmp_path):
    import_sessions([found(imported)], tmp_path / "to")

    assert json.loads((tmp_path / "to" / NAME).read_text()) == {"s": {"source": "here", "stamp": "1"}}


@pytest.mark.parametrize("container", ["folder", "zip", "tar", "tar.zst"])
def test_files_by_path_give_the_archive_that_pixels_give(imported, tmp_path, container):
    def digest(first, name):
        images = [("a.mrc", first, 5.0), ("b.mrc", PIXELS, 5.0)]
        place = archive.write_session(tmp_path / name, imported.tables, images, container)
        with archive.open_session(place) as session:
            return session.tables["sessions"]["archive_digest"].iloc[0]

    assert digest(imported.files["a.mrc"], "by_path") == digest(PIXELS, "by_pixels")
