"""One at a time: a lock on a file, which the system takes back when its holder dies, however it dies."""

import fcntl
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ptolemy_kedro.errors import StorageError

PAUSE_S = 0.1


@contextmanager
def locked(path: Path, what: str, patience_s: float = 0.0) -> Iterator[None]:
    """Hold a lock while the block runs; a second holder, in this process or another, waits or is refused.

    Args:
        path: The lock's file; made where it is missing, and left there.
        what: What is locked, for the message: "The registry in /data/ptolemy".
        patience_s: How long to wait for another holder [s].

    Raises:
        StorageError: Another holds it, or the place cannot be written.
    """
    handle = _opened(path, what)
    try:
        _take(handle, path, what, time.monotonic() + patience_s)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} on {platform.node()}".encode(), 0)
        yield
    finally:
        os.close(handle)


def _opened(path: Path, what: str) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o664)
    except OSError as failure:
        raise StorageError(f"{what} cannot be made or written: {failure.strerror} ({path}).") from None


def _take(handle: int, path: Path, what: str, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                holder = path.read_text() or "another process"
                raise StorageError(
                    f"{what} is in use by {holder}. Wait for it to end, then run it again."
                ) from None
            time.sleep(PAUSE_S)
