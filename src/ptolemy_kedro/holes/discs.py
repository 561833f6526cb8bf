"""The pixels in and around each hole, read on one grid in units of its radius."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.resampling import USUAL, Image, interpolate, reduce

Floats = NDArray[np.float64]

REACH = 1.5
"""How far the grid goes from the centre [radii]."""

STEPS = 12
"""Grid points from the centre to its end, along a row: 8 to a radius."""

ACROSS = np.arange(-STEPS, STEPS + 1) * (REACH / STEPS)
ROW, COL = (grid.ravel() for grid in np.meshgrid(ACROSS, ACROSS, indexing="ij"))
DISTANCE = np.hypot(ROW, COL)


@dataclass(frozen=True)
class Discs:
    """Intensities on the grid about each hole.

    Attributes:
        values: NaN outside the image; shape (n, points).
        floor: Intensity of no light: 0, or what is darkest but for a few pixels where that is negative.
    """

    values: Image
    floor: float

    @property
    def inside(self) -> Image:
        """Intensities inside the holes, off their rims; shape (n, some)."""
        return self.within(self.values, 0, 0.75)

    def within(self, values: Image, low: float, high: float) -> Image:
        """Take the points between two distances from the centre [radii]; shape (n, some)."""
        return values[:, (low <= DISTANCE) & (high >= DISTANCE)]

    def slope(self, values: Image) -> Floats:
        """Fit a plane inside each hole: its rise from one rim to the other; shape (n,)."""
        within = DISTANCE <= 0.75
        inside = values[:, within]
        inside = np.nan_to_num(inside - np.nanmean(inside, axis=1, keepdims=True))
        rises = [inside @ axis[within] / (axis[within] @ axis[within]) for axis in (ROW, COL)]
        return 2 * np.hypot(*rises)

    def roughness(self, values: Image) -> Floats:
        """Standard deviation inside each hole about a slope and a dome; shape (n,)."""
        within = DISTANCE <= 0.75
        inside = values[:, within]
        inside = np.nan_to_num(inside - np.nanmean(inside, axis=1, keepdims=True)).astype(np.float64)
        shapes = np.stack([np.ones(within.sum()), ROW[within], COL[within], DISTANCE[within] ** 2], axis=1)
        smooth = inside @ np.linalg.pinv(shapes).T @ shapes.T
        return (inside - smooth).std(axis=1)

    def texture(self, values: Image) -> Floats:
        """Average the differences of adjacent points inside each hole; shape (n,)."""
        square = np.where(DISTANCE <= 0.75, values, np.nan).reshape(len(values), 2 * STEPS + 1, -1)
        steps = [np.abs(np.diff(square, axis=axis)).reshape(len(values), -1) for axis in (1, 2)]
        return np.nanmean(np.concatenate(steps, axis=1), axis=1)


def read_discs(image: Image, centres: Floats, radius_px: Floats) -> Discs:
    """Read the grid about each hole, in the image reduced so that no pixel is left out.

    Args:
        image: Intensities; shape (rows, cols).
        centres: (row, col) [px]; shape (n, 2).
        radius_px: Shape (n,).
    """
    factor = max(1, int(np.median(radius_px) * REACH / STEPS))
    reduced = reduce(image, factor)
    at = (centres + 0.5) / factor - 0.5
    row = at[:, :1] + radius_px[:, None] / factor * ROW
    col = at[:, 1:] + radius_px[:, None] / factor * COL
    values = interpolate(reduced, row.astype(np.float32), col.astype(np.float32), np.nan)
    values[np.isnan(values[:, DISTANCE <= 0.75]).all(axis=1)] = np.float32(np.median(reduced))
    return Discs(values, min(0.0, float(np.percentile(reduced, USUAL[0]))))
