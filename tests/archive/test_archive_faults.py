"""Every way an archive can be wrong ends in one line that says what, where and what to do."""

import io
import json
import tarfile
import zipfile

import numpy as np
import pytest
from tests.archive.archives import SESSION, edit, forget_digests, small_archive

from ptolemy_kedro import archive
from ptolemy_kedro.archive.mrc import write as write_mrc
from ptolemy_kedro.errors import ArchiveError, ImageError, StorageError

EDITS = [
    # file, before, after, what strict reading says, and whether permissive reading lives with it
    ("images.csv", "133.33333333333334", "-1.0", r"csv line 2: pixel_size_a is -1.0. A pixel", True),
    ("images.csv", "133.33333333333334", "0", r"csv line 2: pixel_size_a is 0.0. A pixel", True),
    ("images.csv", "133.33333333333334", "inf", r"line 2: pixel_size_a is 'inf'", True),
    ("images.csv", "133.33333333333334", "wide", r"line 2: pixel_size_a is 'wide'", True),
    ("images.csv", "i1,g1", "i0,g1", r"line 2: image_id is .i0.. It stands there more", False),
    ("images.csv", "i1,g1", "i1,g9", r"images.csv line 3: grid_id is 'g9', which no row", True),
    ("images.csv", "i1,g1,,", "i1,g1,i1,", r"images.csv line 3: parent_id leads back", True),
    ("images.csv", "i1,g1,,", "i1,g1,i7,", r"images.csv line 3: parent_id is 'i7'", True),
    ("images.csv", ",24,20,", ",24,21,", r"line 2: file holds 24 x 20 pixels; .* 24 x 21", True),
    ("images.csv", "i1.mrc", "i9.mrc", r"i9.mrc is not in the archive", True),
    ("images.csv", "i1.mrc", "../i1.mrc", r"leads out of the archive", True),
    ("images.csv", "i1.mrc", "/etc/passwd", r"leads out of the archive", True),
    ("images.csv", "i1.mrc", "C:/i1.mrc", r"leads out of the archive", True),
    ("images.csv", "tile", "tiles", r"line 2: kind is 'tiles'. It must be one of atlas, tile", True),
    ("images.csv", "false", "no", r"line 3: viewed is 'no'. It must be true or false", True),
    ("images.csv", "image_id", "image", r"'image' is no column|lacks the column image_id", False),
    ("images.csv", "pixel_size_a", "pixel_size_nm", r"'pixel_size_nm' is no column of this table", True),
    ("targets.csv", "3.1,", "3.1,3.1,", r"targets.csv line 2: 12 cells under 11 columns", True),
    ("targets.csv", "3.1", "24.0", r"csv line 2: the target .* outside its image of 24 x 20", True),
    ("targets.csv", "t1", "t0", r"line 2: target_id is .t0.. It stands there more", False),
    ("targets.csv", "3.1", "", r"targets.csv line 2: row_px is empty", True),
    ("exposures.csv", "e1,t1", "e1,t7", r"exposures.csv line 3: target_id is 't7'", True),
    ("outcomes.csv", "e1", "e7", r"outcomes.csv line 4: exposure_id is 'e7'", True),
    ("grids.csv", "gold", '"gold', r"grids.csv line 2: not readable as CSV", False),
    ("session.json", '"version": 1', '"version": 2', r"version is 2. This program reads version 1", False),
    ("session.json", '"version": 1', '"version": true', r"version is True", False),
    ("session.json", "ptolemy-session", "zip", r"Is this a session archive", False),
    ("session.json", "{", "[", r"session.json is no JSON", False),
    ("session.json", "simulated", "dreamt", r"origin is 'dreamt'. It must be one of real, simulated", False),
    ("session.json", "voltage_kv", "voltage", r"'voltage' is no key of a session", True),
    ("session.json", "300.0", "-300", r"voltage_kv is -300.0", True),
    ("session.json", ".123456Z", "", r"a time without its zone", True),
]  # fmt: skip


def messages(path, permissive=False):
    return "\n".join(archive.check(path, permissive=permissive).problems)


@pytest.mark.parametrize(("file", "before", "after", "said", "lived_with"), EDITS)
def test_a_fault_is_named_with_its_place(tmp_path, file, before, after, said, lived_with):
    path = edit(small_archive(tmp_path), file, before, after)

    with pytest.raises(ArchiveError, match=said):
        archive.open_session(path)
    if lived_with:
        with archive.open_session(path, permissive=True) as session:
            assert session.warnings
            assert set(session.tables) == {"sessions", "grids", "images", "targets", "exposures", "outcomes"}
    else:
        with pytest.raises(ArchiveError):
            archive.open_session(path, permissive=True)


def test_the_message_stands_as_the_style_page_has_it(tmp_path):
    path = edit(small_archive(tmp_path), "images.csv", "133.33333333333334", "-1.0")

    assert messages(path) == (
        f"session {SESSION}: images.csv line 2: pixel_size_a is -1.0. A pixel size is positive, in angstrom. "
        "Correct the line, or import the session again."
    )


def test_all_faults_are_collected(tmp_path):
    path = small_archive(tmp_path)
    edit(path, "images.csv", "133.33333333333334", "-1.0")
    edit(path, "targets.csv", "3.1", "99")
    edit(path, "outcomes.csv", "e1", "e7")

    said = messages(path)
    for part in ("pixel_size_a is -1.0", "outside its image", "'e7'"):
        assert part in said


CAUSES = [
    # file, before, after; each breaks one row or one table on which others hang
    ("grids.csv", "gold", "silver"),
    ("grids.csv", "gold", '"gold'),
    ("grids.csv", "foil_material", "foil"),
    ("images.csv", "i1,g1", "i1,g9"),
    ("images.csv", "tile", "tiles"),
    ("images.csv", "i1.mrc", "i1.mrc,"),
    ("targets.csv", "3.1", "24.0"),
    ("exposures.csv", "e1,t1", "e1,"),
]


@pytest.mark.parametrize(("file", "before", "after"), CAUSES)
def test_a_fault_is_said_once_and_not_what_follows_from_it(tmp_path, file, before, after):
    path = edit(small_archive(tmp_path), file, before, after)

    problems = archive.check(path).problems

    causes = [line for line in problems if file in line]
    assert problems == causes and len(causes) <= 2, problems  # a renamed column is missing, and unknown


def test_permissive_reading_says_all_that_it_left_out(tmp_path):
    path = edit(small_archive(tmp_path), "images.csv", "i1,g1", "i1,g9")

    warnings = archive.check(path, permissive=True).warnings

    said = "\n".join(warnings)
    for part in ("images.csv line 3", "targets.csv line 3", "exposures.csv line 3", "outcomes.csv line 4"):
        assert part in said
    assert "images/i1.mrc: no line of images.csv that could be read names it" in said


def test_an_unknown_id_beside_a_broken_row_is_still_said(tmp_path):
    path = edit(small_archive(tmp_path), "images.csv", "tile", "tiles")
    edit(path, "targets.csv", "t1,i1", "t1,i7")

    problems = archive.check(path).problems

    assert len(problems) == 2 and "image_id is 'i7'" in problems[1]


def test_a_table_that_is_not_utf8_is_named(tmp_path):
    path = small_archive(tmp_path)
    place = path / "targets.csv"
    place.write_bytes(
        place.read_bytes().replace(b"vendor", b"v\xe9ndor", 1).replace(b"v\xe9ndor", b"vendor\xe9", 1)
    )
    forget_digests(path)

    assert "targets.csv line 2: byte 0xe9 is not UTF-8" in messages(path)


def test_a_byte_order_mark_is_no_fault(tmp_path):
    path = small_archive(tmp_path)
    place = path / "targets.csv"
    place.write_bytes(b"\xef\xbb\xbf" + place.read_bytes())
    forget_digests(path)

    assert archive.check(path).ok


@pytest.mark.parametrize("size", [0, 500, 1024, 1500])
def test_a_truncated_image_is_named(tmp_path, size):
    path = small_archive(tmp_path)
    image = path / "images" / "i1.mrc"
    image.write_bytes(image.read_bytes()[:size])

    with pytest.raises(ArchiveError, match=r"images.csv line 3: file images/i1\.mrc is"):
        archive.open_session(path)
    with archive.open_session(path, permissive=True) as session:
        assert session.tables["images"]["file"].isna().tolist() == [False, True]


def test_an_image_changed_after_writing_is_not_read(tmp_path):
    path = small_archive(tmp_path)
    image = path / "images" / "i1.mrc"
    data = bytearray(image.read_bytes())
    data[-1] ^= 1
    image.write_bytes(data)

    assert "has changed since the archive was written" in messages(path)
    with archive.open_session(path) as session, pytest.raises(ImageError, match="has changed"):
        session.pixels.read("i1.mrc")


def test_an_image_of_one_value_is_a_warning(tmp_path):
    path = small_archive(tmp_path)
    (path / "images" / "i1.mrc").write_bytes(write_mrc(np.full((24, 20), 7, dtype=np.int16), None))
    forget_digests(path)

    report = archive.check(path)
    assert report.ok
    assert any("every pixel is 7" in line for line in report.warnings)


def test_a_stray_file_is_named(tmp_path):
    path = small_archive(tmp_path)
    (path / "notes.txt").write_text("x")
    (path / ".DS_Store").write_text("x")

    assert messages(path).count("\n") == 0
    assert "notes.txt" in messages(path)
    assert archive.check(path, permissive=True).ok


def test_a_missing_table_is_named(tmp_path):
    path = small_archive(tmp_path)
    (path / "outcomes.csv").unlink()
    forget_digests(path)

    assert "outcomes.csv is not in the archive" in messages(path)
    assert archive.check(path, permissive=True).ok


def test_a_link_in_a_folder_is_refused(tmp_path):
    path = small_archive(tmp_path)
    (path / "images" / "i1.mrc").unlink()
    (path / "images" / "i1.mrc").symlink_to("/etc/passwd")

    assert "symbolic link" in messages(path, permissive=True)


@pytest.mark.parametrize("name", ["../x.csv", "/x.csv", "a/../../x", "C:\\x", "..\\x", "a\x01b"])
@pytest.mark.parametrize("container", ["zip", "tar", "tar.zst"])
def test_a_name_that_leads_out_of_a_container_is_refused(tmp_path, name, container):
    path = packed(tmp_path, container, {name: b"x"})

    with pytest.raises(ArchiveError):
        archive.open_session(path, permissive=True)
    assert not (tmp_path.parent / "x.csv").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_a_link_or_device_in_a_tar_is_refused(tmp_path, kind):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        entry = tarfile.TarInfo("images/i0.mrc")
        entry.type, entry.linkname = kind, "/etc/passwd"
        tar.addfile(entry)

    assert "holds plain files and folders" in messages(path)


@pytest.mark.parametrize("container", ["zip", "tar.zst"])
def test_a_bomb_is_refused_before_it_goes_off(tmp_path, container):
    limits = archive.Limits(ratio_from_bytes=2**20)
    path = packed(tmp_path, container, {"images/i0.mrc": bytes(2**24)})

    with pytest.raises(ArchiveError, match="which no session does"):
        archive.open_session(path, limits=limits)


def test_a_bomb_in_a_header_is_refused_before_it_goes_off(tmp_path):
    import zstandard

    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 2**30
    path = tmp_path / "a.tar.zst"
    with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as packer:
        packer.write(header.tobuf())
        for _ in range(64):
            packer.write(bytes(2**20))

    with pytest.raises(ArchiveError, match="larger than any header"):
        archive.open_session(path)


def test_too_many_files_and_too_many_bytes_are_refused(tmp_path):
    path = small_archive(tmp_path, "zip")

    for limits in (
        archive.Limits(members=3),
        archive.Limits(total_bytes=1000),
        archive.Limits(table_bytes=10),
    ):
        with pytest.raises(ArchiveError, match=r"at most|more than"):
            archive.open_session(path, limits=limits)


@pytest.mark.parametrize("container", ["zip", "tar", "tar.zst"])
def test_a_folder_around_the_files_of_a_container_is_no_fault(tmp_path, container):
    folder = small_archive(tmp_path)
    files = {f"wrapped/{p.relative_to(folder)}": p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    path = packed(tmp_path, container, files)

    assert archive.check(path).ok


@pytest.mark.parametrize("name", ["a.txt", "a.zip", "a.tar", "a.tar.zst", "a.tar.gz"])
@pytest.mark.parametrize("content", [b"", b"not an archive at all" * 50])
def test_a_file_that_is_no_archive_is_one_line(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ArchiveError) as failure:
        archive.open_session(tmp_path / name)
    assert "\n" not in str(failure.value)


def test_what_does_not_exist_is_one_line(tmp_path):
    with pytest.raises(ArchiveError, match="does not exist"):
        archive.open_session(tmp_path / "none.zip")
    assert not archive.check(tmp_path / "none.zip").ok


def test_a_full_disk_while_unpacking_is_one_line(tmp_path, monkeypatch):
    path = small_archive(tmp_path, "tar.zst")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(StorageError, match="full while unpacking"):
        archive.open_session(path)
    with pytest.raises(StorageError, match="full while unpacking"):  # which is no fault of the archive's
        archive.check(path)


@pytest.mark.slow
@pytest.mark.parametrize("container", archive.CONTAINERS)
@pytest.mark.parametrize("permissive", [False, True])
def test_a_mutated_archive_ends_in_an_error_of_ours_or_is_read(tmp_path, container, permissive):
    path = small_archive(tmp_path, container)
    rng = np.random.default_rng(3)
    places = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    outcomes = set()
    for _ in range(40):
        place = places[rng.integers(len(places))]
        whole = place.read_bytes()
        place.write_bytes(mutated(whole, rng))
        try:
            archive.check(path, permissive)
            with archive.open_session(path, permissive) as session:
                for file in session.tables["images"]["file"].dropna():
                    session.pixels.read(file)
            outcomes.add("read")
        except (ArchiveError, ImageError):
            outcomes.add("refused")
        place.write_bytes(whole)
    assert "refused" in outcomes


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Flip bits, cut, repeat, or overwrite a part of some bytes."""
    changed = bytearray(data)
    at, length = int(rng.integers(len(data))), int(rng.integers(1, 9))
    kind = rng.integers(4)
    if kind == 0:
        changed[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del changed[at:]
    elif kind == 2:
        changed[at:at] = changed[at : at + length * 10]
    else:
        changed[at : at + length] = rng.bytes(length)
    return bytes(changed)


def packed(folder, container: str, files: dict[str, bytes]):
    """Pack files as they are named, whatever the names are."""
    path = folder / f"packed.{container}"
    if container == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, data in files.items():
                zipped.writestr(
                    zipfile.ZipInfo(name) if len(data) < 100 else name, data, zipfile.ZIP_DEFLATED
                )
        return path
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    data = stream.getvalue()
    if container == "tar.zst":
        import zstandard

        data = zstandard.ZstdCompressor().compress(data)
    path.write_bytes(data)
    return path


def test_the_written_session_file_is_plain(tmp_path):
    content = json.loads((small_archive(tmp_path) / "session.json").read_text())

    assert content["format"] == "ptolemy-session" and content["version"] == 1
    assert content["session"]["session_id"] == SESSION
