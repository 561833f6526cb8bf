"""Images read between their pixels, reduced and scaled: what cutting out squares and holes shares."""

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ImageError

Image = NDArray[np.float32]

USUAL, SAMPLED = (0.5, 99.5), 250_000
"""Percentiles between which a pixel is a usual one; and pixels that they are taken of."""


def usable(image: NDArray) -> Image:
    """Check that an array is an image, and give it as float32 with what is not finite made darkest.

    Args:
        image: Intensities of any real type; shape (rows, cols).

    Raises:
        ImageError: It is not two-dimensional, empty, not of numbers, or has no finite pixel.
    """
    if image.ndim != 2 or not image.size:
        raise ImageError(
            f"The image has shape {image.shape}; a single plane (rows, cols) with pixels is needed."
        )
    if image.dtype.kind not in "biuf":
        raise ImageError(f"The image's pixels are of type {image.dtype}; real numbers are needed.")
    if image.dtype.kind != "f":
        return image.astype(np.float32)
    pixels = image.astype(np.float32)
    finite = np.isfinite(pixels)
    if finite.all():
        return pixels
    if not finite.any():
        raise ImageError("The image has no finite pixel. Give an image that holds intensities.")
    return np.where(finite, pixels, pixels[finite].min())


def without_spikes(pixels: Image) -> Image:
    """Bring the few pixels that lie far outside all others, dead or struck ones, to where far begins.

    Far is a range beyond the ends of the range that all but a hundredth of the pixels lie in.
    Both images have the shape (rows, cols).
    """
    low, high = np.percentile(pixels.ravel()[:: max(1, pixels.size // SAMPLED)], USUAL)
    least, most = np.float32(2 * low - high), np.float32(2 * high - low)
    if pixels.min() >= least and pixels.max() <= most:
        return pixels
    return np.clip(pixels, least, most)


def reduce(image: Image, factor: int) -> Image:
    """Average blocks of ``factor`` x ``factor`` pixels; pixels left over at the far edges are dropped.

    Pixel (r, c) of the result has its centre at ``(r + .5) * factor - .5`` of the image.
    """
    if factor == 1:
        return image
    rows, cols = (side // factor * factor for side in image.shape)
    if not rows or not cols:
        return image.mean(keepdims=True).astype(np.float32)
    summed = image[:rows, :cols].reshape(rows // factor, factor, cols).sum(axis=1, dtype=np.float32)
    return sum(summed[:, start::factor] for start in range(factor)) / np.float32(factor**2)


def centred_into(frame: NDArray, crop: NDArray) -> None:
    """Put a crop in the middle of a frame, cut where it is larger."""
    inside, of_crop = [], []
    for have, want in zip(crop.shape, frame.shape, strict=True):
        size = min(have, want)
        inside.append(slice((want - size) // 2, (want - size) // 2 + size))
        of_crop.append(slice((have - size) // 2, (have - size) // 2 + size))
    frame[tuple(inside)] = crop[tuple(of_crop)]


def scaled(crop: Image, scale: float) -> Image:
    """Scale a crop, averaging where it shrinks much."""
    shape = [max(1, round(side * scale)) for side in crop.shape]
    crop = reduce(crop, max(1, int(1 / scale + 0.25)))
    row, col = (
        (np.arange(want) + 0.5) * have / want - 0.5 for have, want in zip(crop.shape, shape, strict=True)
    )
    return interpolate(crop, row[:, None], col[None, :])


def interpolate(image: Image, row: NDArray, col: NDArray, outside: float = 0.0) -> Image:
    """Read an image between its pixels, linearly; ``outside`` beyond the middle of its outermost pixels."""
    rows, cols = image.shape
    within = (row >= -0.5) & (row <= rows - 0.5) & (col >= -0.5) & (col <= cols - 0.5)
    return np.where(
        within, read_between(image, np.clip(row, 0, rows - 1), np.clip(col, 0, cols - 1)), np.float32(outside)
    )


def read_between(image: Image, row: NDArray, col: NDArray) -> Image:
    """Interpolate linearly at points that lie between the image's pixels."""
    rows, cols = image.shape
    top = np.minimum(row.astype(np.intp), max(rows - 2, 0))
    left = np.minimum(col.astype(np.intp), max(cols - 2, 0))
    down, right = (row - top).astype(np.float32), (col - left).astype(np.float32)
    corner, flat = top * cols + left, image.ravel()
    step_row, step_col = cols if rows > 1 else 0, 1 if cols > 1 else 0
    one, other = flat.take(corner), flat.take(corner + step_col)
    upper = one + (other - one) * right
    corner = corner + step_row
    one, other = flat.take(corner), flat.take(corner + step_col)
    lower = one + (other - one) * right
    return upper + (lower - upper) * down
