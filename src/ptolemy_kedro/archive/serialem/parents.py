"""Which map each map was chosen on: the smallest clearly wider one of its grid in which its centre lies."""

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.serialem.maps import MapImage

_WIDER = 1.5
"""A parent's field is wider by this factor at least."""


def find_parents(images: list[MapImage], grids: list[str]) -> list[int | None]:
    """Find each map's parent.

    Args:
        images: Of a session.
        grids: The grid of each.

    Returns:
        Index of each one's parent, None where no wider map holds it.
    """
    if not images:
        return []
    matrices = np.array([image.stage_map.matrix for image in images])
    offsets = np.array([image.stage_map.offset for image in images])
    shapes = np.array([image.shape for image in images])
    areas = np.abs(np.linalg.det(matrices)) * shapes.prod(axis=1)
    to_pixels = np.linalg.inv(matrices)
    of_grid = np.array(grids)
    parents = []
    for number, image in enumerate(images):
        centre = image.stage_map.to_stage((np.array([image.shape]) - 1) / 2)[0]
        points = np.einsum("nij,nj->ni", to_pixels, centre - offsets)
        holding = _inside(points, shapes) & (areas > _WIDER**2 * areas[number]) & (of_grid == grids[number])
        parents.append(int(np.where(holding, areas, np.inf).argmin()) if holding.any() else None)
    return parents


def _inside(points: NDArray[np.float64], shapes: NDArray[np.int_]) -> NDArray[np.bool_]:
    return np.all((points >= -0.5) & (points <= shapes - 0.5), axis=1)
