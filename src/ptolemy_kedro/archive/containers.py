"""The folder, ``.zip``, ``.tar`` or ``.tar.zst`` that holds an archive's files, read one file at a time.

A ``.tar.zst`` cannot be read at random, so its files are unpacked into a temporary folder first; memory stays
flat.
"""

import errno
import os
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from ptolemy_kedro.archive.limits import Limits
from ptolemy_kedro.archive.members import SESSION_FILE, is_junk, refuse_special, safe_name
from ptolemy_kedro.errors import ArchiveError, StorageError

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
        _hold_to_limits(len(files), sum(files.values()), None, limits)
        self.sizes = _checked(files)

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
                _refuse_zip_entry(entry)
            names = _unique([entry.filename for entry in entries])
            sizes = {name: entry.file_size for name, entry in zip(names, entries, strict=True)}
            _hold_to_limits(len(sizes), sum(sizes.values()), path.stat().st_size, limits)
            self.sizes, self._prefix = _unwrapped(_checked(sizes))
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
            entries = list(_plain_entries(self._tar, limits))
            names = _unique([entry.name for entry in entries])
            sizes = {name: entry.size for name, entry in zip(names, entries, strict=True)}
            _hold_to_limits(len(sizes), sum(sizes.values()), path.stat().st_size, limits)
            self.sizes, self._prefix = _unwrapped(_checked(sizes))
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


class TarZst:
    """A tar file packed by zstandard, unpacked into a temporary folder for as long as it is open."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._spool = tempfile.TemporaryDirectory(prefix="ptolemy-archive-", ignore_cleanup_errors=True)
        try:
            with _told_of_the_spool(Path(self._spool.name)):
                sizes = _unpack(path, Path(self._spool.name), limits)
            self.sizes, self._prefix = _unwrapped(_checked(sizes))
        except BaseException:
            self._spool.cleanup()
            raise

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        return Path(self._spool.name, self._prefix + name).open("rb")

    def close(self) -> None:
        """Remove what was unpacked."""
        self._spool.cleanup()


def _unpack(path: Path, to: Path, limits: Limits) -> dict[str, int]:
    """Unpack the plain files of a ``.tar.zst`` one by one, within the limits; give their sizes."""
    import zstandard

    sizes: dict[str, int] = {}
    total = 0
    with (
        path.open("rb") as packed,
        zstandard.ZstdDecompressor(max_window_size=2**30).stream_reader(packed) as stream,
        tarfile.open(fileobj=stream, mode="r|") as tar,
    ):
        for entry in _plain_entries(tar, limits):
            name = safe_name(entry.name)
            if name in sizes:
                _refuse_twice(name)
            sizes[name] = entry.size
            total += entry.size
            _hold_to_limits(len(sizes), total, path.stat().st_size, limits)
            place = to / name
            place.parent.mkdir(parents=True, exist_ok=True)
            with tar.extractfile(entry) as source, place.open("xb") as target:  # type: ignore[union-attr]
                shutil.copyfileobj(source, target, 1024**2)
            if place.stat().st_size != entry.size:
                raise tarfile.ReadError(f"{name} ends early")
    return sizes


def _plain_entries(tar: tarfile.TarFile, limits: Limits) -> Iterator[tarfile.TarInfo]:
    """List a tar's plain files; what is neither a file nor a folder is refused."""
    for count, entry in enumerate(tar):
        if count >= limits.members:
            _refuse_many(limits)
        if entry.issym() or entry.islnk():
            refuse_special(entry.name, "a link")
        if entry.isdir():
            if entry.name.rstrip("/") not in ("", "."):
                safe_name(entry.name.rstrip("/"))
        elif not entry.isreg() or entry.issparse():
            refuse_special(entry.name, "a special file")
        else:
            yield entry


def _refuse_zip_entry(entry: zipfile.ZipInfo) -> None:
    if stat.S_ISLNK(entry.external_attr >> 16):
        refuse_special(entry.filename, "a symbolic link")
    if entry.flag_bits & 1:
        raise ArchiveError(f"{entry.filename[:200]!r} is encrypted. Write the zip without a password.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(f"{entry.filename[:200]!r} is packed in an unusual way. Write the zip by deflate.")
    if entry.orig_filename != entry.filename:
        refuse_special(entry.orig_filename, "an ambiguous name")


def _checked(sizes: dict[str, int]) -> dict[str, int]:
    """Check every name, and leave out what operating systems leave behind."""
    named = {safe_name(name): size for name, size in sizes.items()}
    return {name: size for name, size in named.items() if not is_junk(name)}


def _unique(names: list[str]) -> list[str]:
    seen: set[str] = set()
    for name in names:
        if safe_name(name) in seen:
            _refuse_twice(name)
        seen.add(safe_name(name))
    return names


def _refuse_twice(name: str) -> None:
    raise ArchiveError(f"{name[:200]!r} is in the archive twice. Write the archive again.")


def _refuse_many(limits: Limits) -> None:
    raise ArchiveError(f"It has more than {limits.members:,} files. Split the session into several archives.")


def _unwrapped(sizes: dict[str, int]) -> tuple[dict[str, int], str]:
    """Look into the one folder that some programs wrap an archive's files in."""
    tops = {name.split("/", 1)[0] for name in sizes}
    prefix = f"{next(iter(tops))}/" if len(tops) == 1 else ""
    if SESSION_FILE in sizes or f"{prefix}{SESSION_FILE}" not in sizes:
        return sizes, ""
    return {name.removeprefix(prefix): size for name, size in sizes.items()}, prefix


def _hold_to_limits(files: int, total: int, packed_bytes: int | None, limits: Limits) -> None:
    if files > limits.members:
        _refuse_many(limits)
    if total > limits.total_bytes:
        raise ArchiveError(
            f"It unpacks to {total:,} bytes; at most {limits.total_bytes:,} are read. Split the session into "
            "several archives."
        )
    if packed_bytes and total > limits.ratio_from_bytes and total > limits.ratio * packed_bytes:
        raise ArchiveError(
            f"It unpacks {packed_bytes:,} bytes to {total:,}, which no session does. It is damaged or made "
            "to exhaust the disk; leave it out."
        )


@contextmanager
def _told_of_the_spool(spool: Path) -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        if failure.errno == errno.ENOSPC:
            raise StorageError(
                f"The disk of {spool.parent} is full while unpacking the archive. Free some space, set "
                "TMPDIR to a larger disk, or unpack the archive to a folder."
            ) from None
        raise
