"""Files found by the names that other machines give them, and never outside of the source."""

import os

import pytest

from ptolemy_kedro.archive.importing.source import SourceFolder, as_id
from ptolemy_kedro.archive.importing.stamps import stamp_of
from ptolemy_kedro.errors import VendorFileError


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "source"
    for name in ("a/Map.MRC", "b/map.mrc", "b/other.st"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (tmp_path / "secret.mrc").write_text("secret")
    (root / "out.mrc").symlink_to(tmp_path / "secret.mrc")
    return root


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (r"C:\Users\me\\other.st", "b/other.st"),
        (r"X:\somewhere\B\MAP.mrc", "b/map.mrc"),
        ("/mnt/disk/a/map.mrc", "a/Map.MRC"),
        ("map.mrc", None),  # two are as like it
        ("../../secret.mrc", None),
        ("out.mrc", None),  # leads out
        ("/etc/passwd", None),
        ("", None),
        ("..", None),
        ("nothing.mrc", None),
    ],
)
def test_a_path_of_any_machine_is_found_by_its_last_parts(folder, named, found):
    assert SourceFolder(folder).find(named) == (folder / found if found else None)


def test_a_file_instead_of_a_folder_is_refused(folder):
    with pytest.raises(VendorFileError, match="is no folder"):
        SourceFolder(folder / "b" / "map.mrc")


@pytest.mark.parametrize(
    ("text", "made"), [("a/b\\c", "a_b_c"), ("  x ", "x"), ("", "_"), ("y" * 300, "y" * 200)]
)
def test_ids_have_no_separators_and_an_end(text, made):
    assert as_id(text) == made


def test_a_stamp_changes_with_names_sizes_and_times_and_nothing_else(folder):
    def stamp(*more):
        return stamp_of(sorted(folder.rglob("*.mrc")), folder, *more)

    first = stamp()
    assert stamp() == first
    assert stamp("option") != first
    os.utime(folder / "b" / "map.mrc", ns=(1, 1))
    second = stamp()
    assert second != first
    (folder / "b" / "map.mrc").rename(folder / "b" / "map2.mrc")
    assert stamp() != second


def test_files_of_the_session_come_first_and_those_of_others_need_more_in_common(folder):
    source = SourceFolder(folder)

    assert source.find("map.mrc", near=folder / "b") == folder / "b" / "map.mrc"
    assert source.find("other.st", near=folder / "a") is None
    assert source.find(r"D:\b\other.st", near=folder / "a") == folder / "b" / "other.st"
