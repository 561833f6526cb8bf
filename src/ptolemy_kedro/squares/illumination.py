"""Intensities made comparable over an image: reduced, filled, and on a logarithmic scale above the darkest.

On a logarithmic scale a ramp of the illumination, or ice that halves the beam, shifts a square and the bars
around it alike and leaves their contrast as it was.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.errors import ImageError

Image = NDArray[np.float32]

SAMPLE = 2**16
"""About as many pixels tell percentiles."""


def usable(image: NDArray) -> Image:
    """Check that an array can be segmented, and give it as float32 with what is not finite made darkest.

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


def stretch(image: Image) -> Image:
    """Put intensities on a logarithmic scale above the image's darkest [natural log units].

    What is fainter than the noise or 1 % of the range is flattened: it is no structure.
    """
    low, high = percentiles(image, [0.5, 99.5])
    soft = max(0.01 * (high - low), 2 * noise(image), 1e-12)
    return np.log1p(np.maximum(image - low, 0) / soft).astype(np.float32)


def percentiles(image: Image, shares: list[float]) -> NDArray[np.float64]:
    """Find percentiles of an image, in about ``SAMPLE`` pixels evenly over it; shape (shares,)."""
    step = max(1, int(np.sqrt(image.size / SAMPLE)))
    return np.percentile(image[::step, ::step], shares)


def noise(image: Image) -> float:
    """Estimate the noise's standard deviation in the image's darker half, from differences of neighbours."""
    if min(image.shape) < 2:
        return 0.0
    row_step = max(1, image.size // SAMPLE)
    rows = image[::row_step]
    steps = np.diff(rows, axis=1)
    dark = rows[:, 1:] <= np.median(rows)
    return float(np.median(np.abs(steps[dark])) / 0.954) if dark.any() else 0.0


def magnify(image: Image, factor: int) -> Image:
    """Interpolate an image of few pixels to ``factor`` times as many a side, same geometry as ``reduce``."""
    repeated = np.repeat(np.repeat(image, factor, axis=0), factor, axis=1)
    return ndimage.uniform_filter(repeated, factor, mode="nearest")
