"""What lies on a square close by: dirt, frost, crystals, blotches, pinholes, folds, earlier exposures.

Drawn once an opening, so that every image of it shows the same. All sizes assumed, by looking at real images.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.simulation.foil import Foil
from ptolemy_kedro.simulation.handling import Handling, handling
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import Grid
from ptolemy_kedro.simulation.spots import Fold, Spots, joined, lay, none
from ptolemy_kedro.simulation.tile import Patch

Array = NDArray[np.float64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Soiling:
    """What lies on one opening.

    Attributes:
        spots: Dirt, frost, crystals, blotches and pinholes.
        rims: Dirt along the rims of holes; here u and v are stage x and y [um].
        discs: Earlier exposures; u and v are stage x and y [um].
        fold: A fold, if there is one.
    """

    spots: Spots
    rims: Spots
    discs: Spots
    fold: Fold | None


def soiling(grid: Grid, k: int) -> Soiling:
    """What lies on an opening; always the same."""
    half_um, centre_um = float(grid.openings.edges_um[k].mean()), grid.openings.centre_um[k]
    rng, foil = generator(int(grid.openings.seed[k]), "soiling"), grid.foil
    care = handling(foil)
    area = (2 * half_um) ** 2 / 1000
    clumps, crystals, blotches, pinholes = rng.poisson(np.minimum(care.dirt * area, [60, 12, 150, 100]))
    parts = [_clump(rng, half_um) for _ in range(clumps)]
    parts += [_crystal(rng, half_um) for _ in range(crystals)]
    if rng.random() < care.frost:
        parts += [_frost(rng, half_um) for _ in range(rng.integers(1, 4))]
    parts.append(_spread(rng, blotches, half_um, (0.3, 2.5), rng.normal(0.0, 0.08, blotches), 1.6))
    parts.append(_spread(rng, pinholes, half_um, (0.05, 0.3), -rng.uniform(0.05, 0.3, pinholes), 0.5))
    parts.append(_wrinkles(generator(int(grid.openings.seed[k]), "wrinkles"), half_um))
    torn = bool(grid.openings.state[k] == "torn")
    fold = _draw_fold(rng, half_um) if rng.random() < (0.5 if torn else 0.06) else None
    gathered = rng.poisson(clumps) if foil.layout in ("square", "hexagonal") else 0
    rims = [_rim_dirt(rng, foil, half_um, centre_um) for _ in range(gathered)]
    return Soiling(
        joined(parts),
        joined(rims or [none()]),
        _draw_discs(rng, care, foil, half_um, centre_um),
        fold,
    )


def _spread(
    rng: np.random.Generator,
    n: int,
    half_um: float,
    sizes_um: tuple[float, float],
    depth: Array,
    soft: float,
) -> Spots:
    """Spots anywhere in the opening, their sizes spread evenly in the logarithm."""
    at = rng.uniform(-half_um, half_um, (n, 2))
    radius = np.exp(rng.uniform(np.log(sizes_um[0]), np.log(sizes_um[1]), n))
    return Spots(
        at[:, 0], at[:, 1], radius, rng.uniform(1, 2.5, n), rng.uniform(0, np.pi, n), depth, np.full(n, soft)
    )


def _about(
    rng: np.random.Generator,
    n: int,
    half_um: float,
    reach_um: Array,
    sizes_um: tuple[float, float],
    depths: tuple[float, float],
    soft: float,
) -> Spots:
    """Spots about one place, spread by ``reach_um`` along two axes at any angle."""
    turn = rng.uniform(0, np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    at = rng.uniform(-half_um, half_um, 2) + rng.normal(0, 1, (n, 2)) * reach_um @ rotation.T
    radius = np.exp(rng.uniform(np.log(sizes_um[0]), np.log(sizes_um[1]), n))
    stretch, angle = rng.uniform(1, 2.0, n), rng.uniform(0, np.pi, n)
    return Spots(at[:, 0], at[:, 1], radius, stretch, angle, rng.uniform(*depths, n), np.full(n, soft))


def _clump(rng: np.random.Generator, half_um: float) -> Spots:
    """Small dark things in a heap."""
    n = int(np.exp(rng.uniform(np.log(2), np.log(60))))
    reach = np.exp(rng.uniform(np.log(0.15), np.log(2.0))) * rng.uniform(0.4, 1.0, 2)
    small = np.exp(rng.uniform(np.log(0.03), np.log(0.15)))
    dark = rng.uniform(0.1, 1.5)
    return _about(rng, n, half_um, reach, (small, 4 * small), (0.5 * dark, 1.5 * dark), 0.5)


def _crystal(rng: np.random.Generator, half_um: float) -> Spots:
    """Ice or sediment that lets hardly anything pass: a lump of several."""
    n = int(rng.integers(1, 16))
    size = np.exp(rng.uniform(np.log(0.2), np.log(1.6)))
    dark = rng.uniform(0.6, 6.0)
    return _about(rng, n, half_um, np.full(2, 1.2 * size), (0.4 * size, size), (0.7 * dark, dark), 0.25)


def _frost(rng: np.random.Generator, half_um: float) -> Spots:
    """A part of the square sprinkled with fine dirt."""
    n = int(rng.integers(80, 500))
    reach = rng.uniform(0.06, 0.3, 2) * half_um
    return _about(rng, n, half_um, reach, (0.08, 0.5), (0.03, 0.5), 0.8)


def _rim_dirt(rng: np.random.Generator, foil: Foil, half_um: float, centre_um: Array) -> Spots:
    """Dirt that has gathered along a part of a hole's rim; on the stage."""
    n, radius = int(rng.integers(3, 40)), foil.hole_um / 2
    site = np.rint(foil.to_lattice @ (centre_um + rng.uniform(-half_um, half_um, 2)))
    middle = np.linalg.inv(foil.to_lattice) @ site
    way = rng.uniform(0, 2 * np.pi) + rng.normal(0, rng.uniform(0.3, 2.0), n)
    away = radius * (1 + np.abs(rng.normal(0, rng.uniform(0.05, 0.25), n)) * rng.choice([1, 1, -1]))
    size = radius * np.exp(rng.uniform(np.log(0.03), np.log(0.12), n))
    dark = rng.uniform(0.2, 1.5) * rng.uniform(0.3, 1, n)
    return Spots(
        middle[0] + away * np.cos(way), middle[1] + away * np.sin(way), size,
        rng.uniform(1, 2, n), rng.uniform(0, np.pi, n), dark, np.full(n, 0.8),
    )  # fmt: skip


def _wrinkles(rng: np.random.Generator, half_um: float) -> Spots:
    """Long thin lines, darker or brighter, all much the same way, in a fifth of the squares."""
    n = int(rng.integers(1, 12)) if rng.random() < 0.2 else 0
    at, way = rng.uniform(-half_um, half_um, (n, 2)), rng.uniform(0, np.pi)
    width = np.exp(rng.uniform(np.log(0.03), np.log(0.2), n))
    depth = rng.normal(0.05, 0.08, n)
    turn = way + rng.normal(0, 0.15, n)
    return Spots(at[:, 0], at[:, 1], width, rng.uniform(15, 60, n), turn, depth, np.full(n, 1.5))


def _draw_fold(rng: np.random.Generator, half_um: float) -> Fold:
    way = rng.uniform(0, 2 * np.pi)
    return Fold(
        (float(np.cos(way)), float(np.sin(way))),
        float(half_um * rng.uniform(0.55, 1.05)),
        float(rng.uniform(0.3, 2.0)),
        rng.normal(0, [0.05, 0.02, 0.01]) * half_um,
        rng.uniform(0, 2 * np.pi, 3),
    )


def _draw_discs(
    rng: np.random.Generator, care: Handling, foil: Foil, half_um: float, centre_um: Array
) -> Spots:
    """Earlier exposures: round, of one size, on holes in a row or beside them where the focus was found."""
    share, depth = care.exposed
    n = int(rng.integers(1, 14)) if rng.random() < share else 0
    cell = np.linalg.inv(foil.to_lattice)
    start = np.rint(foil.to_lattice @ (centre_um + rng.uniform(-0.8, 0.8, 2) * half_um))
    step = np.array([(1, 0), (0, 1), (1, 1), (1, -1)][rng.integers(4)])
    on_row = np.arange(n)[:, None] * step + rng.integers(-1, 2, (n, 2)) * (rng.random() < 0.5)
    beside = (rng.random((n, 1)) < rng.uniform(0, 0.6)) * 0.5 * step
    at = (start + on_row + beside) @ cell.T + rng.normal(0, 0.12 * max(foil.hole_um, 0.6), (n, 2))
    radius = max(foil.hole_um, 0.6) / 2 * rng.uniform(0.7, 1.7)
    depths = depth * rng.uniform(0.5, 1.5, n)
    within = np.concatenate([np.full(n, radius), np.full(n, radius * rng.uniform(0.8, 0.95))])
    paler = -rng.uniform(0, 0.5) * depths  # the beam's rim marks more than its middle
    twice = np.concatenate([at, at])
    return Spots(
        twice[:, 0], twice[:, 1], within, np.ones(2 * n), np.zeros(2 * n), np.concatenate([depths, paler]),
        np.full(2 * n, 0.06),
    )  # fmt: skip


def soil(light: Floats, patch: Patch, soiled: Soiling, contrast: float) -> None:
    """Lay dirt and earlier exposures on a patch, in place; ``light`` has its shape."""
    if min(light.shape) < 2:
        return
    lay(light, soiled.spots, patch.u_um, patch.v_um, patch.pixel_um, contrast)
    lay(light, soiled.rims, patch.x_um, patch.y_um, patch.pixel_um, contrast)
    lay(light, soiled.discs, patch.x_um, patch.y_um, patch.pixel_um, contrast)
