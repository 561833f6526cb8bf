"""Where an archive's files are written to, one after the other: a folder, a zip, a tar, a packed tar.

The same files give the same bytes at any time: times and owners are left out.
"""

import errno
import hashlib
import io
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ptolemy_kedro.files import atomic_file, atomic_folder, sha256_of

Sink = Callable[[str, bytes | Path], str]
"""Takes a file's name, and its bytes or the path of a file to take unchanged; gives its sha256."""

SUFFIXES = {"folder": "", "zip": ".zip", "tar": ".tar", "tar.zst": ".tar.zst"}
_LEVEL = 3
_ZIP64 = 2**31 - 2**20
_NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES)


@contextmanager
def open_sink(to: Path, container: str, link: bool = False) -> Iterator[Sink]:
    """Give what takes an archive's files; the archive appears whole when the block ends well.

    Args:
        to: The archive.
        container: ``folder``, ``zip``, ``tar`` or ``tar.zst``.
        link: Let a folder share the files given by path with their source (hard links), where the disk can.
    """
    if container == "folder":
        with _folder(to, link) as add:
            yield add
    else:
        opened = {"zip": _zip, "tar": _tar, "tar.zst": _tar_zst}
        with opened[container](to) as add:
            yield add


@contextmanager
def _folder(to: Path, link: bool) -> Iterator[Sink]:
    with atomic_folder(to) as folder:

        def add(name: str, data: bytes | Path) -> str:
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(data, bytes):
                place.write_bytes(data)
                return hashlib.sha256(data).hexdigest()
            if not (link and _linked(data, place)):
                shutil.copyfile(data, place)
            return sha256_of(place)

        yield add


def _linked(source: Path, place: Path) -> bool:
    """Make a hard link, or say that this disk or this user cannot have one."""
    try:
        os.link(source.resolve(), place)
    except OSError as failure:
        if failure.errno in _NO_LINK:
            return False
        raise
    return True


@contextmanager
def _zip(to: Path) -> Iterator[Sink]:
    with atomic_file(to) as aside, zipfile.ZipFile(aside, "x") as zipped:

        def add(name: str, data: bytes | Path) -> str:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.startswith("images/") else zipfile.ZIP_DEFLATED
            with _reading(data) as (source, size), zipped.open(entry, "w", force_zip64=size > _ZIP64) as file:
                shutil.copyfileobj(source, file)
                return source.sha256()

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
    def add(name: str, data: bytes | Path) -> str:
        entry = tarfile.TarInfo(name)
        with _reading(data) as (source, entry.size):
            tar.addfile(entry, source)  # type: ignore[arg-type] # it only reads
            return source.sha256()

    return add


class _Hashing:
    """A file being read, with the sha256 of what was read of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def sha256(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def _reading(data: bytes | Path) -> Iterator[tuple[_Hashing, int]]:
    with io.BytesIO(data) if isinstance(data, bytes) else data.open("rb") as file:
        size = len(data) if isinstance(data, bytes) else os.fstat(file.fileno()).st_size
        yield _Hashing(file), size
