"""The images of a file: one, or many of an MRC stack or a TIFF, read one at a time."""

import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ptolemy_kedro.archive import mrc, rasters
from ptolemy_kedro.archive.images import Pixels, header_of, read_image
from ptolemy_kedro.archive.limits import LIMITS
from ptolemy_kedro.errors import ImageError

_PIECES = 2
_TILT_BYTES = 2


@dataclass(frozen=True)
class Stack:
    """A file of images of one shape.

    Attributes:
        path: The file.
        name: What messages call it.
        shape: Each image's (rows, cols) [px].
        sections: Number of images.
        pixel_size_a: Edge of a pixel [A] as the file states it, or None.
        bottom_first: Is the first row stored the lowest one displayed? So it is in MRC files, not in others.
    """

    path: Path
    name: str
    shape: tuple[int, int]
    sections: int
    pixel_size_a: float | None
    bottom_first: bool

    def read(self, section: int) -> Pixels:
        """Read one image, shape (rows, cols), in the order of rows as stored.

        Raises:
            ImageError: There is no such image, or it is broken.
        """
        if not 0 <= section < self.sections:
            raise ImageError(f"{self.name} holds {self.sections} images; section {section} was asked for.")
        if self.sections == 1:
            return read_image(self.path, self.name).pixels
        return self._of_mrc(section) if self.bottom_first else self._of_tiff(section)

    @cached_property
    def piece_coordinates(self) -> tuple[tuple[int, int, int], ...] | None:
        """Each image's coordinates (x, y, z) as a piece of a montage, from the file's header, or None."""
        return _pieces(self.path, self._layout) if self.bottom_first else None

    @cached_property
    def _layout(self) -> mrc.Layout:
        with self.path.open("rb") as file:
            return mrc.layout(file.read(mrc.HEADER_BYTES), self.path.stat().st_size, self.name)

    def _of_mrc(self, section: int) -> Pixels:
        layout = self._layout
        count = layout.shape[0] * layout.shape[1]
        with self.path.open("rb") as file:
            stored = np.fromfile(
                file, layout.dtype, count, offset=layout.start + section * count * layout.dtype.itemsize
            )
        if stored.size != count:
            raise ImageError(f"{self.name}: section {section} is truncated. Copy it again.")
        return stored.reshape(layout.shape).astype(layout.dtype.newbyteorder("="))

    def _of_tiff(self, section: int) -> Pixels:
        with self.path.open("rb") as file, rasters.opened_tiff(file, self.name) as tiff:
            pixels = np.asarray(_pages(tiff)[section].asarray())
        if pixels.shape != self.shape:
            raise ImageError(f"{self.name}: section {section} has another shape, {pixels.shape}.")
        return pixels


def open_stack(path: Path, name: str | None = None) -> Stack:
    """Look at a file of images, without its pixels.

    Raises:
        ImageError: No image, or a truncated one.
    """
    name = name or path.name
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(mrc.HEADER_BYTES)
    except OSError as failure:
        raise ImageError(f"{name} cannot be read: {failure.strerror}.") from None
    if rasters.is_tiff(head):
        return _tiff_stack(path, name)
    if not (rasters.is_png(head) or rasters.is_jpeg(head)) and mrc.is_mrc(head):
        layout = mrc.layout(head, size_bytes, name)
        if layout.shape[0] * layout.shape[1] > LIMITS.image_pixels:
            raise ImageError(f"{name} claims {layout.shape} pixels an image, more than are read.")
        return Stack(path, name, layout.shape, layout.sections, layout.pixel_size_a, True)
    header = header_of(path, name)
    return Stack(path, name, header.shape, 1, header.pixel_size_a, False)


def _tiff_stack(path: Path, name: str) -> Stack:
    with path.open("rb") as file, rasters.opened_tiff(file, name) as tiff:
        pages = _pages(tiff)
        shape = tuple(int(edge) for edge in pages[0].shape)
    if len(pages) == 1:
        header = header_of(path, name)
        return Stack(path, name, header.shape, 1, header.pixel_size_a, False)
    if len(shape) != 2 or shape[0] * shape[1] > LIMITS.image_pixels:
        raise ImageError(f"{name} holds images of the shape {shape}. Give grey ones.")
    return Stack(path, name, (shape[0], shape[1]), len(pages), None, False)


def _pages(tiff: Any) -> list[Any]:
    """The pages that are no thumbnails of others."""
    return [page for page in tiff.pages if not page.is_reduced] or list(tiff.pages)


def _pieces(path: Path, layout: mrc.Layout) -> tuple[tuple[int, int, int], ...] | None:
    """Read SerialEM's extended header: bytes a section, and a bit for each kind of value in it.

    Source: IMOD's page "MRC format", "Extended header, SerialEM".
    """
    with path.open("rb") as file:
        head = file.read(layout.start)
    (extended,) = struct.unpack_from(f"{layout.order}i", head, 92)
    size, flags = struct.unpack_from(f"{layout.order}2h", head, 128)
    offset = _TILT_BYTES if flags & 1 else 0
    if not flags & _PIECES or size < offset + 6 or extended < size * layout.sections:
        return None
    start = mrc.HEADER_BYTES + offset
    pieces = (
        struct.unpack_from(f"{layout.order}3h", head, start + size * number)
        for number in range(layout.sections)
    )
    return tuple((x, y, z) for x, y, z in pieces)
