"""EPU's pixels and ours, and the maps from pixels to the stage that EPU's files imply."""

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import Points, StageMap, StagePoints

Shape = tuple[int, int]
"""Rows and columns [px]."""

Matrix = NDArray[np.float64]
"""Stage (x, y) [um] a pixel read out: rows x, y; columns along EPU's x and y; shape (2, 2)."""

_SPREAD = 0.02
"""Points this flat (least over greatest spread) lie on a line: they tell nothing about what is across it."""


def to_stored(xy: NDArray[np.float64], readout: Shape, stored: Shape) -> Points:
    """Take EPU's pixels to ours.

    Args:
        xy: (x, y) of the image as read out, from the corner of its first pixel [px]; shape (n, 2).
        readout: Shape as read out.
        stored: Shape as stored, which may be that of a thumbnail.

    Returns:
        (row, col) of the image as stored [px]; shape (n, 2).
    """
    flipped = np.asarray(xy, dtype=float).reshape(-1, 2)[:, ::-1]
    return np.asarray(flipped * (np.array(stored) / np.array(readout)) - 0.5)


def step_matrix(reference: NDArray[np.float64], pixel_size_a: float) -> Matrix | None:
    """Tell how far a pixel is on the stage, from the transformation that an image carries.

    EPU's transformation is of pixels before binning, and runs against the stage positions of what is seen. So
    it was measured on pairs of hole images with the same hole, and on a square whose holes carry positions.

    Args:
        reference: ``ReferenceTransformation``; rows x, y; columns along x and y; shape (2, 2).
        pixel_size_a: Edge of a pixel as read out [A]; it sets the scale.

    Returns:
        The matrix, or None where the transformation is singular.
    """
    size = np.sqrt(abs(np.linalg.det(reference)))
    if not np.isfinite(size) or size < 1e-18:
        return None
    return -reference / size * pixel_size_a * 1e-4


def centred_map(matrix: Matrix, centre_um: tuple[float, float], readout: Shape, stored: Shape) -> StageMap:
    """Map an image as stored whose centre lies at a stage position (x, y) [um]."""
    rows_cols = np.array(stored)
    ours = matrix[:, ::-1] * (np.array(readout) / rows_cols)
    return StageMap(ours, np.asarray(centre_um, dtype=float) - ours @ ((rows_cols - 1) / 2))


def fit_map(points: Points, stage: StagePoints) -> tuple[StageMap, float] | None:
    """Fit the map that takes points to the stage positions they are said to have, by least squares.

    Args:
        points: (row, col) [px]; shape (n, 2).
        stage: (x, y) [um]; shape (n, 2).

    Returns:
        The map, and the root mean square of the distances it leaves [um]; None where fewer than three points,
        or points on a line, leave it open.
    """
    if len(points) < 3:
        return None
    middle, centre = points.mean(axis=0), stage.mean(axis=0)
    spread = np.linalg.svd(points - middle, compute_uv=False)
    if spread[1] <= _SPREAD * spread[0]:
        return None
    matrix = np.linalg.lstsq(points - middle, stage - centre, rcond=None)[0].T
    fitted = StageMap(matrix, centre - matrix @ middle)
    return (fitted, rms_um(fitted, points, stage)) if abs(np.linalg.det(matrix)) > 1e-12 else None


def rms_um(placed: StageMap, points: Points, stage: StagePoints) -> float:
    """Compute the root mean square distance between where a map puts points and where they are said to be."""
    if not len(points):
        return 0.0
    return float(np.sqrt(((placed.to_stage(points) - stage) ** 2).sum(axis=1).mean()))


def followed_by(first: StageMap, then: StageMap) -> StageMap:
    """Put two maps after one another; the second takes stage positions (x, y) [um] to such."""
    return StageMap(then.matrix @ first.matrix, then.matrix @ first.offset + then.offset)
