"""Encode an image as the kind of file that its name says."""

from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from ptolemy_kedro.archive import mrc
from ptolemy_kedro.archive.images import Pixels
from ptolemy_kedro.errors import ImageError

_CM_A = 1e8
_JPEG_QUALITY = 95
_TYPES = {
    ".mrc": ("int8", "int16", "uint16", "float16", "float32"),
    ".tif": ("int8", "uint8", "int16", "uint16", "int32", "float16", "float32"),
    ".png": ("uint8", "uint16"),
    ".jpg": ("uint8",),
}
_SAME = {".tiff": ".tif", ".jpeg": ".jpg"}


def encode(file: str, pixels: Pixels, pixel_size_a: float | None = None) -> bytes:
    """Encode an image; the same image gives the same bytes at any time.

    Args:
        file: Name, with the suffix of an MRC, TIFF, PNG or JPEG file. JPEG loses a little.
        pixels: Shape (rows, cols), of a type that the kind of file holds.
        pixel_size_a: Edge of a pixel [A]; MRC and TIFF hold it.

    Raises:
        ImageError: Another suffix, or a type or shape that such a file does not hold.
    """
    suffix = PurePosixPath(file).suffix.lower()
    suffix = _SAME.get(suffix, suffix)
    if suffix not in _TYPES:
        raise ImageError(f"{file}: images are written as {', '.join(_TYPES)}. Rename it.")
    if pixels.ndim != 2 or pixels.size == 0:
        raise ImageError(f"{file} has the shape {pixels.shape}. Give one image (rows, columns).")
    if pixels.dtype.name not in _TYPES[suffix]:
        kinds = ", ".join(_TYPES[suffix])
        raise ImageError(
            f"{file}: {pixels.dtype} pixels are not written as {suffix}. Convert to one of {kinds}."
        )
    native = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("="))
    writers = {".mrc": mrc.write, ".tif": _tiff, ".png": _png, ".jpg": _jpeg}
    return writers[suffix](native, pixel_size_a)


def _tiff(pixels: Pixels, pixel_size_a: float | None) -> bytes:
    import tifffile

    stream = BytesIO()
    scale: dict[str, Any] = (
        {"resolution": (_CM_A / pixel_size_a,) * 2, "resolutionunit": 3} if pixel_size_a else {}
    )
    tifffile.imwrite(
        stream, pixels, photometric="minisblack", compression="zlib", predictor=False, metadata=None,
        datetime=False, software="ptolemy-kedro", **scale,
    )  # fmt: skip
    return stream.getvalue()


def _png(pixels: Pixels, pixel_size_a: float | None) -> bytes:
    return _by_pillow(pixels, "PNG", compress_level=1)


def _jpeg(pixels: Pixels, pixel_size_a: float | None) -> bytes:
    return _by_pillow(pixels, "JPEG", quality=_JPEG_QUALITY)


def _by_pillow(pixels: Pixels, kind: str, **options: int) -> bytes:
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()
