"""Taking a medium image: defocus fringes, several pieces stitched, odd storage.

All ranges assumed, by looking.
"""

from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.simulation.coarse import spread
from ptolemy_kedro.simulation.montage import Stitching, draw_stitching, piecewise, stitch
from ptolemy_kedro.simulation.optics import Optics, expose, illumination

Floats = NDArray[np.float32]


LIT = 0.12
"""Where less of the beam's light than this arrives, nobody sees a hole: assumed."""


@dataclass(frozen=True)
class Render:
    """How an image was made into 8 bits.

    Attributes:
        low: Percentile that becomes black.
        high: Percentile that becomes white.
        gamma: Exponent of the grey between.
        jpeg_quality: Of JPEG; 0 for none.
        scale_bar: Length of a scale bar drawn in a corner, share of the width; 0 for none.
    """

    low: float
    high: float
    gamma: float
    jpeg_quality: int
    scale_bar: float = 0.0


@dataclass(frozen=True)
class Shot:
    """How one image is taken.

    Attributes:
        optics: The microscope, with this image's dose.
        fringe: Height of the defocus fringes at an edge, share of the step; negative above focus.
        fringe_px: Their width [px].
        edge: Centre (row, col) and radius of a round beam, shares of the image; None where it fills it.
        grain_px: Sigma of a blur after the noise: of an image that was shrunk or enlarged [px].
        hot: Share of the pixels that count far too much.
        quarters: Gains of the detector's four quarters, in reading order.
        stitching: Of a montage; None for one piece.
        render: Of an 8-bit picture; None for counts.
    """

    optics: Optics
    fringe: float
    fringe_px: float
    edge: tuple[float, float, float] | None
    grain_px: float
    hot: float
    quarters: tuple[float, float, float, float]
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
        stitching=draw_stitching(rng) if rng.random() < montage else None,
        render=_draw_render(rng) if rng.random() < rendered else None,
        hot=float(10 ** rng.uniform(-6, -3.5)) if rng.random() < 0.15 else 0.0,
        quarters=_draw_quarters(rng),
    )


def _draw_quarters(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Gains that differ by a per cent or so in a twentieth of the images."""
    a, b, c, d = 1 + rng.normal(0, 0.015, 4) * (rng.random() < 0.05)
    return float(a), float(b), float(c), float(d)


def _draw_render(rng: np.random.Generator) -> Render:
    quality = int(rng.integers(55, 96)) if rng.random() < 0.6 else 0
    tail = float(np.exp(rng.uniform(np.log(0.01), np.log(4))))
    gamma = float(np.exp(rng.normal(0, 0.3)))
    bar = float(rng.uniform(0.05, 0.3)) if rng.random() < 0.1 else 0.0
    return Render(tail * rng.uniform(0.1, 1), 100 - tail, gamma, quality, bar)


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
    if shot.stitching is not None:
        light = stitch(light, shot.stitching)
    image = expose(rng, light, shot.optics, _beam(light.shape, shot) * _quarters(light.shape, shot.quarters))
    _heat(rng, image, shot.hot)
    if shot.grain_px:
        soft = ndimage.gaussian_filter(image.astype(np.float32), shot.grain_px, truncate=3.0)
        image = soft.astype(image.dtype) if image.dtype.kind == "f" else np.rint(soft).astype(image.dtype)
    return image if shot.render is None else _render(image, shot.render)


def _quarters(shape: tuple[int, ...], gains: tuple[float, float, float, float]) -> Floats | np.float32:
    """The detector's gain: one number where its quarters are alike."""
    if len(set(gains)) == 1:
        return np.float32(gains[0])
    gain = np.empty(shape, dtype=np.float32)
    for number, value in enumerate(gains):
        row, col = divmod(number, 2)
        down, right = shape[0] // 2, shape[1] // 2
        gain[row * down : shape[0] if row else down, col * right : shape[1] if col else right] = value
    return gain


def _heat(rng: np.random.Generator, image: NDArray[np.generic], share: float) -> None:
    """Let some pixels count as if they were hit by everything, in place."""
    at = rng.integers(0, image.size, rng.poisson(share * image.size))
    image.reshape(-1)[at] = image.max()


def lit(points: Points, shape: tuple[int, int], shot: Shot) -> NDArray[np.float64]:
    """How far inside the beam points (row, col) [px] lie [px].

    Returns:
        Shape (n,); inf where the beam fills the image; at most 0 where less than ``LIT`` of its light comes.
    """
    inside = np.full(len(points), np.inf)
    if shot.edge is not None:
        row, col, radius = shot.edge
        inside = radius * max(shape) - np.hypot(*(points - np.array([row, col]) * np.array(shape)).T)
    near = np.clip(np.rint(points).astype(int), 0, np.array(shape) - 1)
    light = _beam(shape, shot)
    return np.where(light[near[:, 0], near[:, 1]] < LIT * light.max(), np.minimum(inside, 0), inside)


def _beam(shape: tuple[int, ...], shot: Shot) -> Floats:
    """The beam's brightness over an image."""
    if shot.stitching is not None:
        beam = piecewise(shape, shot.stitching, shot.optics)
    else:
        beam = illumination(shape, shot.optics)
    return beam if shot.edge is None else beam * _round_beam(shape, shot.edge)


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
    if render.scale_bar:
        rows, cols = pixels.shape
        long, thick = max(int(render.scale_bar * cols), 2), max(rows // 80, 2)
        pixels[-4 * thick : -3 * thick, cols // 25 : cols // 25 + long] = 255
    if not render.jpeg_quality:
        return pixels
    from PIL import Image

    packed = BytesIO()
    Image.fromarray(pixels).save(packed, "JPEG", quality=render.jpeg_quality)
    return np.asarray(Image.open(packed))
