"""How far each hole lies from a bar, or another large dark region such as its shadow or thick ice."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.holes.discs import Discs
from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.resampling import Image, reduce

DARK = 0.5
"""A region is dark below this share of the way from the darkest to the usual level."""

CLEAR = 0.55
"""The darkest must be below this share of the level of foil and holes, or there is no bar in the image."""

RADIUS_PX = 3.0
"""The image is reduced until a hole has about this radius."""


def bar_distance(image: Image, found: FoundHoles, discs: Discs) -> NDArray[np.float64]:
    """Measure the distance to the nearest dark region as wide as a hole [px].

    Args:
        image: Intensities; shape (rows, cols).
        found: Holes in it, at least one.
        discs: Intensities about them.

    Returns:
        Shape (n,); where there is no such region, the length of the image's diagonal.
    """
    factor = max(1, round(float(np.median(found.radius_px)) / RADIUS_PX))
    small = reduce(image, factor)
    width = max(3, 2 * round(float(np.median(found.radius_px)) / factor) + 1)
    smooth = ndimage.uniform_filter(small, width, mode="nearest")
    at = np.clip(np.rint((found.centres + 0.5) / factor - 0.5).astype(int), 0, np.array(small.shape) - 1)
    usual = float(np.nanmedian(discs.values)) - discs.floor
    darkest = float(np.percentile(smooth, 0.5)) - discs.floor
    if darkest >= CLEAR * usual:
        return np.full(len(found), float(np.hypot(*image.shape)))
    dark = smooth - discs.floor <= darkest + DARK * (usual - darkest)
    gaps = ndimage.distance_transform_edt(~dark)
    return gaps[tuple(at.T)] * factor
