"""What became of the holes of a foil, looked up on pictures of one thing each: tears, dirt, folds, bars."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import StageMap, StagePoints
from ptolemy_kedro.simulation import damage
from ptolemy_kedro.simulation.dirt import Soiling, soil, soiling
from ptolemy_kedro.simulation.film import lay_base, patches_in_view
from ptolemy_kedro.simulation.foil import Foil
from ptolemy_kedro.simulation.handling import handling, table, table_index
from ptolemy_kedro.simulation.lacework import gaps_within
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import Grid
from ptolemy_kedro.simulation.spots import folded
from ptolemy_kedro.simulation.tile import Patch

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]

STEPS_A_HOLE = 10
"""Pixels across a hole of the pictures that are looked at here; images may be finer."""


@dataclass(frozen=True)
class Holes:
    """The holes of a foil in a field; arrays with one entry a hole.

    Attributes:
        stage: True centre (x, y) [um]; shape (n, 2).
        radius_um: True radius [um]; shape (n,).
        index: Place in the lattice (i, j, sublattice), all -1 off any lattice; shape (n, 3).
        kind: Number in ``handling.KINDS``; shape (n,).
        factor: Factor on the ice; shape (n,).
    """

    stage: StagePoints
    radius_um: Array
    index: NDArray[np.int64]
    kind: NDArray[np.int64]
    factor: Array


@dataclass(frozen=True)
class Survey:
    """What is so at each hole; arrays of shape (n,).

    Attributes:
        ice: Optical depth at contrast 1 of the smooth ice.
        climb: Of the ice that climbs the bars.
        bar_um: Distance inside the nearer bar [um].
        gone: Share of it torn away.
        folded: Share of it beneath a fold.
        dirt: Share of its light that dirt and earlier exposures take.
        around: The same just outside it.
        exposed: Whether an earlier exposure hit it.
    """

    ice: Array
    climb: Array
    bar_um: Array
    gone: Array
    folded: Array
    dirt: Array
    around: Array
    exposed: Bools


def holes_in_view(foil: Foil, field: StageMap, shape: tuple[int, int]) -> Holes:
    """List the holes whose centre lies in an image; for lacey foil its wider gaps."""
    rows, cols = shape
    corners = field.to_stage(np.array([[0, 0], [0, cols], [rows, 0], [rows, cols]], dtype=float))
    if foil.layout == "lacey":
        stage, radius = gaps_within(foil, corners.min(axis=0), corners.max(axis=0))
        n = len(stage)
        holes = Holes(stage, radius, np.full((n, 3), -1), np.zeros(n, dtype=np.int64), np.ones(n))
    elif foil.layout == "continuous":
        whole = np.empty((0, 3), dtype=np.int64)
        holes = Holes(np.empty((0, 2)), np.empty(0), whole, np.empty(0, dtype=np.int64), np.empty(0))
    else:
        holes = _lattice_holes(foil, corners)
    at = field.to_pixels(holes.stage)
    inside = np.all((at > -0.5) & (at < np.array(shape) - 0.5), axis=1)
    return Holes(**{name: getattr(holes, name)[inside] for name in Holes.__dataclass_fields__})


def _lattice_holes(foil: Foil, corners: StagePoints) -> Holes:
    """The holes of a lattice between four corners, and a few beyond; moved as the foil is bent."""
    reached = corners @ foil.to_lattice.T
    low, high = np.floor(reached.min(axis=0)) - 1, np.ceil(reached.max(axis=0)) + 1
    steps = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    index = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 2)
    second = np.zeros(len(index), dtype=np.int32)
    if foil.layout == "hexagonal":
        index, second = (
            np.concatenate([index, index]),
            np.repeat(np.array([0, 1], dtype=np.int32), len(index)),
        )
    at, known = table_index(index[:, 0], index[:, 1], second), table(foil)
    stage = (index + 0.5 * second[:, None]) @ np.linalg.inv(foil.to_lattice).T
    stage = stage + np.column_stack([known.shift_x[at], known.shift_y[at]])
    bend, moved = handling(foil).bend, stage
    for _ in range(2):  # the foil's bend is given where it ends up
        moved = stage + np.column_stack(bend.at(moved[:, 0], moved[:, 1]))
    radius = foil.hole_um / 2 * known.scale[at].astype(float)
    place = np.column_stack([index, second]).astype(np.int64)
    return Holes(moved, radius, place, known.kind[at].astype(np.int64), known.factor[at].astype(float))


def survey(grid: Grid, field: StageMap, shape: tuple[int, int], holes: Holes) -> Survey:
    """Look up what is so at each hole."""
    pixel_um = float(np.sqrt(abs(np.linalg.det(field.matrix))))
    across_um = max(2 * float(np.median(holes.radius_um)), 0.3) if len(holes.stage) else 1.0
    step = max(1, int(across_um / STEPS_A_HOLE / pixel_um))
    coarse = StageMap(field.matrix * step, field.to_stage(np.full((1, 2), (step - 1) / 2))[0])
    small = (-(-shape[0] // step) + 1, -(-shape[1] // step) + 1)
    found = _Lookup(holes, coarse)
    for k, patch in patches_in_view(grid, coarse, small):
        found.take(grid, coarse, k, patch)
    return found.result()


class _Lookup:
    """Gathers the values at the holes, opening by opening: a hole belongs to the one it is deepest in."""

    def __init__(self, holes: Holes, field: StageMap):
        n = len(holes.stage)
        self.holes, self.field = holes, field
        self.middle_px = field.to_pixels(holes.stage)
        self.inner, self.outer = (self._ring(share) for share in (0.7, 1.25))
        fills = {
            "ice": 0.0,
            "climb": 0.0,
            "bar_um": -np.inf,
            "gone": 1.0,
            "folded": 0.0,
            "dirt": 0.0,
            "around": 0.0,
        }
        self.values = {name: np.full(n, fill) for name, fill in fills.items()}
        self.exposed = np.zeros(n, dtype=bool)

    def _ring(self, share: float) -> Array:
        """The centre and eight points about it; shape (n, 9, 2)."""
        angles = np.arange(8) * np.pi / 4
        ring = np.vstack([np.zeros((1, 2)), np.column_stack([np.cos(angles), np.sin(angles)])])
        points = self.holes.stage[:, None] + share * self.holes.radius_um[:, None, None] * ring
        return self.field.to_pixels(points.reshape(-1, 2)).reshape(-1, 9, 2)

    def take(self, grid: Grid, field: StageMap, k: int, patch: Patch) -> None:
        """Look at one opening."""
        own = generator(int(grid.openings.seed[k]), "inside")
        base = lay_base(grid, field, k, patch, own)
        bar_um = _sample(base.inside, patch, self.middle_px)
        here = (bar_um > self.values["bar_um"]) & (bar_um > -50)
        if not here.any():
            return
        soiled = soiling(grid, k)
        gone, fold = _torn(grid, k, patch, base.inside, own), _folded(soiled, patch)
        veil = np.ones_like(base.ice)
        damage.add_specks(veil, grid.openings, k, patch.u_um, patch.v_um, patch.pixel_um, own, True)
        soil(veil, patch, soiled, 1.0)
        middle, inner, outer = self.middle_px[here], self.inner[here], self.outer[here, 1:]
        taken = {
            "ice": _sample(base.ice, patch, middle),
            "climb": _sample(base.climb, patch, middle),
            "bar_um": bar_um[here],
            "gone": _sample(gone, patch, inner).mean(axis=-1),
            "folded": _sample(fold, patch, inner).mean(axis=-1),
            "dirt": 1 - _sample(veil, patch, inner).mean(axis=-1),
            "around": 1 - _sample(veil, patch, outer).mean(axis=-1),
        }
        for name, values in taken.items():
            self.values[name][here] = values
        self.exposed |= here & self._hit_by(soiled)

    def _hit_by(self, soiled: Soiling) -> Bools:
        """Which holes an earlier exposure hit."""
        at = np.column_stack([soiled.discs.u_um, soiled.discs.v_um])
        away = np.hypot(*(self.holes.stage[:, None] - at).T)
        return away.min(axis=0, initial=np.inf) < 0.6 * self.holes.radius_um

    def result(self) -> Survey:
        """What was found."""
        return Survey(**self.values, exposed=self.exposed)


def _folded(soiled: Soiling, patch: Patch) -> Floats:
    """The share of each pixel beneath a fold."""
    if soiled.fold is None:
        return np.zeros_like(patch.u_um)
    return folded(soiled.fold, patch.u_um, patch.v_um, patch.pixel_um)


def _torn(grid: Grid, k: int, patch: Patch, inside: Floats, own: np.random.Generator) -> Floats:
    """The share of each pixel without foil."""
    if grid.openings.state[k] == "empty":
        return np.ones_like(inside)
    gone = np.zeros_like(inside)
    damage.break_foil(gone, grid.openings, k, patch.u_um, patch.v_um, inside, patch.pixel_um, own, True)
    return gone


def _sample(picture: Floats, patch: Patch, at_px: Array) -> Array:
    """The values of a patch's picture at points of the image, those beyond its edge taken from there."""
    first = np.array([patch.rows.start, patch.cols.start])
    near = np.clip(np.rint(at_px - first).astype(int), 0, np.array(picture.shape) - 1)
    return picture[near[..., 0], near[..., 1]].astype(float)
