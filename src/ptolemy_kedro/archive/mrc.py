"""MRC images, also old and broken ones: no MAP stamp, a wrong machine stamp, bytes after the pixels.

The bytes are read here and not by mrcfile: a header has to be held against the size of its file before
memory is taken for its pixels, and files from the field break the rules in ways that need one judgement, not
two. mrcfile writes, and the tests hold this reader against it. Format: MRC2014, and IMOD's page for the
signedness of bytes.
"""

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ImageError

HEADER_BYTES = 1024
_TYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype("i1"),
    1: np.dtype("i2"),
    2: np.dtype("f4"),
    6: np.dtype("u2"),
    12: np.dtype("f2"),
}
_OTHER_MODES = {3: "complex int16", 4: "complex float32", 16: "RGB", 101: "4-bit"}
_LITTLE_STAMPS, _BIG_STAMPS = (b"DA", b"DD"), (b"\x11\x11",)
_IMOD_STAMP = 1146047817
_UNSTATED_A = (0.0, 1.0)
_MAX_EDGE_PX = 2**20


def is_mrc(head: bytes) -> bool:
    """Tell whether a file's first bytes are an MRC header, of either byte order."""
    return len(head) >= HEADER_BYTES and (_has_map_stamp(head) or bool(_plausible_orders(head)))


def header(
    head: bytes, file: BinaryIO, size_bytes: int, name: str
) -> tuple[tuple[int, int], float | None, int]:
    """Read shape (rows, cols) [px], pixel size [A] or None, and bytes a pixel from an MRC header.

    Raises:
        ImageError: A stack of several images, pixels of a kind that is no image, or a truncated file.
    """
    order = _byte_order(head)
    cols, rows, sections, mode = struct.unpack_from(f"{order}4i", head)
    if mode not in _TYPES:
        kind = _OTHER_MODES.get(mode, "unknown")
        raise ImageError(f"{name} holds {kind} pixels (MRC mode {mode}). Convert it to int16 or float32.")
    if sections > 1:
        raise ImageError(f"{name} is a stack of {sections} images. Give one image a file.")
    if not (0 < cols < _MAX_EDGE_PX and 0 < rows < _MAX_EDGE_PX):
        raise ImageError(
            f"{name} has a broken MRC header: it claims {rows} x {cols} pixels. Export it again."
        )
    needed = _pixels_at(head, size_bytes) + rows * cols * _TYPES[mode].itemsize
    if size_bytes < needed:
        raise ImageError(
            f"{name} is truncated: its header promises {rows} x {cols} pixels, {needed:,} bytes, and the "
            f"file has {size_bytes:,}. Copy it again from where it was taken."
        )
    return (rows, cols), _pixel_size_a(head, order), _TYPES[mode].itemsize


@dataclass(frozen=True)
class Layout:
    """Where the images of a stack lie in its file.

    Attributes:
        shape: Each image's (rows, cols) [px].
        sections: Number of images.
        dtype: As stored.
        start: Where the first begins [bytes].
        pixel_size_a: Edge of a pixel [A], or None.
        order: Byte order of the header, ``<`` or ``>``.
    """

    shape: tuple[int, int]
    sections: int
    dtype: np.dtype[Any]
    start: int
    pixel_size_a: float | None
    order: str


def layout(head: bytes, size_bytes: int, name: str) -> Layout:
    """Find the images of a stack from its header.

    Args:
        head: At least the first ``HEADER_BYTES``.
        size_bytes: Size of the file.
        name: What messages call it.

    Raises:
        ImageError: Pixels of a kind that is no image, a broken header, or a file too short for it.
    """
    order = _byte_order(head)
    cols, rows, sections, mode = struct.unpack_from(f"{order}4i", head)
    if mode not in _TYPES or not all(0 < edge < _MAX_EDGE_PX for edge in (cols, rows, sections)):
        raise ImageError(f"{name} has a broken MRC header: {sections} x {rows} x {cols}, mode {mode}.")
    dtype = _TYPES[mode].newbyteorder("<" if order == "<" else ">")
    if mode == 0 and _has_unsigned_bytes(head, order):
        dtype = np.dtype("u1")
    (extended,) = struct.unpack_from(f"{order}i", head, 92)
    start = HEADER_BYTES + max(extended, 0)
    if size_bytes < start + sections * rows * cols * dtype.itemsize:
        raise ImageError(
            f"{name} is truncated: its header promises {sections} images of {rows} x {cols} pixels. "
            "Copy it again from where it was taken."
        )
    return Layout((rows, cols), sections, dtype, start, _pixel_size_a(head, order), order)


def read(data: bytes, name: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Read the pixels, shape (rows, cols), of a file whose header was found good, and what is odd in it."""
    order = _byte_order(data)
    cols, rows, _, mode = struct.unpack_from(f"{order}4i", data)
    start = _pixels_at(data, len(data))
    stored = np.frombuffer(
        data, _TYPES[mode].newbyteorder("<" if order == "<" else ">"), count=rows * cols, offset=start
    )
    if mode == 0 and _has_unsigned_bytes(data, order):
        stored = stored.view(np.uint8)
    pixels = stored.reshape(rows, cols).astype(stored.dtype.newbyteorder("="))
    return pixels, tuple(f"{name}: {oddity}." for oddity in _oddities(data, start + stored.nbytes))


def write(pixels: NDArray[Any], pixel_size_a: float | None) -> bytes:
    """Encode an image as MRC; the same image gives the same bytes at any time.

    Args:
        pixels: Shape (rows, cols); int8, int16, uint16, float16 or float32.
        pixel_size_a: Edge of a pixel [A]; None is written as 0, not stated.
    """
    from mrcfile.mrcinterpreter import MrcInterpreter

    stream = BytesIO()
    mrc = MrcInterpreter()
    mrc._iostream = stream  # the documented way to write to a stream
    mrc._create_default_attributes()
    mrc.set_data(pixels)
    mrc.voxel_size = pixel_size_a or 0.0
    mrc.header.nlabl = 1
    mrc.header.label[0] = "Written by ptolemy-kedro".ljust(80)  # mrcfile's own label holds the time
    mrc.flush()
    encoded = stream.getvalue()
    mrc.close()
    return encoded


def _byte_order(head: bytes) -> str:
    """Choose the byte order: as stamped if that makes sense, else the one with the smaller image."""
    plausible = _plausible_orders(head)
    stamped = _stamped_order(head)
    if stamped and (stamped in plausible or not plausible):
        return stamped
    return min(plausible, key=lambda order: np.prod(struct.unpack_from(f"{order}2i", head)), default="<")


def _stamped_order(head: bytes) -> str | None:
    stamp = bytes(head[212:214])
    return "<" if stamp in _LITTLE_STAMPS else ">" if stamp in _BIG_STAMPS else None


def _plausible_orders(head: bytes) -> list[str]:
    orders = []
    for order in "<>":
        *edges, mode = struct.unpack_from(f"{order}4i", head)
        if (mode in _TYPES or mode in _OTHER_MODES) and all(0 < edge < _MAX_EDGE_PX for edge in edges):
            orders.append(order)
    return orders


def _has_map_stamp(head: bytes) -> bool:
    return bytes(head[208:211]) == b"MAP"


def _pixels_at(head: bytes, size_bytes: int) -> int:
    """Find where the pixels begin: after the extended header, unless its length is nonsense."""
    order = _byte_order(head)
    (extended,) = struct.unpack_from(f"{order}i", head, 92)
    cols, rows, _, mode = struct.unpack_from(f"{order}4i", head)
    without = HEADER_BYTES + rows * cols * _TYPES[mode].itemsize
    return HEADER_BYTES if extended < 0 or size_bytes == without else HEADER_BYTES + extended


def _pixel_size_a(head: bytes, order: str) -> float | None:
    """Read the pixel size [A]. 0 and exactly 1 are what programs write that do not know it."""
    (intervals,) = struct.unpack_from(f"{order}i", head, 28)
    (width,) = struct.unpack_from(f"{order}f", head, 40)
    if intervals < 1 or not np.isfinite(width) or width <= 0:
        return None
    size = float(np.float32(width) / np.float32(intervals))
    return None if size in _UNSTATED_A else size


def _has_unsigned_bytes(head: bytes, order: str) -> bool:
    stamp, flags = struct.unpack_from(f"{order}2i", head, 152)
    return stamp == _IMOD_STAMP and not flags & 1


def _oddities(data: bytes, end: int) -> list[str]:
    found = []
    if not _has_map_stamp(data):
        found.append("no MAP stamp in the MRC header; it was read as an old MRC file")
    if _stamped_order(data) != _byte_order(data):
        found.append(f"the machine stamp {bytes(data[212:216]).hex()} does not tell the byte order")
    if len(data) > end:
        found.append(f"{len(data) - end:,} bytes after the pixels were left out")
    return found
