"""The holes of a foil that lie in an image: where they are, and what became of each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import Points, StageMap
from ptolemy_kedro.simulation.foil import Foil
from ptolemy_kedro.simulation.specimen import Grid

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Sites:
    """Holes whose centre lies in an image; arrays with one entry a hole.

    Attributes:
        centre_px: True centre (row, col) [px]; shape (n, 2).
        radius_px: True radius [px]; shape (n,).
        open: Whether it is there to be seen: not under the bar, not torn away; shape (n,).
        doubtful: In view, and nobody could be sure of it; never also open; shape (n,).
        ice_nm: Ice in it; shape (n,).
        bar_um: Distance to the nearer bar [um], negative under it; shape (n,).
    """

    centre_px: Points
    radius_px: Array
    open: Bools
    doubtful: Bools
    ice_nm: Array
    bar_um: Array

    def __len__(self) -> int:
        return len(self.centre_px)


def lattice_sites(foil: Foil, field: StageMap, shape: tuple[int, int]) -> tuple[Points, Array]:
    """List the lattice's sites in an image: (row, col) [px], (n, 2), and lattice coordinates, (n, 2)."""
    if foil.layout not in ("square", "hexagonal"):
        return np.empty((0, 2)), np.empty((0, 2))
    rows, cols = shape
    corners = field.to_stage(np.array([[0, 0], [0, cols], [rows, 0], [rows, cols]])) @ foil.to_lattice.T
    low, high = np.floor(corners.min(axis=0)) - 1, np.ceil(corners.max(axis=0)) + 1
    index = np.stack(
        np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True)), indexing="ij"), axis=-1
    ).reshape(-1, 2)
    if foil.layout == "hexagonal":
        index = np.concatenate([index, index + 0.5])
    at_px = field.to_pixels(index @ np.linalg.inv(foil.to_lattice).T)
    inside = np.all((at_px > -0.5) & (at_px < np.array(shape) - 0.5), axis=1)
    return at_px[inside], index[inside]


def sites_in_view(grid: Grid, field: StageMap, shape: tuple[int, int]) -> Sites:
    """List the holes whose centre lies in an image of a grid."""
    at_px, _ = lattice_sites(grid.foil, field, shape)
    stage = field.to_stage(at_px)
    pixel_um = np.sqrt(abs(np.linalg.det(field.matrix)))
    radius_um = grid.foil.hole_um / 2
    bar_um, ice_nm, torn = (np.full(len(at_px), fill) for fill in (-np.inf, 0.0, 1.0))
    for k, centre in enumerate(grid.openings.centre_um):
        local = np.abs((stage - centre) @ np.linalg.inv(grid.axes).T)
        inside = grid.openings.edges_um[k].mean() - local.max(axis=1)
        here = inside > bar_um
        bar_um[here], ice_nm[here] = inside[here], grid.openings.ice_nm[k]
        torn[here] = grid.openings.state[k] in ("torn", "empty", "opaque")
    clear = bar_um > 0.3 * radius_um
    gone = torn > 0
    return Sites(
        at_px, np.full(len(at_px), radius_um / pixel_um), clear & ~gone,
        ~clear & (bar_um > -radius_um) | clear & gone, ice_nm, bar_um,
    )  # fmt: skip
