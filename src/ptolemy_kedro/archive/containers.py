"""The folder, ``.zip``, ``.tar`` or ``.tar.zst`` that holds an archive's files, read one file at a time."""

import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from ptolemy_kedro.archive.limits import Limits
from ptolemy_kedro.archive.listing import (
    checked,
    hold_to_limits,
    plain_entries,
    refuse_zip_entry,
    unique,
    unwrapped,
)  # fmt: skip
from ptolemy_kedro.archive.members import is_junk, refuse_special, safe_name
from ptolemy_kedro.archive.unpacking import TarZst
from ptolemy_kedro.errors import ArchiveError

CONTAINERS = ("folder", "zip", "tar", "tar.zst")
_BROKEN: tuple[type[Exception], ...] = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError,
    RuntimeError, LookupError, OverflowError, MemoryError,
)  # fmt: skip


class Container(Protocol):
    """The files of an archive by name, with their sizes [bytes]."""

    sizes: dict[str, int]

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading; it can seek."""

    def close(self) -> None:
        """Let go of what is open, and of what was unpacked."""


def container_of(path: Path) -> str | None:
    """Tell the container of an archive by the path: one of ``CONTAINERS``, or None where it is no archive."""
    if path.is_dir():
        return "folder"
    return next((kind for kind in CONTAINERS[1:] if path.name.lower().endswith(f".{kind}")), None)


def open_container(path: Path, limits: Limits) -> Container:
    """Open an archive's container and list its files.

    Raises:
        ArchiveError: No such archive, a broken container, one with an unsafe name in it, or a larger one than
            the limits allow.
    """
    kinds: dict[str, type[Folder | Zip | Tar | TarZst]] = {
        "folder": Folder,
        "zip": Zip,
        "tar": Tar,
        "tar.zst": TarZst,
    }
    kind = container_of(path)
    if not path.exists():
        raise ArchiveError(f"{path} does not exist. Check the path.")
    if kind is None:
        raise ArchiveError(f"{path.name} is no session archive. Give a folder, a .zip, a .tar or a .tar.zst.")
    with told(path.name):
        return kinds[kind](path, limits)


@contextmanager
def told(name: str) -> Iterator[None]:
    """Turn what a container's library raises on broken bytes into one clear line."""
    import zstandard

    broken: tuple[type[Exception], ...] = (*_BROKEN, zstandard.ZstdError)
    try:
        yield
    except broken as failure:
        said = (str(failure) or type(failure).__name__).splitlines()[0][:200]
        raise ArchiveError(f"{name} is broken: {said}. Copy the archive again.") from None
    except OSError as failure:
        if isinstance(failure, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError):
            raise ArchiveError(f"{name} cannot be read: {failure.strerror}. Check its permissions.") from None
        raise ArchiveError(f"{name} cannot be read: {failure}. Copy the archive again.") from None


class Folder:
    """A folder of files. Links are refused: they may lead anywhere."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        files = dict(self._files())
        hold_to_limits(len(files), sum(files.values()), None, limits)
        self.sizes = checked(files)

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        return (self._path / name).open("rb")

    def close(self) -> None:
        """Nothing is held open."""

    def _files(self) -> Iterator[tuple[str, int]]:
        for folder, folders, files in os.walk(self._path):
            for name in [*folders, *files]:
                path = Path(folder, name)
                relative = path.relative_to(self._path).as_posix()
                status = path.lstat()
                if stat.S_ISLNK(status.st_mode):
                    refuse_special(relative, "a symbolic link")
                if stat.S_ISREG(status.st_mode):
                    yield relative, status.st_size
                elif not stat.S_ISDIR(status.st_mode):
                    refuse_special(relative, "a special file")


class Zip:
    """A zip file, stored or deflated."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._zip = zipfile.ZipFile(path)
        try:
            entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
            for entry in entries:
                refuse_zip_entry(entry)
            names = unique([entry.filename for entry in entries])
            sizes = {name: entry.file_size for name, entry in zip(names, entries, strict=True)}
            hold_to_limits(len(sizes), sum(sizes.values()), path.stat().st_size, limits)
            self.sizes, self._prefix = unwrapped(checked(sizes))
            self._stated = {
                safe_name(entry.filename): entry for entry in entries if not is_junk(entry.filename)
            }
        except BaseException:
            self._zip.close()
            raise

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        return self._zip.open(self._stated[self._prefix + name])  # type: ignore[return-value]

    def close(self) -> None:
        """Close the zip file."""
        self._zip.close()


class Tar:
    """A plain tar file."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._tar = tarfile.open(path, "r:")  # noqa: SIM115 - open as long as the session is
        try:
            entries = list(plain_entries(self._tar, limits))
            names = unique([entry.name for entry in entries])
            sizes = {name: entry.size for name, entry in zip(names, entries, strict=True)}
            hold_to_limits(len(sizes), sum(sizes.values()), path.stat().st_size, limits)
            self.sizes, self._prefix = unwrapped(checked(sizes))
            self._entries = {safe_name(entry.name): entry for entry in entries}
        except BaseException:
            self._tar.close()
            raise

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        return self._tar.extractfile(self._entries[self._prefix + name])  # type: ignore[return-value]

    def close(self) -> None:
        """Close the tar file."""
        self._tar.close()
