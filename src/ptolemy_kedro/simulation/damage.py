"""What goes wrong in a square: torn foil, cracks, crystals and dirt."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.simulation.specimen import Openings

Floats = NDArray[np.float32]


def break_foil(
    light: Floats,
    openings: Openings,
    k: int,
    u_um: Floats,
    v_um: Floats,
    inside_um: Floats,
    pixel_um: float,
    rng: np.random.Generator,
    close_by: bool = False,
) -> None:
    """Tear or crack the foil of one opening, in place.

    Args:
        light: Transmission; shape (rows, cols). Overwritten.
        openings: All openings.
        k: Which of them.
        u_um: Position along the mesh's first axis, from the opening's centre [um].
        v_um: Along its second.
        inside_um: Distance inside the bars [um].
        pixel_um: Edge of a pixel [um].
        rng: The opening's own.
        close_by: Whether pixels are so small that the frays of a tear show.
    """
    half = float(openings.edges_um[k].mean())
    if openings.state[k] == "torn":
        _tear(light, u_um, v_um, inside_um, half, openings.tear[k], pixel_um, rng, close_by)
    if openings.state[k] == "cracked" or (openings.state[k] == "torn" and rng.random() < 0.4):
        for _ in range(1 + rng.poisson(0.7)):
            _crack(light, u_um, v_um, half, pixel_um, rng)


def _tear(
    light: Floats,
    u: Floats,
    v: Floats,
    inside: Floats,
    half: float,
    share: float,
    pixel_um: float,
    rng: np.random.Generator,
    close_by: bool,
) -> None:
    """Open a ragged hole of a share of the opening, and leave rolled-up foil along its rim."""
    u0, v0 = rng.normal(0, 0.25 * half * (1 - share), 2)
    du, dv = u - np.float32(u0), v - np.float32(v0)
    outline = 2 * half * np.sqrt(share / np.pi) * _ragged(np.arctan2(dv, du), rng, close_by)
    depth = np.minimum(outline - np.hypot(du, dv), inside - np.float32(rng.uniform(0.04, 0.15) * half))
    curl = np.exp(-np.square((depth + 0.02 * half) / np.float32(rng.uniform(0.015, 0.04) * half)))
    curled = _ragged(np.arctan2(dv, du), rng, close_by) < rng.uniform(0.8, 1.1)
    light *= 1 - np.float32(rng.uniform(0.1, 0.6)) * curl * curled
    light += np.clip(depth / pixel_um + 0.5, 0, 1) * (1 - light)


def _ragged(angle: Floats, rng: np.random.Generator, close_by: bool) -> Floats:
    """A radius of about 1 for each angle [rad]: straight rips between corners, finely frayed; assumed."""
    corners = int(rng.integers(5, 14))
    ends = np.sort(rng.uniform(-np.pi, np.pi, corners))
    radii = np.exp(rng.normal(0, 0.22, corners))
    fine = np.linspace(-np.pi, np.pi, 96)
    outline = np.interp(fine, ends, radii, period=2 * np.pi) * (1 + rng.normal(0, 0.025, 96))
    if close_by:
        return np.interp(angle, fine, outline).astype(np.float32)
    place = ((angle + np.float32(np.pi)) * np.float32(95 / (2 * np.pi))).astype(np.int32)
    return outline.astype(np.float32)[np.clip(place, 0, 95)]


def _crack(
    light: Floats, u: Floats, v: Floats, half: float, pixel_um: float, rng: np.random.Generator
) -> None:
    """Draw a thin bright line that wanders through the square."""
    at, way = rng.uniform(-0.6, 0.6, 2) * half, rng.uniform(0, 2 * np.pi)
    width = rng.uniform(0.1, 0.6)
    for _ in range(rng.integers(3, 9)):
        step = rng.uniform(0.06, 0.25) * half
        end = at + step * np.array([np.cos(way), np.sin(way)])
        line = np.clip((width - _distance_to_segment(u, v, at, end)) / pixel_um + 0.5, 0, 1)
        light += line * np.minimum(1, 2 * width / pixel_um).astype(np.float32) * (1 - light)
        at, way, width = end, way + rng.normal(0, 0.45), width * rng.uniform(0.6, 1.3)


def _distance_to_segment(u: Floats, v: Floats, start: NDArray, end: NDArray) -> Floats:
    along = (end - start).astype(np.float32)
    du, dv = u - np.float32(start[0]), v - np.float32(start[1])
    share = np.clip((du * along[0] + dv * along[1]) / (along @ along), 0, 1)
    return np.hypot(du - share * along[0], dv - share * along[1])


@dataclass(frozen=True)
class Speck:
    """A crystal or a bit of dirt, bean-shaped; sizes assumed.

    Attributes:
        at_um: Place (u, v) from the opening's centre [um].
        radius_um: Of its shorter axis [um].
        stretch: Longer axis over shorter.
        dark: Share of the light it takes.
        skew: Direction of the longer axis [rad].
        bend: How far the longer axis curves.
    """

    at_um: tuple[float, float]
    radius_um: float
    stretch: float
    dark: float
    skew: float
    bend: float


def draw_speck(rng: np.random.Generator, half_um: float) -> Speck:
    """Draw a speck anywhere in an opening of half-width ``half_um`` [um]."""
    u, v = rng.uniform(-1, 1, 2) * half_um
    radius = 0.35 * float(np.exp(rng.normal(0, 0.75)))
    stretch, dark = rng.uniform(1, 2.2), rng.uniform(0.3, 0.95)
    skew, swing = rng.uniform(0, np.pi), rng.uniform(0, 6.28)
    return Speck((float(u), float(v)), radius, stretch, dark, skew, 0.4 * float(np.sin(swing)))


def add_specks(
    light: Floats,
    openings: Openings,
    k: int,
    u_um: Floats,
    v_um: Floats,
    pixel_um: float,
    rng: np.random.Generator,
    close_by: bool = False,
) -> None:
    """Drop crystals and dirt on one opening, in place; arguments as ``break_foil``."""
    if min(light.shape) < 2:
        return
    half = float(openings.edges_um[k].mean())
    to_pixels = np.linalg.inv(_gradient(u_um, v_um))
    for _ in range(openings.specks[k]):
        speck = draw_speck(rng, half)
        at_px = to_pixels @ (np.array(speck.at_um) - (u_um[0, 0], v_um[0, 0]))
        reach = 2 * speck.stretch * speck.radius_um / pixel_um + 2
        low = np.clip(at_px - reach, 0, light.shape).astype(int)
        high = np.clip(at_px + reach + 1, 0, light.shape).astype(int)
        window = slice(low[0], high[0]), slice(low[1], high[1])
        light[window] *= 1 - _stain(speck, u_um[window], v_um[window], pixel_um, close_by)


def _gradient(u_um: Floats, v_um: Floats) -> NDArray[np.float64]:
    """Change of (u, v) a row and a column; shape (2, 2)."""
    rows = [u_um[1, 0] - u_um[0, 0], v_um[1, 0] - v_um[0, 0]]
    cols = [u_um[0, 1] - u_um[0, 0], v_um[0, 1] - v_um[0, 0]]
    return np.array([rows, cols], dtype=float).T


def _stain(speck: Speck, u_um: Floats, v_um: Floats, pixel_um: float, close_by: bool) -> Floats:
    """The share of the light that a speck takes from each pixel."""
    du, dv = u_um - np.float32(speck.at_um[0]), v_um - np.float32(speck.at_um[1])
    cos, sin = np.float32(np.cos(speck.skew)), np.float32(np.sin(speck.skew))
    along = cos * du + sin * dv
    across = cos * dv - sin * du + along * along * np.float32(speck.bend / (speck.radius_um * speck.stretch))
    if close_by:  # rough, as crystals are
        wave = np.float32(4.0 / speck.radius_um)
        along = along + np.float32(0.15 * speck.radius_um) * np.sin(
            wave * across + np.float32(9 * speck.skew)
        )
        across = across + np.float32(0.12 * speck.radius_um) * np.sin(np.float32(1.9) * wave * along)
    distance = np.hypot(along / np.float32(speck.stretch), across)
    spot = np.clip((speck.radius_um - distance) / pixel_um + 0.5, 0, 1)
    return (spot * (speck.dark * min(1.0, speck.radius_um / pixel_um * 1.5))).astype(np.float32)
