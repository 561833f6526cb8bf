"""How far each hole lies from a bar, or another large dark region such as its shadow or thick ice."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.resampling import Image, reduce

DARK = 0.4
"""Share of the level of the holes' surroundings below which a region is dark."""

RADIUS_PX = 3.0
"""The image is reduced until a hole has about this radius."""


def bar_distance(image: Image, found: FoundHoles) -> NDArray[np.float64]:
    """Measure the distance to the nearest dark region wider than a hole [px]; shape (n,).

    Where there is none in the image, it is the length of the image's diagonal.
    """
    radius = float(np.median(found.radius_px)) if len(found) else 1.0
    factor = max(1, round(radius / RADIUS_PX))
    small = reduce(image, factor)
    width = max(3, 2 * round(radius / factor) + 1)
    smooth = ndimage.uniform_filter(small, width, mode="nearest")
    at = np.clip(np.rint((found.centres + 0.5) / factor - 0.5).astype(int), 0, np.array(small.shape) - 1)
    low = min(float(np.percentile(small, 0.5)), 0.0)
    usual = float(np.median(smooth[tuple(at.T)])) if len(at) else 0.0
    dark = smooth < low + DARK * (usual - low)
    if not dark.any():
        return np.full(len(found), float(np.hypot(*image.shape)))
    gaps = ndimage.distance_transform_edt(~dark)
    return gaps[tuple(at.T)] * factor
