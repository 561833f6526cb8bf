"""Read one image: MRC, TIFF, PNG or JPEG, told apart by their first bytes, never by their names."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive import mrc, rasters
from ptolemy_kedro.archive.limits import LIMITS, Limits
from ptolemy_kedro.errors import ImageError

Pixels = NDArray[Any]
"""Pixels (row, col) as stored; shape (rows, cols); int8, uint8, int16, uint16, int32, float16 or float32."""


@dataclass(frozen=True)
class LoadedImage:
    """An image with what its own file says about it.

    Attributes:
        pixels: Shape (rows, cols), in the type of the file and the byte order of the machine.
        pixel_size_a: Edge of a pixel [A] as the file states it, else None. 0 and exactly 1 in an MRC header
            count as not stated: that is what programs write that do not know.
        warnings: What is odd about the file, and was lived with.
    """

    pixels: Pixels
    pixel_size_a: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageHeader:
    """What an image's first bytes promise: shape (rows, cols) [px] and pixel size [A] or None."""

    shape: tuple[int, int]
    pixel_size_a: float | None = None


def read_image(
    source: Path | str | bytes, name: str | None = None, permissive: bool = False, limits: Limits = LIMITS
) -> LoadedImage:
    """Read the one image that a file, or the bytes of one, holds.

    Args:
        source: Path of the file, or its bytes.
        name: What messages call the image; by default the path.
        permissive: Replace pixels that are not finite by the median of the others, with a warning.
        limits: The largest image to read.

    Raises:
        ImageError: No image, a broken one, several in one file, a larger one than the limits allow, or
            pixels that are not finite.
    """
    name = name or ("the image" if isinstance(source, bytes) else str(source))
    data = source if isinstance(source, bytes) else _bytes_of(Path(source), name, limits)
    header = read_header(BytesIO(data), len(data), name, limits)
    reader = _reader(data, name)
    pixels, warnings = reader.read(data, name)
    pixels, warning = _finite(pixels, name, permissive)
    return LoadedImage(pixels, header.pixel_size_a, (*warnings, *warning))


def header_of(path: Path, name: str | None = None, limits: Limits = LIMITS) -> ImageHeader:
    """Read what the image of a file promises, without its pixels; as ``read_header``.

    Raises:
        ImageError: As ``read_header``, or the file cannot be opened.
    """
    name = name or str(path)
    try:
        with path.open("rb") as file:
            return read_header(file, path.stat().st_size, name, limits)
    except OSError as failure:
        raise ImageError(f"{name} cannot be read: {failure.strerror}. Check the path.") from None


def read_header(file: BinaryIO, size_bytes: int, name: str, limits: Limits = LIMITS) -> ImageHeader:
    """Read what an image promises, without its pixels, and hold it against the size of its file.

    Args:
        file: The file, open at its beginning; must be able to seek.
        size_bytes: Size of the file.
        name: What messages call the image.
        limits: The largest image to read.

    Raises:
        ImageError: No image, a truncated one, several in one file, or a larger one than the limits allow.
    """
    if size_bytes == 0:
        raise ImageError(f"{name} is empty (0 bytes). Copy the image again from where it was taken.")
    head = file.read(mrc.HEADER_BYTES)
    shape, pixel_size_a, bytes_per_pixel = _reader(head, name).header(head, file, size_bytes, name)
    _hold_to_limits(shape, bytes_per_pixel, size_bytes, name, limits)
    return ImageHeader(shape, pixel_size_a)


def _reader(head: bytes, name: str) -> Any:
    if rasters.is_tiff(head):
        return rasters.Tiff
    if rasters.is_png(head) or rasters.is_jpeg(head):
        return rasters.Raster
    if mrc.is_mrc(head):
        return mrc
    raise ImageError(
        f"{name} is no MRC, TIFF, PNG or JPEG image; it begins with {head[:8]!r}. "
        "Give the image as one of these."
    )


def _bytes_of(path: Path, name: str, limits: Limits) -> bytes:
    try:
        size_bytes = path.stat().st_size
        if path.is_file() and size_bytes > limits.image_bytes:
            raise ImageError(
                f"{name} has {size_bytes:,} bytes; images of up to {limits.image_bytes:,} are read. "
                "Give the summed image, not a movie or a stack."
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"{name} does not exist. Check the path.") from None
    except IsADirectoryError:
        raise ImageError(f"{name} is a folder. Give one image file.") from None
    except (OSError, ValueError) as failure:
        raise ImageError(f"{name} cannot be read: {failure}. Check the path and its permissions.") from None


def _hold_to_limits(
    shape: tuple[int, int], bytes_per_pixel: int, size_bytes: int, name: str, limits: Limits
) -> None:
    rows, cols = shape
    if rows < 1 or cols < 1:
        raise ImageError(f"{name} has {rows} x {cols} pixels. Give an image that has pixels.")
    if rows * cols > limits.image_pixels:
        raise ImageError(
            f"{name} claims {rows} x {cols} pixels; at most {limits.image_pixels:,} are read. "
            "Bin the image, or check that its header is right."
        )
    unpacked = rows * cols * bytes_per_pixel
    if unpacked > limits.ratio_from_bytes and unpacked > limits.ratio * size_bytes:
        raise ImageError(
            f"{name} claims {rows} x {cols} pixels in a file of {size_bytes:,} bytes, which no image of a "
            "specimen does. It is damaged or made to exhaust the memory; leave it out."
        )


def _finite(pixels: Pixels, name: str, permissive: bool) -> tuple[Pixels, tuple[str, ...]]:
    if pixels.dtype.kind != "f":
        return pixels, ()
    finite = np.isfinite(pixels)
    bad = pixels.size - int(np.count_nonzero(finite))
    if bad == 0:
        return pixels, ()
    if bad == pixels.size or not permissive:
        mend = "Replace them (say, by the median), or read the image permissively."
        raise ImageError(
            f"{name} has {bad:,} of {pixels.size:,} pixels that are not finite (NaN or infinite). "
            + ("Copy the image again." if bad == pixels.size else mend)
        )
    mended = np.where(finite, pixels, np.median(pixels[finite]).astype(pixels.dtype))
    return mended, (f"{name}: {bad:,} pixels that are not finite were replaced by the median.",)
