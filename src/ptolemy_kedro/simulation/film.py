"""Foil, ice and holes close by: the light that passes them at medium magnification."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation import damage
from ptolemy_kedro.simulation.coarse import cloud, spread
from ptolemy_kedro.simulation.dirt import Soiling, soil, soiling
from ptolemy_kedro.simulation.foil import RESOLVED_PX
from ptolemy_kedro.simulation.handling import Handling, handling
from ptolemy_kedro.simulation.lacework import lace_share
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import Grid
from ptolemy_kedro.simulation.spots import folded
from ptolemy_kedro.simulation.tile import (
    Patch,
    depth_inside,
    distances,
    extents_px,
    ice_depth,
    meniscus,
    patch_at,
)
from ptolemy_kedro.simulation.wells import Wells, find_wells, hole_depth, shade_rims

Floats = NDArray[np.float32]

ICE_STEP_UM, BAR_STEP_UM = 0.6, 0.15
"""Ice and bars are computed this far apart and interpolated: finer than either varies."""


@dataclass(frozen=True)
class Base:
    """What is smooth about an opening's pixels; arrays of the patch's shape.

    Attributes:
        ice: Optical depth of the ice at contrast 1.
        inside: Distance inside the bars [um].
        climb: Optical depth at contrast 1 of the ice that climbs the bars.
    """

    ice: Floats
    inside: Floats
    climb: Floats


def render_light(
    rng: np.random.Generator, grid: Grid, field: StageMap, shape: tuple[int, int], contrast: float
) -> Floats:
    """Render the share of the beam that passes, close by, before any blur.

    Args:
        rng: Of what is as fine as the image: the texture of the film.
        grid: The specimen.
        field: Where the pixels lie.
        shape: Image (rows, cols) [px].
        contrast: Factor on optical depths.

    Returns:
        Share of the beam, 0 to 1; shape ``shape``.
    """
    light = np.zeros(shape, dtype=np.float32)
    for k, patch in patches_in_view(grid, field, shape):
        region = light[patch.rows, patch.cols]
        np.maximum(region, _render_opening(rng, grid, field, k, patch, contrast), out=region)
    return light


def patches_in_view(grid: Grid, field: StageMap, shape: tuple[int, int]) -> Iterator[tuple[int, Patch]]:
    """Give each opening in view with its pixels."""
    centres, extents = field.to_pixels(grid.openings.centre_um), extents_px(grid, field)
    low = np.clip(np.floor(centres - extents), 0, shape).astype(int)
    high = np.clip(np.ceil(centres + extents) + 1, 0, shape).astype(int)
    for k in np.flatnonzero(np.all(high - low >= 2, axis=1)):
        window = (low[k, 0], high[k, 0], 1), (low[k, 1], high[k, 1], 1)
        yield int(k), patch_at(grid, field, int(k), *window)


def lay_base(grid: Grid, field: StageMap, k: int, patch: Patch, rng: np.random.Generator) -> Base:
    """Lay the ice and the bars of an opening; ``rng`` is the opening's own, as for its low-mag picture."""
    thin, ice_step = _thinned(grid, field, k, patch, ICE_STEP_UM)
    ice = ice_depth(grid, k, thin, rng)
    bars, bar_step = _thinned(grid, field, k, patch, BAR_STEP_UM)
    along_u, along_v = distances(grid, k, bars)
    inside = depth_inside(along_u, along_v, grid.corner_um) + _ragged(grid, k, bars)
    climb = meniscus(grid, k, along_u, along_v)
    shape = patch.u_um.shape
    return Base(spread(ice, shape, ice_step), spread(inside, shape, bar_step), spread(climb, shape, bar_step))


def _thinned(grid: Grid, field: StageMap, k: int, patch: Patch, wanted_um: float) -> tuple[Patch, int]:
    """Every n-th pixel of a patch, about ``wanted_um`` apart, the last ones covered; and n."""
    step = int(np.clip(round(wanted_um / patch.pixel_um), 1, 32))
    ends = [
        (s.start, s.start + step * (-(-(s.stop - s.start - 1) // step) + 1), step)
        for s in (patch.rows, patch.cols)
    ]
    return (patch_at(grid, field, k, *ends), step) if step > 1 else (patch, 1)


def _ragged(grid: Grid, k: int, patch: Patch) -> Floats:
    """Unevenness of the bars' edges [um]."""
    rng = generator(int(grid.openings.seed[k]), "ragged bars")
    height = handling(grid.foil).ragged
    rough = np.zeros_like(patch.u_um)
    for length, share in ((9.0, 0.7), (4.0, 0.5), (1.7, 0.3)):
        a, b, phase = rng.uniform(0, 2 * np.pi, 3)
        wave = np.float32(2 * np.pi / length)
        rough += np.float32(height * share) * (
            np.cos(wave * patch.u_um + np.float32(a)) + np.cos(wave * patch.v_um + np.float32(b + phase))
        )
    return rough


def _render_opening(
    rng: np.random.Generator, grid: Grid, field: StageMap, k: int, patch: Patch, contrast: float
) -> Floats:
    """What one opening lets through; shape of the patch."""
    openings, own = grid.openings, generator(int(grid.openings.seed[k]), "inside")
    base = lay_base(grid, field, k, patch, own)
    cover = np.clip(base.inside / np.float32(patch.pixel_um) + 0.5, 0, 1)
    if openings.state[k] == "empty":
        return cover
    light = _through_film(rng, grid, patch, base.ice, contrast)
    soiled = soiling(grid, k)
    if soiled.fold is not None:
        light *= _fold_light(rng, soiled, patch, contrast)
    soil(light, patch, soiled, contrast)
    light *= np.exp(np.float32(-contrast) * base.climb)
    damage.break_foil(light, openings, k, patch.u_um, patch.v_um, base.inside, patch.pixel_um, own, True)
    damage.add_specks(light, openings, k, patch.u_um, patch.v_um, patch.pixel_um, own, True)
    light *= cover
    return light


def _fold_light(rng: np.random.Generator, soiled: Soiling, patch: Patch, contrast: float) -> Floats:
    fold = soiled.fold
    assert fold is not None
    beneath = folded(fold, patch.u_um, patch.v_um, patch.pixel_um)
    wrinkles = 1 + 0.4 * cloud(rng, beneath.shape, 1.0 / patch.pixel_um)
    return np.exp(np.float32(-contrast * fold.depth) * beneath * np.maximum(wrinkles, 0))


def _through_film(rng: np.random.Generator, grid: Grid, patch: Patch, ice: Floats, contrast: float) -> Floats:
    foil, care = grid.foil, handling(grid.foil)
    film = _film_depth(rng, foil.depth, care, patch, ice)
    if foil.layout == "lacey":
        share = lace_share(foil, patch)
        return np.exp(np.float32(-contrast) * (film + share * (ice - film)))
    np.exp(film * np.float32(-contrast), out=film)
    if foil.layout == "continuous" or foil.spacing_um < RESOLVED_PX * patch.pixel_um:
        return film + np.float32(foil.fill) * (np.exp(np.float32(-contrast) * ice) - film)
    wells = find_wells(foil, care, patch)
    _open_holes(rng, film, wells, ice, grid, patch, contrast)
    shade_rims(film, foil, care, wells, patch, contrast)
    return film


def _film_depth(rng: np.random.Generator, depth: float, care: Handling, patch: Patch, ice: Floats) -> Floats:
    """Optical depth of film and ice at contrast 1, with clouds in it."""
    film = np.maximum(ice, np.float32(depth) + np.float32(0.15) * ice)
    broad, fine, share = care.texture
    film += np.float32(broad) * cloud(rng, film.shape, 4.0 / patch.pixel_um)
    film += np.float32(fine + share * depth) * cloud(rng, film.shape, 0.35 / patch.pixel_um)
    grain = care.grain * depth * min(1.0, 0.005 / patch.pixel_um)
    if grain > 0.01:
        film += np.float32(grain) * rng.standard_normal(film.shape, dtype=np.float32)
    return film


def _open_holes(
    rng: np.random.Generator,
    light: Floats,
    wells: Wells,
    ice: Floats,
    grid: Grid,
    patch: Patch,
    contrast: float,
) -> None:
    """Let the light through the holes, in place."""
    flat = light.reshape(-1)
    at = np.flatnonzero(wells.edge_um < 0.5 * patch.pixel_um)
    share = np.clip(0.5 - wells.edge_um.reshape(-1)[at] / np.float32(patch.pixel_um), 0, 1)
    through = np.exp(np.float32(-contrast) * hole_depth(rng, grid.foil, wells, ice, at, patch.pixel_um))
    flat[at] += share * (through - flat[at])
