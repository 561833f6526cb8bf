"""Taking a medium image: defocus fringes, several pieces stitched, odd storage.

All ranges assumed, by looking.
"""

from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.simulation.coarse import spread
from ptolemy_kedro.simulation.optics import Optics, expose, illumination

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Render:
    """How an image was made into 8 bits: what is clipped below and above [percentiles], gamma, JPEG or 0."""

    low: float
    high: float
    gamma: float
    jpeg_quality: int


@dataclass(frozen=True)
class Stitching:
    """Pieces of a montage: rows, cols; how far each is off (row, col) [px]; gain and tilt of each beam."""

    pieces: tuple[int, int]
    off_px: NDArray[np.int64]
    gains: NDArray[np.float64]


@dataclass(frozen=True)
class Shot:
    """How one image is taken.

    Attributes:
        optics: The microscope, with this image's dose.
        fringe: Height of the defocus fringes at an edge, share of the step; negative above focus.
        fringe_px: Their width [px].
        edge: Centre (row, col) and radius of a round beam, shares of the image; None where it fills it.
        grain_px: Sigma of a blur after the noise: of an image that was shrunk or enlarged [px].
        stitching: Of a montage; None for one piece.
        render: Of an 8-bit picture; None for counts.
    """

    optics: Optics
    fringe: float
    fringe_px: float
    edge: tuple[float, float, float] | None
    grain_px: float
    stitching: Stitching | None
    render: Render | None


def draw_shot(
    rng: np.random.Generator, optics: Optics, pixel_um: float, montage: float = 0.0, rendered: float = 0.0
) -> Shot:
    """Draw how an image is taken; ``montage``, ``rendered``: the chances of several pieces and of 8 bits."""
    dose = float(np.exp(rng.uniform(np.log(40), np.log(5000))))
    kv = optics.preset.voltage_kv
    wavelength_um = 1.97e-6 if kv >= 300 else 2.51e-6  # of 300 and 200 kV electrons
    defocus_um = float(np.exp(rng.uniform(np.log(30), np.log(3000))))
    height = float(rng.gamma(1.2, 0.25)) * (-1.0 if rng.random() < 0.15 else 1.0)
    width_px = float(np.sqrt(wavelength_um * defocus_um) / pixel_um)
    edge = (
        (rng.normal(0.5, 0.1), rng.normal(0.5, 0.1), rng.uniform(0.45, 0.75)) if rng.random() < 0.05 else None
    )
    return Shot(
        replace(optics, dose=dose, contrast=optics.contrast * rng.uniform(0.7, 1.5)),
        height * min(1.0, 2 * width_px),
        float(np.clip(width_px, 0.7, 5.0)),
        edge,
        float(rng.uniform(0.3, 0.9)) if rng.random() < 0.4 else 0.0,
        _draw_stitching(rng) if rng.random() < montage else None,
        _draw_render(rng) if rng.random() < rendered else None,
    )


def _draw_stitching(rng: np.random.Generator) -> Stitching:
    pieces = (int(rng.integers(2, 5)), int(rng.integers(2, 5)))
    return Stitching(
        pieces, rng.integers(-3, 4, (*pieces, 2)), np.exp(rng.normal(0, rng.uniform(0.01, 0.08), pieces))
    )


def _draw_render(rng: np.random.Generator) -> Render:
    quality = int(rng.integers(55, 96)) if rng.random() < 0.6 else 0
    tail = float(np.exp(rng.uniform(np.log(0.01), np.log(4))))
    return Render(tail * rng.uniform(0.1, 1), 100 - tail, float(np.exp(rng.normal(0, 0.3))), quality)


def take(rng: np.random.Generator, light: Floats, shot: Shot) -> NDArray[np.generic]:
    """Take an image.

    Args:
        rng: Of the noise.
        light: Share of the beam let through; shape (rows, cols). Overwritten.
        shot: How.

    Returns:
        Counts as stored; shape (rows, cols); the preset's dtype, or uint8 where it was rendered.
    """
    if abs(shot.fringe) > 0.03:
        light += np.float32(shot.fringe) * (
            light - ndimage.gaussian_filter(light, shot.fringe_px, truncate=2.5)
        )
        np.maximum(light, 0, out=light)
    beam = illumination(light.shape, shot.optics)
    if shot.stitching is not None:
        light, beam = _stitch(light, shot.stitching), _piecewise(light.shape, shot)
    if shot.edge is not None:
        beam = beam * _round_beam(light.shape, shot.edge)
    image = expose(rng, light, shot.optics, beam)
    if shot.grain_px:
        soft = ndimage.gaussian_filter(image.astype(np.float32), shot.grain_px, truncate=3.0)
        image = soft.astype(image.dtype) if image.dtype.kind == "f" else np.rint(soft).astype(image.dtype)
    return image if shot.render is None else _render(image, shot.render)


def _bounds(shape: tuple[int, ...], pieces: tuple[int, int]) -> list[tuple[int, int, slice, slice]]:
    rows, cols = (
        np.linspace(0, edge, count + 1).astype(int) for edge, count in zip(shape, pieces, strict=True)
    )
    return [
        (i, j, slice(rows[i], rows[i + 1]), slice(cols[j], cols[j + 1]))
        for i in range(pieces[0])
        for j in range(pieces[1])
    ]


def _stitch(light: Floats, stitching: Stitching) -> Floats:
    """Shift each piece by a few pixels."""
    stitched = np.empty_like(light)
    for i, j, rows, cols in _bounds(light.shape, stitching.pieces):
        down, right = stitching.off_px[i, j]
        r = np.clip(np.arange(rows.start, rows.stop) - down, 0, light.shape[0] - 1)
        c = np.clip(np.arange(cols.start, cols.stop) - right, 0, light.shape[1] - 1)
        stitched[rows, cols] = light[np.ix_(r, c)]
    return stitched


def stitched_points(
    points: NDArray[np.float64], shape: tuple[int, int], stitching: Stitching | None
) -> NDArray[np.float64]:
    """Where points (row, col) [px], shape (n, 2), of one view lie in the stitched one."""
    if stitching is None:
        return points
    counts = np.array(stitching.pieces)
    piece = np.clip((points / np.array(shape) * counts).astype(int), 0, counts - 1)
    return points + stitching.off_px[piece[:, 0], piece[:, 1]]


def _piecewise(shape: tuple[int, ...], shot: Shot) -> Floats:
    """The beam over a montage: each piece has its own ramp and corners."""
    assert shot.stitching is not None
    beam = np.empty(shape, dtype=np.float32)
    for i, j, rows, cols in _bounds(shape, shot.stitching.pieces):
        gain = np.float32(shot.stitching.gains[i, j])
        beam[rows, cols] = gain * illumination((rows.stop - rows.start, cols.stop - cols.start), shot.optics)
    return beam


def lit(
    points: NDArray[np.float64], shape: tuple[int, int], edge: tuple[float, float, float] | None
) -> NDArray[np.float64]:
    """How far inside a round beam points (row, col) [px] lie [px]; inf where it fills the image; (n,)."""
    if edge is None:
        return np.full(len(points), np.inf)
    return edge[2] * max(shape) - np.hypot(*(points - np.array(edge[:2]) * np.array(shape)).T)


def _round_beam(shape: tuple[int, ...], edge: tuple[float, float, float]) -> Floats:
    """A round edge of the beam, a little soft."""
    step = 8
    rows = np.arange(0, shape[0] + step, step, dtype=np.float32)[:, None] - np.float32(edge[0] * shape[0])
    cols = np.arange(0, shape[1] + step, step, dtype=np.float32) - np.float32(edge[1] * shape[1])
    inside = spread(np.float32(edge[2] * max(shape)) - np.hypot(rows, cols), shape, step)
    return np.clip(inside / np.float32(0.01 * max(shape)) + 0.5, 0, 1)


def _render(image: NDArray[np.generic], render: Render) -> NDArray[np.uint8]:
    """Stretch to 8 bits, with a gamma, and through JPEG and back where that is wanted."""
    counts = image.astype(np.float32)
    low, high = np.percentile(counts[::4, ::4], (render.low, render.high))
    grey = np.clip((counts - np.float32(low)) / np.float32(max(high - low, 1e-6)), 0, 1)
    if abs(render.gamma - 1) > 0.05:
        grey = np.power(grey, np.float32(render.gamma))
    pixels = np.rint(grey * 255).astype(np.uint8)
    if not render.jpeg_quality:
        return pixels
    from PIL import Image

    packed = BytesIO()
    Image.fromarray(pixels).save(packed, "JPEG", quality=render.jpeg_quality)
    return np.asarray(Image.open(packed))
