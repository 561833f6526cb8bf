"""A ``.tar.zst`` cannot be read at random: its files are unpacked into a temporary folder, one by one."""

import errno
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ptolemy_kedro.archive.limits import Limits
from ptolemy_kedro.archive.listing import checked, hold_to_limits, plain_entries, refuse_twice, unwrapped
from ptolemy_kedro.archive.members import safe_name
from ptolemy_kedro.errors import StorageError

_WINDOW_BYTES = 2**27  # what zstd takes unless it is told to take more
_SLACK_BYTES = 2**24
_HEADER_BYTES = 2**13  # a long name of a file, and the padding of what it holds


class TarZst:
    """A tar file packed by zstandard, unpacked into a temporary folder for as long as it is open."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._spool = tempfile.TemporaryDirectory(prefix="ptolemy-archive-", ignore_cleanup_errors=True)
        try:
            with _told_of_the_spool(Path(self._spool.name)):
                sizes = _unpack(path, Path(self._spool.name), limits)
            self.sizes, self._prefix = unwrapped(checked(sizes))
        except BaseException:
            self._spool.cleanup()
            raise

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        return Path(self._spool.name, self._prefix + name).open("rb")

    def close(self) -> None:
        """Remove what was unpacked."""
        self._spool.cleanup()


class _Metered:
    """A stream of which no more is read than its files explain: a tar's headers may be bombs too."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.allowed = _SLACK_BYTES

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.allowed -= len(data)
        if self.allowed < 0:
            raise tarfile.ReadError("what stands between its files is larger than any header")
        return data


def _unpack(path: Path, to: Path, limits: Limits) -> dict[str, int]:
    """Unpack the plain files of a ``.tar.zst`` one by one, within the limits; give their sizes."""
    import zstandard

    sizes: dict[str, int] = {}
    total = 0
    with (
        path.open("rb") as packed,
        zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).stream_reader(packed) as stream,
        tarfile.open(fileobj=(metered := _Metered(stream)), mode="r|") as tar,  # type: ignore[call-overload]
    ):
        for entry in plain_entries(tar, limits):
            name = safe_name(entry.name)
            if name in sizes:
                refuse_twice(name)
            sizes[name] = entry.size
            total += entry.size
            metered.allowed += entry.size + _HEADER_BYTES
            hold_to_limits(len(sizes), total, path.stat().st_size, limits)
            place = to / name
            place.parent.mkdir(parents=True, exist_ok=True)
            with tar.extractfile(entry) as source, place.open("xb") as target:  # type: ignore[union-attr]
                shutil.copyfileobj(source, target, 1024**2)
            if place.stat().st_size != entry.size:
                raise tarfile.ReadError(f"{name} ends early")
    return sizes


@contextmanager
def _told_of_the_spool(spool: Path) -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"The disk of {spool.parent} is full while unpacking the archive. Free some space, set "
                "TMPDIR to a larger disk, or unpack the archive to a folder."
            ) from None
        raise
