"""What a grid's foil is like close by, and what it went through: drawn once a grid. All numbers assumed,
by looking at real images: thin dark lines and one-sided shadows at the rims, dry holes in clumps, frost."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.simulation.foil import Foil, hole_factors
from ptolemy_kedro.simulation.seeds import generator

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

KINDS = ("iced", "dry", "empty", "cracked", "crystalline")
"""What a hole holds; dry is a skin of ice, empty none at all."""

TABLE = 64
"""Holes repeat after this many steps of the lattice, as ``foil.hole_factors`` do."""


@dataclass(frozen=True)
class Waves:
    """A smooth displacement on the stage: a sum of plane waves.

    Attributes:
        vectors: Wave vectors [rad/um]; shape (n, 2).
        phases: Phases [rad]; shape (n,).
        moves: Displacement (x, y) at each crest [um]; shape (n, 2).
    """

    vectors: Array
    phases: Array
    moves: Array

    def at(self, x_um: Floats, y_um: Floats) -> tuple[Floats, Floats]:
        """Displacement along x and y [um] at stage positions."""
        move_x, move_y = np.zeros_like(x_um), np.zeros_like(x_um)
        for (a, b), phase, (mx, my) in zip(
            self.vectors.astype(np.float32), self.phases, self.moves, strict=True
        ):
            crest = np.cos(a * x_um + b * y_um + np.float32(phase))
            move_x, move_y = move_x + np.float32(mx) * crest, move_y + np.float32(my) * crest
        return move_x, move_y


@dataclass(frozen=True)
class Handling:
    """A grid's foil close by. Depths are optical depths at contrast 1.

    Attributes:
        bend: How the lattice is bent.
        line: Depth of the dark line at a hole's edge, and its width [um].
        lopsided: How one-sided the lines are, 0 to 1, and the unit vector to the darker side.
        halo: Depth of the shadow outside the edge, and its reach [um].
        ring: Depth of the band just inside the edge (negative: brighter), and its width [um].
        plug: By what share more ice stands in the holes than the smooth field says.
        texture: Sd of the film's depth: broad clouds, fine clouds, share of the film's own depth.
        grain: Sd of the film's depth from pixel to pixel at 5 nm, share of it: gold's crystals.
        dirt: Clumps of dirt, big crystals, blotches, pinholes: a number in 1,000 um^2 each; shape (4,).
        frost: Share of the squares with a frosted part.
        ragged: Sd of the bars' edges [um].
        exposed: Share of the squares with earlier exposures, and their optical depth (negative: brighter).
        shares: Share of the holes that are of each of ``KINDS`` beyond iced and dry; shape (3,).
    """

    bend: Waves
    line: tuple[float, float]
    lopsided: tuple[float, float, float]
    halo: tuple[float, float]
    ring: tuple[float, float]
    plug: float
    texture: tuple[float, float, float]
    grain: float
    dirt: Array
    frost: float
    ragged: float
    exposed: tuple[float, float]
    shares: Array


@lru_cache(maxsize=8)
def _handling(seed: int, material: str, hole_um: float, spacing_um: float) -> Handling:
    rng = generator(seed, "handling")
    way = rng.uniform(0, 2 * np.pi)
    gold = material == "gold"
    dirty = rng.gamma(1.0, 1.0)
    return Handling(
        bend=_draw_bend(rng, spacing_um),
        line=(
            float(rng.gamma(1.5, 0.12)) * (rng.random() < 0.85),
            float(np.exp(rng.normal(np.log(0.035), 0.5))),
        ),
        lopsided=(float(rng.beta(1, 1.2)), float(np.cos(way)), float(np.sin(way))),
        halo=(float(rng.gamma(1.0, 0.05)), float(hole_um * rng.uniform(0.05, 0.3))),
        ring=(float(rng.normal(0, 0.04)), float(hole_um * rng.uniform(0.03, 0.12))),
        plug=float(rng.normal(0.02, 0.1)),
        texture=(float(rng.gamma(1.0, 0.014)), float(rng.gamma(1.0, 0.008)), float(rng.gamma(1.0, 0.02))),
        grain=float(rng.uniform(0.2, 0.6) if gold else rng.gamma(1.0, 0.05)),
        dirt=dirty * rng.gamma(0.7, [0.8, 0.25, 4.0, 2.0]),
        frost=float(rng.beta(0.6, 4.0)),
        ragged=float(rng.gamma(1.5, 0.12)),
        exposed=(float(rng.beta(0.7, 2.5)), float(rng.normal(0.25, 0.3))),
        shares=np.minimum(rng.gamma([0.5, 0.5, 0.4], [0.08, 0.04, 0.05]), 0.5),
    )


def handling(foil: Foil) -> Handling:
    """The handling of a grid with this foil; always the same."""
    return _handling(foil.seed, foil.material, foil.hole_um, foil.spacing_um)


def _draw_bend(rng: np.random.Generator, spacing_um: float) -> Waves:
    """Bends of 15 to 80 um in length that move holes by up to a few hundredths of the spacing."""
    angle, length = rng.uniform(0, 2 * np.pi, 4), rng.uniform(15, 80, 4)
    vectors = (2 * np.pi / length)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    height = rng.gamma(1.0, 0.012) * spacing_um
    return Waves(vectors, rng.uniform(0, 2 * np.pi, 4), rng.normal(0, height, (4, 2)))


@dataclass(frozen=True)
class Table:
    """What differs from hole to hole; arrays of shape (2 TABLE^2,), see ``table_index``.

    Attributes:
        shift_x: Centre off the lattice along stage x [um].
        shift_y: Along y [um].
        scale: Factor on the radius.
        factor: Factor on the ice.
        kind: Number in ``KINDS``.
        dome: How much thicker the ice is at the edge than in the middle, share.
        wedge_x: Slope of the ice along x, share a radius.
        wedge_y: Along y.
        halo: Factor on the shadow outside the edge.
        halo_x: Where it is darkest: unit vector's x.
        halo_y: Its y.
        oval: Ovalness along and across the stage's axes, share of the radius.
        skew: Ovalness along the diagonals.
    """

    shift_x: Floats
    shift_y: Floats
    scale: Floats
    factor: Floats
    kind: NDArray[np.int8]
    dome: Floats
    wedge_x: Floats
    wedge_y: Floats
    halo: Floats
    halo_x: Floats
    halo_y: Floats
    oval: Floats
    skew: Floats


def table_index(i: NDArray, j: NDArray, second: NDArray | int = 0) -> NDArray[np.int32]:
    """Where in a ``Table`` the hole at steps (i, j) stands; ``second`` is 1 in a cell's middle."""
    wrapped = (i.astype(np.int32) & (TABLE - 1)) * TABLE + (j.astype(np.int32) & (TABLE - 1))
    return wrapped + np.int32(TABLE * TABLE) * second


def table(foil: Foil) -> Table:
    """What differs from hole to hole of this foil; always the same."""
    return _table(foil.seed, foil.material, foil.hole_um, foil.spacing_um)


@lru_cache(maxsize=8)
def _table(seed: int, material: str, hole_um: float, spacing_um: float) -> Table:
    rng, care = generator(seed, "holes close by"), _handling(seed, material, hole_um, spacing_um)
    n = 2 * TABLE * TABLE
    factor = _factors(seed)
    loose, uneven = rng.gamma(1.5, 0.005) * spacing_um, rng.gamma(1.5, 0.006)
    oval = rng.gamma(1.0, 0.008)
    lean = rng.normal(0, 0.12, 2)
    turn = np.arctan2(care.lopsided[2], care.lopsided[1]) + rng.normal(0, rng.uniform(0.2, 2.0), n)
    columns = {
        "shift_x": rng.normal(0, loose, n),
        "shift_y": rng.normal(0, loose, n),
        "scale": np.clip(rng.normal(1, uneven, n), 0.9, 1.1),
        "factor": factor,
        "dome": rng.gamma(1.0, 0.15) + rng.normal(0, 0.1, n),
        "wedge_x": lean[0] + rng.normal(0, 0.08, n),
        "wedge_y": lean[1] + rng.normal(0, 0.08, n),
        "halo": rng.gamma(1.0, 1.0, n),
        "halo_x": np.cos(turn),
        "halo_y": np.sin(turn),
        "oval": rng.normal(0, oval, n),
        "skew": rng.normal(0, oval, n),
    }
    kind = _draw_kinds(rng, factor, care.shares)
    return Table(kind=kind, **{name: column.astype(np.float32) for name, column in columns.items()})


def _factors(seed: int) -> Floats:
    """The low-magnification factors; a hole in a cell's middle takes the mean of those around it."""
    first = hole_factors(seed)
    rolled = [np.roll(first, (-a, -b), (0, 1)) for a in (0, 1) for b in (0, 1)]
    return np.concatenate([first.ravel(), np.mean(rolled, axis=0).ravel()])


def _draw_kinds(rng: np.random.Generator, factor: Floats, shares: Array) -> NDArray[np.int8]:
    kind = np.where(factor < 0.2, KINDS.index("dry"), KINDS.index("iced"))
    fate = rng.random(len(factor))
    limits = np.cumsum(shares / max(1.0, shares.sum() / 0.6))
    broken = fate < limits[-1]
    kind[broken] = 2 + np.searchsorted(limits, fate[broken])
    return kind.astype(np.int8)
