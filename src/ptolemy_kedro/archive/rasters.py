"""TIFF, PNG and JPEG images, in grey; a colour image is turned grey, and that is said."""

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ImageError

Header = tuple[tuple[int, int], float | None, int]
"""Shape (rows, cols) [px], pixel size [A] or None, bytes a pixel once unpacked."""

_KINDS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float16", "float32", "float64", "bool")
_WHITE_IS_ZERO, _PALETTE = 0, 3
_PHOTOMETRIC = (_WHITE_IS_ZERO, 1, 2, _PALETTE, 6)  # grey of either sense, RGB, palette, YCbCr within JPEG
_COARSEST_A = 1e4  # a TIFF resolution coarser than this was meant for a printer
_CM_A = 1e8
_WEIGHTS = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601 luma
_BROKEN: tuple[type[Exception], ...] = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError,
    AssertionError, EOFError, MemoryError, struct.error, zlib.error,
)  # fmt: skip


def is_tiff(head: bytes) -> bool:
    """Tell a TIFF or BigTIFF, of either byte order, by its first bytes."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_png(head: bytes) -> bool:
    """Tell a PNG by its first bytes."""
    return head.startswith(b"\x89PNG\r\n\x1a\n")


def is_jpeg(head: bytes) -> bool:
    """Tell a JPEG by its first bytes."""
    return head.startswith(b"\xff\xd8\xff")


class Tiff:
    """TIFF files of one page beside thumbnails, compressed ones too."""

    @staticmethod
    def header(head: bytes, file: BinaryIO, size_bytes: int, name: str) -> Header:
        """Read what the page promises; ImageError where there is not exactly one, of grey or colour."""
        file.seek(0)
        with opened_tiff(file, name) as tiff:
            page = _only_page(tiff, name)
            shape = (int(page.imagelength), int(page.imagewidth))
            _need_one(int(page.imagedepth), name)
            _need_grey_or_colour(page, name)
            _need_all_bytes(page, size_bytes, name)
            bytes_per_pixel = page.dtype.itemsize * int(page.samplesperpixel)
            return shape, _tiff_pixel_size_a(page), bytes_per_pixel

    @staticmethod
    def read(data: bytes, name: str) -> tuple[NDArray[Any], tuple[str, ...]]:
        """Read the pixels, shape (rows, cols), of a file whose header was found good."""
        with opened_tiff(BytesIO(data), name) as tiff:
            page = _only_page(tiff, name)
            stored = page.asarray()
            if page.photometric == _PALETTE:
                stored = np.moveaxis(page.colormap[:, stored], 0, -1)
            elif stored.ndim == 3 and int(page.planarconfig) == 2:
                stored = np.moveaxis(stored, 0, -1)
            if page.photometric == _WHITE_IS_ZERO:
                stored = ~stored if stored.dtype.kind in "ub" else stored.max() - stored
            return _grey(stored, name)


class Raster:
    """PNG and JPEG files."""

    @staticmethod
    def header(head: bytes, file: BinaryIO, size_bytes: int, name: str) -> Header:
        """Read what the file promises. Raises ImageError where it is broken or holds several frames."""
        file.seek(0)
        with _opened_raster(file, name) as image:
            cols, rows = image.size
            _need_one(getattr(image, "n_frames", 1), name)
            return (rows, cols), None, _raster_bytes_per_pixel(image.mode)

    @staticmethod
    def read(data: bytes, name: str) -> tuple[NDArray[Any], tuple[str, ...]]:
        """Read the pixels, shape (rows, cols), of a file whose header was found good."""
        with _opened_raster(BytesIO(data), name) as image:
            if image.mode in ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV"):
                image = image.convert("RGB")
            return _grey(np.array(image), name)


@contextmanager
def opened_tiff(file: BinaryIO, name: str) -> Iterator[Any]:
    """Open a TIFF file that has pages; whatever is raised on a broken one becomes an ImageError."""
    import tifffile

    with _quiet(), _named(name, "TIFF", (tifffile.TiffFileError,)), tifffile.TiffFile(file) as tiff:
        if len(tiff.pages) == 0:
            raise ImageError(f"{name} is a TIFF file without an image. Export it again.")
        yield tiff


@contextmanager
def _opened_raster(file: BinaryIO, name: str) -> Iterator[Any]:
    from PIL import Image

    with (
        _quiet(),
        _named(name, "PNG or JPEG", (Image.DecompressionBombError,)),
        Image.open(file, formats=("PNG", "JPEG")) as image,
    ):
        yield image


@contextmanager
def _named(name: str, kind: str, others: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turn what a decoder raises on a broken file into one clear line; decoders raise nearly anything."""
    broken: tuple[type[Exception], ...] = (*_BROKEN, *others)
    try:
        yield
    except broken as failure:
        said = str(failure).splitlines()[0][:200] if str(failure) else type(failure).__name__
        raise ImageError(
            f"{name} is a broken or truncated {kind} file: {said}. Copy it again from where it was taken."
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the decoders' own warnings and log lines: what counts is raised, with the image's name."""
    log = logging.getLogger("tifffile")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _only_page(tiff: Any, name: str) -> Any:
    """Choose the page that is no thumbnail of another."""
    pages = [page for page in tiff.pages if not page.is_reduced] or list(tiff.pages)
    _need_one(len(pages), name)
    return pages[0]


def _need_one(images: int, name: str) -> None:
    if images != 1:
        raise ImageError(f"{name} is a stack of {images} images. Give one image a file.")


def _need_grey_or_colour(page: Any, name: str) -> None:
    samples, kind, model = int(page.samplesperpixel), str(page.dtype), int(page.photometric)
    if samples not in (1, 2, 3, 4) or kind not in _KINDS or model not in _PHOTOMETRIC:
        raise ImageError(
            f"{name} holds {samples} value(s) of type {kind} a pixel, of colour model {model}. "
            "Convert it to one int16, uint16 or float32."
        )


def _need_all_bytes(page: Any, size_bytes: int, name: str) -> None:
    stops = [start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    if not stops or max(stops) > size_bytes:
        raise ImageError(
            f"{name} is truncated: its pixels end at byte {max(stops, default=0):,}, and the file has "
            f"{size_bytes:,}. Copy it again from where it was taken."
        )


def _tiff_pixel_size_a(page: Any) -> float | None:
    unit = page.tags.get("ResolutionUnit")
    resolution = page.tags.get("XResolution")
    if unit is None or resolution is None or int(unit.value) != 3:
        return None
    above, below = resolution.value
    size = _CM_A * below / above if above else 0.0
    return size if 0 < size < _COARSEST_A else None


def _raster_bytes_per_pixel(mode: str) -> int:
    return {"1": 1, "L": 1, "P": 3, "LA": 2, "I;16": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}.get(mode, 4)


def _grey(stored: NDArray[Any], name: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Make an image (rows, cols, samples) grey; equal colours and an opacity channel are no loss."""
    said: tuple[str, ...] = ()
    if stored.ndim == 3:
        colours = stored[..., :3] if stored.shape[-1] >= 3 else stored[..., :1]
        if (colours == colours[..., :1]).all():
            stored = colours[..., 0]
        else:
            stored = colours.astype(np.float32) @ _WEIGHTS
            said = (f"{name}: a colour image, which no microscope takes; its luminance was read.",)
    if stored.ndim != 2:
        raise ImageError(f"{name} has the shape {stored.shape}. Give one image (rows, columns).")
    return _plain(stored), said


def _plain(stored: NDArray[Any]) -> NDArray[Any]:
    kind = stored.dtype.newbyteorder("=")
    plain = {"bool": np.uint8, "uint32": np.float32, "float64": np.float32}.get(kind.name, kind)
    return np.array(stored, dtype=plain, order="C")
