"""Spots on a square, many at a time, and folds: how they look. What there is of them, ``dirt`` draws."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Spots:
    """Ellipses that take light away (or, where ``depth`` is negative, let more pass); arrays of shape (n,).

    Attributes:
        u_um: Place along the mesh's first axis, from the opening's centre [um].
        v_um: Along its second.
        radius_um: Shorter half-axis [um].
        stretch: Longer half-axis over shorter.
        turn: Direction of the longer axis [rad].
        depth: Optical depth in the middle.
        soft: Width of the edge, share of the radius.
    """

    u_um: Array
    v_um: Array
    radius_um: Array
    stretch: Array
    turn: Array
    depth: Array
    soft: Array

    def __len__(self) -> int:
        return len(self.u_um)


@dataclass(frozen=True)
class Fold:
    """Foil folded over beyond a line: direction (u, v), distance from the centre [um], depth, waves [um]."""

    way: tuple[float, float]
    off_um: float
    depth: float
    waves_um: Array
    phases: Array


def joined(parts: list[Spots]) -> Spots:
    fields = Spots.__dataclass_fields__
    return Spots(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in fields})


def none() -> Spots:
    return Spots(*(np.empty(0) for _ in Spots.__dataclass_fields__))


def lay(light: Floats, spots: Spots, u_um: Floats, v_um: Floats, pixel_um: float, contrast: float) -> None:
    if not len(spots):
        return
    gradient = np.array(
        [
            [u_um[1, 0] - u_um[0, 0], u_um[0, 1] - u_um[0, 0]],
            [v_um[1, 0] - v_um[0, 0], v_um[0, 1] - v_um[0, 0]],
        ],
        dtype=float,
    )
    to_pixels = np.linalg.inv(gradient)
    at = np.column_stack([spots.u_um - u_um[0, 0], spots.v_um - v_um[0, 0]]) @ to_pixels.T
    wide = (1 + 0.5 * spots.soft) * spots.radius_um * spots.stretch
    reach = wide[:, None] * np.linalg.norm(to_pixels, axis=1) + 1.5
    low = np.clip(np.floor(at - reach), 0, light.shape).astype(int)
    high = np.clip(np.ceil(at + reach) + 1, 0, light.shape).astype(int)
    for n in np.flatnonzero(np.all(high > low, axis=1)):
        window = slice(low[n, 0], high[n, 0]), slice(low[n, 1], high[n, 1])
        light[window] *= _veil(spots, n, u_um[window], v_um[window], pixel_um, contrast)


def _veil(spots: Spots, n: np.intp, u_um: Floats, v_um: Floats, pixel_um: float, contrast: float) -> Floats:
    """The share of the light that a spot leaves of each pixel."""
    radius, stretch = np.float32(spots.radius_um[n]), np.float32(spots.stretch[n])
    cos, sin = np.float32(np.cos(spots.turn[n])), np.float32(np.sin(spots.turn[n]))
    du, dv = u_um - np.float32(spots.u_um[n]), v_um - np.float32(spots.v_um[n])
    along, across = (cos * du + sin * dv) / stretch, cos * dv - sin * du
    if radius > 2.5 * pixel_um and stretch > 1:  # round ones are beams
        wave = np.float32(3.0) / radius
        along = along + np.float32(0.13) * radius * np.sin(wave * across + np.float32(9 * spots.turn[n]))
        across = across + np.float32(0.13) * radius * np.sin(np.float32(1.7) * wave * along)
    edge = max(float(spots.soft[n] * radius), pixel_um)
    cover = np.clip((radius - np.sqrt(along * along + across * across)) / np.float32(edge) + 0.5, 0, 1)
    cover = cover * cover * (3 - 2 * cover)
    thin = min(1.0, float(np.pi * radius * radius * stretch) / pixel_um**2)  # smaller than a pixel: averaged
    return 1 - np.float32(thin) * cover * np.float32(1 - np.exp(-contrast * spots.depth[n]))


def folded(fold: Fold, u_um: Floats, v_um: Floats, pixel_um: float) -> Floats:
    """The share of each pixel that lies beneath a fold; shape as given."""
    (a, b), along = fold.way, (u_um * np.float32(-fold.way[1]) + v_um * np.float32(fold.way[0]))
    beyond = np.float32(a) * u_um + np.float32(b) * v_um - np.float32(fold.off_um)
    for number, (height, phase) in enumerate(zip(fold.waves_um, fold.phases, strict=True)):
        beyond += np.float32(height) * np.cos(along * np.float32(0.15 * (number + 1)) + np.float32(phase))
    return np.clip(beyond / np.float32(max(pixel_um, 0.1)) + 0.5, 0, 1)
