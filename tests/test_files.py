"""What is written is there whole or not at all, whoever kills the writer and whatever the disk does."""

import errno
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading

import pytest
from tests.conftest import ROOT

from ptolemy_kedro import files
from ptolemy_kedro.archive import CONTAINERS
from ptolemy_kedro.errors import StorageError
from ptolemy_kedro.files import atomic_file, atomic_folder, digest, sha256_of

WRITERS = {
    "file": """
        with files.atomic_file(place) as aside:
            aside.write_text("half")
            wait()
    """,
    "folder": """
        with files.atomic_folder(place) as aside:
            (aside / "a").write_text("half")
            wait()
    """,
}


def content(path):
    """All files below a path, hidden ones too, with their bytes."""
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def write(kind, place, text):
    if kind == "file":
        with atomic_file(place) as aside:
            aside.write_text(text)
    else:
        with atomic_folder(place) as aside:
            (aside / "a").write_text(text)
            (aside / "b").mkdir()
            (aside / "b" / "c").write_text(text)


def written(kind, text):
    return {"place": text.encode()} if kind == "file" else {f"place/{n}": text.encode() for n in ("a", "b/c")}


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_written_takes_the_place_of_what_was_there(tmp_path, kind):
    for text in ("old", "new"):
        write(kind, tmp_path / "deep" / "place", text)
        assert content(tmp_path / "deep") == written(kind, text)


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failing_writer_leaves_the_old_and_nothing_else(tmp_path, kind, failure):
    write(kind, tmp_path / "place", "old")

    with (
        pytest.raises(failure),
        (atomic_file if kind == "file" else atomic_folder)(tmp_path / "place") as aside,
    ):
        (aside if kind == "file" else aside / "a").write_text("half")
        raise failure

    assert content(tmp_path) == written(kind, "old")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_killed_writer_leaves_nothing_believed_and_the_next_cleans_up(tmp_path, kind):
    write(kind, tmp_path / "place", "old")
    writer = start(tmp_path / "place", WRITERS[kind])
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()

    left = content(tmp_path)
    assert left.items() > written(kind, "old").items()
    assert all(name in written(kind, "old") or name.startswith(".place.") for name in left)
    write(kind, tmp_path / "place", "new")
    assert content(tmp_path) == written(kind, "new")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_living_writer_has_aside_is_left_to_it(tmp_path, kind):
    writer = start(tmp_path / "place", WRITERS[kind])
    try:
        write(kind, tmp_path / "place", "new")
        assert content(tmp_path).items() > written(kind, "new").items()
    finally:
        writer.communicate(b"\n", timeout=20)
    assert writer.returncode == 0
    assert (tmp_path / "place" / ("a" if kind == "folder" else "")).read_text() == "half"


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux exchanges two folders in one step.")
def test_a_reader_beside_a_writer_finds_the_old_or_the_new(tmp_path, kind):
    write(kind, tmp_path / "place", "0" * 4096)
    stop = threading.Event()

    def keep_writing():
        number = 0
        while not stop.is_set():
            number = (number + 1) % 10
            write(kind, tmp_path / "place", str(number) * 4096)

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        for _ in range(300):
            if kind == "file":
                text = (tmp_path / "place").read_text()
                assert len(text) == 4096 and len(set(text)) == 1
            else:
                assert (tmp_path / "place").is_dir()
    finally:
        stop.set()
        writer.join()


def test_a_system_without_exchange_swaps_by_two_renames(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_exchanged", lambda new, old: False)
    write("folder", tmp_path / "place", "old")

    write("folder", tmp_path / "place", "new")

    assert content(tmp_path) == written("folder", "new")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path, kind):
    write(kind, tmp_path / "disk" / "place", "old")
    (tmp_path / "here").symlink_to(tmp_path / "disk" / "place")

    write(kind, tmp_path / "here", "new")

    assert (tmp_path / "here").is_symlink()
    assert content(tmp_path / "disk") == written(kind, "new")


def test_what_stands_in_the_way_is_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder" / "inside").mkdir(parents=True)

    for kind, place in [
        ("folder", tmp_path / "file"),
        ("file", tmp_path / "folder"),
        ("file", tmp_path / "file" / "below"),
        ("folder", tmp_path / "file" / "below"),
        ("file", tmp_path / ("n" * 250)),
    ]:
        with pytest.raises(StorageError, match="cannot be written") as failure:
            write(kind, place, "new")
        assert "\n" not in str(failure.value)
    assert content(tmp_path) == {"file": b"x"}


def test_a_failing_source_is_not_taken_for_the_disk(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_file(tmp_path / "place"):
        (tmp_path.parent / "no such source").read_bytes()
    with pytest.raises(PermissionError), atomic_file(tmp_path / "place"):
        raise PermissionError(errno.EACCES, "Permission denied", "/elsewhere/source")


FILL = {
    "file": """
        with files.atomic_file(place) as aside:
            aside.write_bytes(bytes(8_000_000))
    """,
    "folder": """
        with files.atomic_folder(place) as aside:
            for number in range(8):
                (aside / str(number)).write_bytes(bytes(8_000_000))
    """,
    "parquet": """
        import numpy, pandas
        table = pandas.DataFrame({"x": numpy.random.default_rng(0).random(1_000_000)})
        with files.atomic_file(place) as aside:
            table.to_parquet(aside)
    """,
}
ARCHIVE = """
        import numpy
        from ptolemy_kedro import archive
        from tests.archive.archives import small_tables
        tables = small_tables(1)
        tables["images"] = tables["images"].assign(rows_px=2000, cols_px=2000)
        noise = numpy.random.default_rng(0).integers(0, 30000, (2000, 2000)).astype("int16")
        archive.write_session(place, tables, [("i0.mrc", noise, None)], "{container}")
"""
FILL |= {f"{container} archive": ARCHIVE.format(container=container) for container in CONTAINERS}


@pytest.mark.parametrize("way", ["file", "folder", "zip archive"])
def test_a_limit_of_the_file_size_is_one_line_and_nothing_is_left(tmp_path, way):
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))  # noqa: E731

    done = subprocess.run(
        [sys.executable, "-c", script(tmp_path / "place", FILL[way])],
        capture_output=True,
        preexec_fn=limit,
        cwd=ROOT,
    )

    assert done.stdout.startswith(b"StorageError: The disk of "), done
    assert done.stdout.count(b"\n") == 1 and done.stderr == b""
    assert content(tmp_path) == {}


@pytest.mark.parametrize("way", ["file", "parquet", "folder archive", "tar archive", "tar.zst archive"])
def test_a_full_disk_is_one_line_and_nothing_is_left(tmp_path, way):
    mounted = f"mount -t tmpfs -o size=2m none {tmp_path} && "
    unshared = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    try:
        tried = subprocess.run([*unshared, f"{mounted} true"], capture_output=True)
    except FileNotFoundError:
        pytest.skip("There is no unshare here, to mount a small disk.")
    if tried.returncode:
        pytest.skip("No small disk may be mounted here.")

    done = subprocess.run(
        [*unshared, f'{mounted} "$0" -c "$1"; ls -A {tmp_path}', sys.executable,
         script(tmp_path / "place", FILL[way])],
        capture_output=True, cwd=ROOT,
    )  # fmt: skip

    assert done.stdout.startswith(b"StorageError: The disk of "), done
    assert done.stdout.count(b"\n") == 1 and done.stderr == b""  # the line, and nothing listed


def test_a_digest_tells_where_parts_end():
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
    assert digest("ab", b"c") == digest(b"ab", "c")


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")

    # The first test vector of FIPS 180-2.
    assert sha256_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def script(place, code):
    """A program that writes, and prints one line where the disk refuses."""
    body = textwrap.indent(textwrap.dedent(code), "    ")
    return (
        "import sys\nfrom pathlib import Path\nfrom ptolemy_kedro import files\n"
        "from ptolemy_kedro.errors import StorageError\n"
        f"place = Path({str(place)!r})\n"
        "def wait():\n    print('waiting', flush=True)\n    sys.stdin.readline()\n"
        f"try:\n{body}\nexcept StorageError as failure:\n    print('StorageError:', failure)\n"
    )


def start(place, code):
    """Start a writer and let it run until it waits in the middle."""
    writer = subprocess.Popen(
        [sys.executable, "-c", script(place, code)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdout is not None and writer.stdout.readline() == b"waiting\n"
    return writer
