"""Holes close by: which hole a pixel belongs to, how deep its ice is, how its rim looks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.simulation.coarse import cloud, spread
from ptolemy_kedro.simulation.foil import Foil
from ptolemy_kedro.simulation.handling import KINDS, Handling, handling, table, table_index
from ptolemy_kedro.simulation.tile import Patch

Floats = NDArray[np.float32]

_DRY, _EMPTY, _CRACKED, _CRYSTALLINE = (KINDS.index(kind) for kind in KINDS[1:])


@dataclass(frozen=True)
class Wells:
    """The hole nearest to each pixel; arrays of the patch's shape.

    Attributes:
        dx_um: Stage x from the hole's centre [um].
        dy_um: Stage y from it.
        distance_um: Distance from it.
        edge_um: Distance outside its edge, negative within.
        at: Its place in ``handling.Table``.
    """

    dx_um: Floats
    dy_um: Floats
    distance_um: Floats
    edge_um: Floats
    at: NDArray[np.int32]


def find_wells(foil: Foil, care: Handling, patch: Patch) -> Wells:
    """Find the hole nearest to each pixel."""
    move_x, move_y = _moves(care, patch)
    x, y = patch.x_um - move_x, patch.y_um - move_y
    (a, b), (c, d) = foil.to_lattice.astype(np.float32)
    p, q = a * x + b * y, c * x + d * y
    known = table(foil)
    dx, dy, at = _offsets(foil, p, q, second=False)
    if foil.layout == "hexagonal":
        dx2, dy2, at2 = _offsets(foil, p, q, second=True)
        nearer = dx2 * dx2 + dy2 * dy2 < dx * dx + dy * dy
        dx, dy, at = np.where(nearer, dx2, dx), np.where(nearer, dy2, dy), np.where(nearer, at2, at)
    dx -= known.shift_x[at]
    dy -= known.shift_y[at]
    distance = np.sqrt(dx * dx + dy * dy)
    edge = distance - np.float32(foil.hole_um / 2) * known.scale[at]
    _make_oval(edge, dx, dy, distance, at, foil)
    return Wells(dx, dy, distance, edge, at)


def _moves(care: Handling, patch: Patch) -> tuple[Floats, Floats]:
    """How far the bent foil is moved under each pixel [um]; linear between points 2 um apart."""
    step, shape = max(1, int(2.0 / patch.pixel_um)), patch.x_um.shape
    rows, cols = (np.arange(-(-(edge - 1) // step) + 1, dtype=np.float32) * step for edge in shape)
    places = []
    for stage in (patch.x_um, patch.y_um):
        down, right = stage[1, 0] - stage[0, 0], stage[0, 1] - stage[0, 0]
        places.append(stage[0, 0] + down * rows[:, None] + right * cols)
    move_x, move_y = care.bend.at(*places)
    return spread(move_x, shape, step), spread(move_y, shape, step)


def _offsets(foil: Foil, p: Floats, q: Floats, second: bool) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """From the nearest site of one of the two sublattices: stage x, y [um], and its place in the table."""
    half = np.float32(0.5 if second else 0.0)
    i, j = np.rint(p - half), np.rint(q - half)
    (a, b), (c, d) = np.linalg.inv(foil.to_lattice).astype(np.float32)
    p, q = p - i - half, q - j - half
    return a * p + b * q, c * p + d * q, table_index(i, j, int(second))


def _make_oval(
    edge: Floats, dx: Floats, dy: Floats, distance: Floats, at: NDArray[np.int32], foil: Foil
) -> None:
    """Make the holes a little oval, in place, near their edges."""
    known, radius = table(foil), np.float32(foil.hole_um / 2)
    flat = edge.reshape(-1)
    near = np.flatnonzero(np.abs(flat) < 0.1 * radius)
    x, y, r = (values.reshape(-1)[near] for values in (dx, dy, distance))
    which = at.reshape(-1)[near]
    turned = known.oval[which] * (x * x - y * y) + known.skew[which] * (2 * x * y)
    flat[near] -= radius * turned / (r * r)


def hole_depth(
    rng: np.random.Generator, foil: Foil, wells: Wells, ice: Floats, at: NDArray[np.intp], pixel_um: float
) -> Floats:
    """Optical depth at contrast 1 of what holes hold, for the flat pixels ``at``; shape (n,)."""
    care, known, radius = handling(foil), table(foil), np.float32(foil.hole_um / 2)
    which = wells.at.reshape(-1)[at]
    dx, dy, r = (values.reshape(-1)[at] / radius for values in (wells.dx_um, wells.dy_um, wells.distance_um))
    around = ice.reshape(-1)[at]
    level = np.exp(around * np.float32(-1.5 / foil.depth))
    depth = around * (1 + (known.factor[which] - 1) * level) * np.float32(1 + care.plug)
    shape = 1 + known.dome[which] * (r * r - 0.5) + known.wedge_x[which] * dx + known.wedge_y[which] * dy
    depth *= np.maximum(shape, 0.05)
    height, width = care.ring
    edge = wells.edge_um.reshape(-1)[at]
    depth += np.float32(height) * np.exp(-np.square(edge / np.float32(max(width, pixel_um))))
    return _break_ice(
        rng, np.maximum(depth, 0), known.kind[which], (dx, dy), which, foil, wells, at, pixel_um
    )


def _break_ice(
    rng: np.random.Generator,
    depth: Floats,
    kind: NDArray[np.int8],
    offset: tuple[Floats, Floats],
    which: NDArray[np.int32],
    foil: Foil,
    wells: Wells,
    at: NDArray[np.intp],
    pixel_um: float,
) -> Floats:
    """Take the ice away where a hole is empty or cracked, and roughen it where it is crystalline."""
    known = table(foil)
    depth[kind == _EMPTY] = 0
    cracked = np.flatnonzero(kind == _CRACKED)
    if len(cracked):
        number, x, y = which[cracked], offset[0][cracked], offset[1][cracked]
        beyond = x * known.halo_x[number] + y * known.halo_y[number] - known.wedge_x[number] * 3
        along, phase = y * known.halo_x[number] - x * known.halo_y[number], 40 * known.wedge_y[number]
        beyond += 0.08 * np.sin(3.1 * along + phase) + 0.03 * np.sin(11 * along + 3 * phase)
        depth[cracked] = np.where(beyond > 0, 0, depth[cracked] + 0.25 * np.exp(-np.square(beyond / 0.06)))
    crystalline = np.flatnonzero(kind == _CRYSTALLINE)
    if len(crystalline):
        rough = cloud(rng, wells.edge_um.shape, 0.08 / pixel_um).reshape(-1)[at[crystalline]]
        depth[crystalline] = np.maximum(depth[crystalline] * (1.4 + 0.6 * rough) + 0.05 * rough, 0)
    return depth


def shade_rims(
    light: Floats, foil: Foil, care: Handling, wells: Wells, patch: Patch, contrast: float
) -> None:
    """Draw the dark line at the edges of the holes and the shadow outside them, in place."""
    known, flat = table(foil), light.reshape(-1)
    height, width = care.line
    thick = max(float(width), 0.45 * patch.pixel_um)
    shadow, reach = care.halo
    edge = wells.edge_um.reshape(-1)
    near = np.flatnonzero((edge > -3 * thick) & (edge < max(3 * thick, 3 * reach)))
    e, which = edge[near], wells.at.reshape(-1)[near]
    dx, dy, r = (v.reshape(-1)[near] for v in (wells.dx_um, wells.dy_um, wells.distance_um))
    one_sided, way_x, way_y = (np.float32(x) for x in care.lopsided)
    towards = np.maximum((dx * way_x + dy * way_y) / r, 0)
    depth = (
        np.float32(height * width / thick)
        * np.exp(-np.square(e / np.float32(thick)))
        * (1 - one_sided + one_sided * 2 * towards)
    )
    open_ = np.where(known.kind[which] == _EMPTY, np.float32(3), np.float32(1))
    facing = 0.5 + 0.5 * (dx * known.halo_x[which] + dy * known.halo_y[which]) / r
    outside = np.exp(-np.maximum(e, 0) / np.float32(reach)) * (e > 0)
    depth += np.float32(shadow) * open_ * known.halo[which] * facing * facing * outside
    flat[near] *= np.exp(np.float32(-contrast) * depth)
