"""Rendering: how much of the beam each pixel of an image of a grid lets through."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation import damage
from ptolemy_kedro.simulation.foil import hole_coverage
from ptolemy_kedro.simulation.optics import Optics, expose
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import ICE_DEPTH_PER_NM, Grid

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Aperture:
    """A round edge beyond which no beam arrives: an aperture, or the clip ring; on the stage [um]."""

    centre_um: tuple[float, float]
    radius_um: float


@dataclass(frozen=True)
class Patch:
    """The pixels about one opening.

    Attributes:
        rows: Rows of the image.
        cols: Columns of the image.
        u_um: Position along the mesh's first axis, from the opening's centre [um]; shape (rows, cols).
        v_um: Along its second axis.
        x_um: Stage x [um].
        y_um: Stage y [um].
        pixel_um: Edge of a pixel [um].
    """

    rows: slice
    cols: slice
    u_um: Floats
    v_um: Floats
    x_um: Floats
    y_um: Floats
    pixel_um: float


def render_tile(
    rng: np.random.Generator,
    grid: Grid,
    optics: Optics,
    field: StageMap,
    shape: tuple[int, int] = (1024, 1024),
    aperture: Aperture | None = None,
) -> NDArray[np.generic]:
    """Take an image of a grid.

    Args:
        rng: Of the shot noise.
        grid: The specimen.
        optics: The microscope.
        field: Where the pixels lie in truth.
        shape: Image (rows, cols) [px].
        aperture: An edge of the beam in view.

    Returns:
        Counts as stored; shape ``shape``, of the preset's dtype.
    """
    light = render_transmission(grid, field, shape, optics.contrast)
    if aperture is not None:
        light *= inside_circle(
            aperture.centre_um, aperture.radius_um, field, slice(0, shape[0]), slice(0, shape[1])
        )
    return expose(rng, light, optics)


def render_transmission(grid: Grid, field: StageMap, shape: tuple[int, int], contrast: float) -> Floats:
    """Render the share of the beam that passes, before any blur; shape ``shape``, 0 to 1."""
    light = np.zeros(shape, dtype=np.float32)
    centres = field.to_pixels(grid.openings.centre_um)
    extents = extents_px(grid, field)
    seen = np.all((centres > -extents) & (centres < np.array(shape) + extents), axis=1)
    for k in np.flatnonzero(seen):
        patch = _patch(grid, field, int(k), centres[k], extents[k], shape)
        if patch.u_um.size:
            region = light[patch.rows, patch.cols]
            np.maximum(region, _render_opening(grid, int(k), patch, field, contrast), out=region)
    return light


def extents_px(grid: Grid, field: StageMap) -> NDArray[np.float64]:
    """Half the rows and columns that hold an opening whole; shape (n, 2)."""
    corners = grid.corners_um() - grid.openings.centre_um[:, None]
    return np.abs(corners @ np.linalg.inv(field.matrix).T).max(axis=1) + 2


def _patch(
    grid: Grid,
    field: StageMap,
    k: int,
    centre: NDArray[np.float64],
    extent: NDArray[np.float64],
    shape: tuple[int, int],
) -> Patch:
    low = np.clip(np.floor(centre - extent), 0, shape).astype(int)
    high = np.clip(np.ceil(centre + extent) + 1, 0, shape).astype(int)
    return patch_at(grid, field, k, (low[0], high[0], 1), (low[1], high[1], 1))


def patch_at(
    grid: Grid, field: StageMap, k: int, rows: tuple[int, int, int], cols: tuple[int, int, int]
) -> Patch:
    """Lay out pixels about an opening.

    Args:
        grid: The specimen.
        field: Where the pixels lie.
        k: The opening.
        rows: First row, the one after the last, and the step between those wanted.
        cols: The same of the columns.

    Returns:
        The patch; its slices name the rows and columns wanted.
    """
    centre = field.to_pixels(grid.openings.centre_um[k][None])[0]
    down = (np.arange(*rows) - centre[0]).astype(np.float32)[:, None]
    right = (np.arange(*cols) - centre[1]).astype(np.float32)
    (xr, xc), (yr, yc) = field.matrix.astype(np.float32)
    (ur, uc), (vr, vc) = (np.linalg.inv(grid.axes) @ field.matrix).astype(np.float32)
    x, y = grid.openings.centre_um[k].astype(np.float32)
    return Patch(
        rows=slice(*rows),
        cols=slice(*cols),
        u_um=ur * down + uc * right,
        v_um=vr * down + vc * right,
        x_um=(x + xr * down) + xc * right,
        y_um=(y + yr * down) + yc * right,
        pixel_um=float(np.sqrt(abs(np.linalg.det(field.matrix)))),
    )


def _render_opening(grid: Grid, k: int, patch: Patch, field: StageMap, contrast: float) -> Floats:
    """What one opening lets through; shape of the patch."""
    openings = grid.openings
    along_u, along_v = distances(grid, k, patch)
    inside = depth_inside(along_u, along_v, grid.corner_um)
    cover = np.clip(inside / patch.pixel_um + 0.5, 0, 1)
    centre = openings.centre_um[k]
    if np.hypot(*centre) > grid.rim_um - grid.pitch_um:
        cover *= inside_circle((0.0, 0.0), grid.rim_um, field, patch.rows, patch.cols)
    if openings.state[k] == "empty":
        return cover
    rng = generator(int(openings.seed[k]), "inside")
    ice = ice_depth(grid, k, patch, rng)
    share, factor = hole_coverage(grid.foil, patch.x_um, patch.y_um, patch.pixel_um)
    light = _through_foil(grid.foil.depth, ice, share, factor, contrast)
    light *= np.exp(-contrast * meniscus(grid, k, along_u, along_v))
    damage.break_foil(light, openings, k, patch.u_um, patch.v_um, inside, patch.pixel_um, rng)
    damage.add_specks(light, openings, k, patch.u_um, patch.v_um, patch.pixel_um, rng)
    light *= cover
    return light


def distances(grid: Grid, k: int, patch: Patch) -> tuple[Floats, Floats]:
    """Distance [um] inside the nearer bar along u, and along v; negative on the bar."""
    right, top, left, bottom = grid.openings.edges_um[k].astype(np.float32)
    s_right, s_top, s_left, s_bottom = grid.openings.slants[k].astype(np.float32)
    u, v = patch.u_um, patch.v_um
    along_u = np.minimum(right + s_right * v - u, left - s_left * v + u)
    along_v = np.minimum(top + s_top * u - v, bottom - s_bottom * u + v)
    return along_u, along_v


def depth_inside(along_u: Floats, along_v: Floats, corner_um: float) -> Floats:
    """Distance inside the rounded opening [um]."""
    corner_u, corner_v = np.maximum(corner_um - along_u, 0), np.maximum(corner_um - along_v, 0)
    nearer = np.minimum(np.minimum(along_u, along_v), corner_um)
    return np.where((corner_u > 0) & (corner_v > 0), corner_um - np.hypot(corner_u, corner_v), nearer)


def ice_depth(grid: Grid, k: int, patch: Patch, rng: np.random.Generator) -> Floats:
    """Optical depth of the ice over the foil at contrast 1: a slope, a dome, a pool."""
    openings = grid.openings
    half = float(openings.edges_um[k].mean())
    u, v = patch.u_um / half, patch.v_um / half
    slope_u, slope_v = rng.normal(0, 0.25, 2)
    radius2 = u * u + v * v
    ice = np.maximum(1 + _dome(rng, openings.ice_nm[k]) * (0.5 - radius2) + slope_u * u + slope_v * v, 0.1)
    ice *= openings.ice_nm[k] * ICE_DEPTH_PER_NM
    if openings.blob_nm[k] > 0:
        ice += _pool(u, v, openings.blob_nm[k], openings.blob_um[k] / half, rng)
    return ice


def _dome(rng: np.random.Generator, ice_nm: float) -> float:
    """How much thicker ice is in the middle; thick ice is hollow there, thinnest in the middle. Assumed."""
    hollow = float(np.clip(0.5 * np.log(ice_nm / 120), 0, 1.3)) * rng.uniform(0.2, 1.0)
    return float(rng.normal(0.1, 0.3) / (1 + 3 * hollow)) - hollow


def meniscus(grid: Grid, k: int, along_u: Floats, along_v: Floats) -> Floats:
    """Optical depth at contrast 1 of the ice that climbs the bars and rounds the corners."""
    openings = grid.openings
    half = float(openings.edges_um[k].mean())
    reach = float(openings.meniscus_um[k])
    soft = np.float32(max(0.3 * reach, 0.012 * half))
    rounded = depth_inside(along_u, along_v, min(grid.corner_um + 0.12 * half + 2.0 * reach, 0.97 * half))
    return np.exp(np.minimum((np.float32(reach) - rounded) / soft, 6))


def _through_foil(
    depth: float, ice: Floats, share: Floats | float, factor: Floats | float, contrast: float
) -> Floats:
    """Transmission of foil and ice: ice fills the holes, and where it stands over the foil none show."""
    level = np.exp(ice * np.float32(-1.5 / depth))
    film = np.exp(np.float32(-contrast) * np.maximum(ice, depth + 0.15 * ice))
    return film + share * (np.exp(np.float32(-contrast) * (ice * (1 + (factor - 1) * level))) - film)


def _pool(u: Floats, v: Floats, thick_nm: float, radius: float, rng: np.random.Generator) -> Floats:
    """A pool of ice about the centre: a dark plateau, and around it ice that fills the holes."""
    u, v = u - rng.normal(0, 0.18), v - rng.normal(0, 0.18)
    a, b, c = np.exp(rng.normal(0, 0.25)), np.exp(rng.normal(0, 0.25)), rng.normal(0, 0.25)
    distance = np.sqrt(a * u * u + b * v * v + c * u * v + 1e-6) / radius
    plateau = 1 / (1 + np.exp(np.minimum((distance - 1) / rng.uniform(0.06, 0.3), 30)))
    skirt = 1 / (1 + np.exp(np.minimum((distance - rng.uniform(1.6, 3.2)) / 0.15, 30)))
    skirt_share = rng.uniform(0.1, 0.5)
    return (thick_nm * ICE_DEPTH_PER_NM) * (plateau + skirt_share * skirt)


def inside_circle(
    centre_um: tuple[float, float], radius_um: float, field: StageMap, rows: slice, cols: slice
) -> Floats:
    """Share of each pixel within a circle on the stage; shape (rows, cols)."""
    down = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    right = np.arange(cols.start, cols.stop, dtype=np.float32)
    (xr, xc), (yr, yc) = field.matrix.astype(np.float32)
    x = (xr * down + np.float32(field.offset[0] - centre_um[0])) + xc * right
    y = (yr * down + np.float32(field.offset[1] - centre_um[1])) + yc * right
    pixel_um = np.sqrt(abs(np.linalg.det(field.matrix)))
    return np.clip((radius_um - np.sqrt(x * x + y * y)) / pixel_um + 0.5, 0, 1).astype(np.float32)
