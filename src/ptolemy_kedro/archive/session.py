"""Open a session archive, or look at one from end to end."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np
import pandas as pd

from ptolemy_kedro.archive.containers import Container, open_container, told
from ptolemy_kedro.archive.contents import image_files, read_id, read_tables, stated_digests
from ptolemy_kedro.archive.findings import Findings, Report
from ptolemy_kedro.archive.images import LoadedImage, Pixels, read_image
from ptolemy_kedro.archive.limits import LIMITS, Limits
from ptolemy_kedro.archive.members import IMAGES
from ptolemy_kedro.errors import ArchiveError, ImageError


@dataclass(frozen=True)
class ImageStore:
    """The pixels of a session's images, read when asked for, one at a time."""

    container: Container
    digests: dict[str, str]
    what: str
    permissive: bool = False
    limits: Limits = LIMITS

    def read(self, file: str) -> Pixels:
        """Read the pixels (row, col), shape (rows, cols), of a ``file`` of the images table.

        Raises:
            ImageError: The image is missing, broken, or not the one that the archive was written with.
        """
        return self.load(file).pixels

    def load(self, file: str) -> LoadedImage:
        """Read an image with what its file says about it; raises as ``read`` does."""
        name = f"{IMAGES}{file}"
        if name not in self.container.sizes:
            raise ImageError(f"{self.what}: {name} is not in the archive. Add the file.")
        if self.container.sizes[name] > self.limits.image_bytes:
            raise ImageError(f"{self.what}: {name} is too large. Give the summed image, not a movie.")
        try:
            with told(name), self.container.open(name) as stored:
                data = stored.read()
        except ArchiveError as failure:
            raise ImageError(f"{self.what}: {failure}") from None
        stated = self.digests.get(name)
        if stated and hashlib.sha256(data).hexdigest() != stated:
            raise ImageError(
                f"{self.what}: {name} has changed since the archive was written (its sha256 is another). "
                "Copy the archive again, or write it again."
            )
        return read_image(data, f"{self.what}: {name}", self.permissive, self.limits)


@dataclass(frozen=True)
class Session:
    """One session, as its archive holds it.

    Attributes:
        session_id: The session.
        tables: All raw tables by name (keys of ``tables.RAW``), valid.
        pixels: The images' pixels, read when asked for.
        warnings: What was lived with, a line each.
    """

    session_id: str
    tables: dict[str, pd.DataFrame]
    pixels: ImageStore
    warnings: list[str] = field(default_factory=list)

    def close(self) -> None:
        """Let go of the archive; the pixels can no longer be read."""
        self.pixels.container.close()

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_session(path: Path | str, permissive: bool = False, limits: Limits = LIMITS) -> Session:
    """Open a session archive: its tables are read and checked, of its images the headers.

    Args:
        path: The folder, ``.zip``, ``.tar`` or ``.tar.zst``.
        permissive: Turn what can be lived with into warnings.
        limits: How large an archive may be.

    Raises:
        ArchiveError: The archive breaks its format; the first problem is named and the others are counted.
    """
    path = Path(path)
    container = _opened(path, limits)
    try:
        findings = Findings(permissive)
        return _read(path, container, findings, limits)
    except BaseException:
        container.close()
        raise


def open_pixels(path: Path | str, permissive: bool = False, limits: Limits = LIMITS) -> ImageStore:
    """Open an archive for its pixels only; its tables were read before, and are not looked at.

    The caller closes ``container``; each image is still checked against its digest.

    Raises:
        ArchiveError: The archive breaks its format.
    """
    path = Path(path)
    container = _opened(path, limits)
    try:
        return ImageStore(
            container, stated_digests(container, limits), f"archive {path.name}", permissive, limits
        )
    except BaseException:
        container.close()
        raise


def stated_id(path: Path | str, limits: Limits = LIMITS) -> str:
    """Read which session an archive holds, and nothing else of it.

    Raises:
        ArchiveError: The archive breaks its format.
    """
    path = Path(path)
    container = _opened(path, limits)
    try:
        return read_id(container, limits)
    except ArchiveError as failure:
        raise ArchiveError(f"archive {path.name}: {failure}") from None
    finally:
        container.close()


def check(path: Path | str, permissive: bool = False, limits: Limits = LIMITS) -> Report:
    """Look at a session archive from end to end, every pixel of it, and collect all that is wrong.

    Args:
        path: The folder, ``.zip``, ``.tar`` or ``.tar.zst``.
        permissive: Turn what can be lived with into warnings.
        limits: How large an archive may be; they bound the time this takes.

    Raises:
        StorageError: The disk is full on which a packed archive is unpacked.
    """
    findings = Findings(permissive)
    try:
        container = _opened(Path(path), limits)
    except ArchiveError as failure:
        return Report(None, [str(failure)], [], {})
    try:
        return _checked(Path(path), container, findings, limits)
    finally:
        container.close()


def _opened(path: Path, limits: Limits) -> Container:
    try:
        return open_container(path, limits)
    except ArchiveError as failure:
        raise ArchiveError(f"archive {path.name}: {failure}") from None


def _read(path: Path, container: Container, findings: Findings, limits: Limits) -> Session:
    contents = read_tables(container, findings, limits)
    what = f"session {contents.session_id}" if contents.session_id else f"archive {path.name}"
    findings.raise_first(what)
    store = ImageStore(container, contents.digests, what, findings.permissive, limits)
    return Session(contents.session_id, contents.tables, store, findings.listed("warnings"))


def _checked(path: Path, container: Container, findings: Findings, limits: Limits) -> Report:
    contents = read_tables(container, findings, limits)
    store = ImageStore(container, contents.digests, "", findings.permissive, limits)
    files = image_files(contents.tables["images"]) if contents.tables else []
    for file in files:
        _look_at(file, store, findings)
    counts = {name: len(table) for name, table in contents.tables.items()} | {"files": len(files)}
    what = f"session {contents.session_id}" if contents.session_id else f"archive {path.name}"
    problems, warnings = (
        [f"{what}: {line}" for line in findings.listed(kind)] for kind in ("problems", "warnings")
    )
    origin = contents.tables["sessions"]["origin"].iloc[0] if contents.tables else None
    return Report(contents.session_id or None, problems, warnings, counts, contents.archive_digest, origin)


def _look_at(file: str, store: ImageStore, findings: Findings) -> None:
    try:
        image = store.load(file)
    except ImageError as failure:
        findings.tolerate(str(failure).removeprefix(": "), "The image was left out.")
        return
    for warning in image.warnings:
        findings.warn(warning.removeprefix(": "))
    if np.ptp(image.pixels) == 0:
        findings.warn(f"{IMAGES}{file}: every pixel is {image.pixels.flat[0]}. Was the beam on?")
