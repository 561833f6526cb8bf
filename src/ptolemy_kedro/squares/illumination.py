"""Intensities made comparable over an image: on a logarithmic scale above the darkest.

On a logarithmic scale a ramp of the illumination, or ice that halves the beam, shifts a square and the bars
around it alike and leaves their contrast as it was.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.resampling import Image

SAMPLE = 2**16
"""About as many pixels tell percentiles."""


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
