"""Lacey carbon close by: the same web as at low magnification, its edges smooth."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.simulation.foil import LACE_CELLS, Foil, lace_height
from ptolemy_kedro.simulation.tile import Patch

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

GAP_CELLS = 3.0
"""A gap in which someone would shoot holds a circle of this radius [cells of an eighth of a gap]: assumed."""


def lace_share(foil: Foil, patch: Patch) -> Floats:
    """The share of each pixel that is gap; shape of the patch."""
    cell_um = foil.hole_um / 8
    places = np.stack([patch.y_um, patch.x_um]) / np.float32(cell_um) - np.float32(0.5)
    height, slope = (
        ndimage.map_coordinates(table, places, order=1, mode="grid-wrap") for table in _tables(foil.seed)
    )
    width = np.maximum(slope * np.float32(patch.pixel_um / cell_um), np.float32(1e-6))
    return np.clip(height / width + 0.5, 0, 1)


@lru_cache(maxsize=4)
def _tables(seed: int) -> tuple[Floats, Floats]:
    """Height of the web and its slope a cell."""
    height = lace_height(seed)
    down, right = np.gradient(height)
    return height, np.hypot(down, right).astype(np.float32) + np.float32(1e-4)


@lru_cache(maxsize=4)
def gaps(seed: int) -> tuple[Array, Array]:
    """Centres (x, y) of the wider gaps, shape (n, 2), and the radius of what fits in, (n,); in cells."""
    open_ = np.tile(lace_height(seed) > 0, (3, 3))
    fits = ndimage.gaussian_filter(ndimage.distance_transform_edt(open_), 1.0)
    peaks = (fits == ndimage.maximum_filter(fits, 2 * int(GAP_CELLS) + 1)) & (fits >= GAP_CELLS)
    rows, cols = np.nonzero(peaks[LACE_CELLS:-LACE_CELLS, LACE_CELLS:-LACE_CELLS])
    radius = np.asarray(fits, dtype=np.float64)[rows + LACE_CELLS, cols + LACE_CELLS]
    return np.column_stack([cols, rows]).astype(np.float64) + 0.5, radius


def gaps_within(foil: Foil, low_um: Array, high_um: Array) -> tuple[Array, Array]:
    """Gaps between two corners (x, y) of the stage [um]: centres (n, 2) and radii (n,) [um]."""
    cell_um = foil.hole_um / 8
    at, radius = gaps(foil.seed)
    first, last = np.floor(low_um / cell_um / LACE_CELLS), np.floor(high_um / cell_um / LACE_CELLS)
    steps = [np.arange(a, b + 1) for a, b in zip(first, last, strict=True)]
    tiles = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 1, 2) * LACE_CELLS
    centres = (at + tiles).reshape(-1, 2) * cell_um
    return centres, np.tile(radius, len(tiles)) * cell_um
