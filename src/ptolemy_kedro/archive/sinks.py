"""Where an archive's files are written to, one after the other: a folder, a zip, a tar, a packed tar.

The same files give the same bytes at any time: times and owners are left out.
"""

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ptolemy_kedro.files import atomic_file, atomic_folder

Sink = Callable[[str, bytes], None]
"""Takes a file's name and bytes."""

SUFFIXES = {"folder": "", "zip": ".zip", "tar": ".tar", "tar.zst": ".tar.zst"}
_LEVEL = 3


@contextmanager
def open_sink(to: Path, container: str) -> Iterator[Sink]:
    """Give what takes an archive's files; the archive appears whole when the block ends well."""
    opened = {"folder": _folder, "zip": _zip, "tar": _tar, "tar.zst": _tar_zst}
    with opened[container](to) as add:
        yield add


@contextmanager
def _folder(to: Path) -> Iterator[Sink]:
    with atomic_folder(to) as folder:

        def add(name: str, data: bytes) -> None:
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)

        yield add


@contextmanager
def _zip(to: Path) -> Iterator[Sink]:
    with atomic_file(to) as aside, zipfile.ZipFile(aside, "x") as zipped:

        def add(name: str, data: bytes) -> None:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.startswith("images/") else zipfile.ZIP_DEFLATED
            zipped.writestr(entry, data)

        yield add


@contextmanager
def _tar(to: Path) -> Iterator[Sink]:
    with atomic_file(to) as aside, tarfile.open(aside, "x:", format=tarfile.PAX_FORMAT) as tar:
        yield _adder(tar)


@contextmanager
def _tar_zst(to: Path) -> Iterator[Sink]:
    import zstandard

    with (
        atomic_file(to) as aside,
        aside.open("xb") as file,
        zstandard.ZstdCompressor(level=_LEVEL).stream_writer(file, closefd=False) as packer,
        tarfile.open(fileobj=packer, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield _adder(tar)


def _adder(tar: tarfile.TarFile) -> Sink:
    def add(name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))

    return add
