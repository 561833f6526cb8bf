"""Files and folders that appear whole or not at all, and digests.

Something is written under a hidden name beside its place, flushed to the disk, and renamed. Whoever reads
the place sees the old content or the new, never half of it. What a killed writer left is removed by the next.
"""

import errno
import hashlib
import os
import platform
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ptolemy_kedro.errors import StorageError

_FLUSHERS = 32
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSED = (
    errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY,
    errno.ENAMETOOLONG, errno.ELOOP,
)  # fmt: skip
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


@contextmanager
def atomic_folder(path: Path | str) -> Iterator[Path]:
    """Give a new folder to fill, which takes its place whole when the block ends well.

    A folder already there is replaced, in one step where the system can exchange two (Linux). On an error
    nothing is left behind and the old one stays.

    Raises:
        StorageError: The disk is full, or the place cannot be written.
    """
    path = _place(path)
    with _told_of_the_disk(path), _written_aside(path) as aside:
        aside.mkdir()
        yield aside
        _flush_all(aside)
        _put(aside, path)
        _flush(path.parent)


@contextmanager
def atomic_file(path: Path | str) -> Iterator[Path]:
    """Give the path of a new file to write, which takes its place whole when the block ends well.

    Raises:
        StorageError: The disk is full, or the place cannot be written.
    """
    path = _place(path)
    with _told_of_the_disk(path), _written_aside(path) as aside:
        yield aside
        _flush(aside)
        aside.replace(path)
        _flush(path.parent)


def sha256_of(path: Path | str) -> str:
    """Compute the sha256 of a file's bytes, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(*parts: bytes | str) -> str:
    """Compute the sha256 of parts, in hexadecimal digits; where one part ends and the next begins counts."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def _place(path: Path | str) -> Path:
    """Find where to write; a link stays, and what it leads to is replaced."""
    path = Path(path).absolute()
    return Path(os.path.realpath(path)) if path.is_symlink() else path


@contextmanager
def _written_aside(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path)
    aside = path.with_name(f".{path.name}.{platform.node()}-{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        yield aside
    finally:
        _remove(aside)


def _remove_leftovers(path: Path) -> None:
    """Remove what writers of this machine left that are no longer alive."""
    mark = f"{platform.node()}-"
    for leftover in path.parent.glob(f".{_escaped(path.name)}.{_escaped(mark)}*.partial"):
        pid = leftover.name.removesuffix(".partial").rsplit("-", 2)[1]
        if pid.isdigit() and not _is_alive(int(pid)):
            _remove(leftover)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _put(new: Path, place: Path) -> None:
    """Put a folder in its place; one that is there is left under the new one's name."""
    try:
        new.rename(place)
    except OSError as failure:
        if failure.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        if not _exchanged(new, place):
            _swap(new, place)


def _exchanged(new: Path, old: Path) -> bool:
    """Exchange two folders in one step, or say that this system or disk cannot."""
    import ctypes

    exchange = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return exchange is not None and not exchange(_HERE, os.fsencode(new), _HERE, os.fsencode(old), _EXCHANGE)


def _swap(new: Path, old: Path) -> None:
    """Put a folder in the place of another; a kill in between leaves the place empty, never mixed."""
    aside = new.with_name(f"{new.name.removesuffix('.partial')}.old.partial")
    old.rename(aside)
    try:
        new.rename(old)
    except OSError:
        aside.rename(old)
        raise
    _remove(aside)


def _flush_all(folder: Path) -> None:
    """Flush in parallel: a disk writes the journal once for many files that wait for it together."""
    with ThreadPoolExecutor(_FLUSHERS) as flushers:
        list(flushers.map(_flush, [*folder.rglob("*"), folder]))


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told_of_the_disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        if failure.errno in _FULL:
            raise StorageError(
                f"The disk of {path.parent} is full, or takes no file so large ({failure.strerror}): "
                f"{path.name} was not written and nothing half-made was left behind. Free some space and run "
                "it again."
            ) from None
        if failure.errno in _REFUSED and _concerns(failure, path):
            raise StorageError(
                f"{path} cannot be written ({failure.strerror}). Choose another place, or get the right to "
                "write there."
            ) from None
        raise


def _concerns(failure: OSError, path: Path) -> bool:
    """Is it this place that failed, and not, say, a source that was being read?"""
    return any(
        failed and (Path(failed) in path.parents or path.parent in Path(failed).parents)
        for failed in map(_text, (failure.filename, failure.filename2))
    )


def _text(name: str | bytes | int | None) -> str:
    return os.fsdecode(name) if isinstance(name, str | bytes) else ""
