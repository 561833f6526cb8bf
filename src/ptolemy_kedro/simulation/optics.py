"""The microscope and its camera: where pixels lie on the stage, and what reaches the file."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.simulation.coarse import weights
from ptolemy_kedro.simulation.options import Drawn

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Preset:
    """A kind of microscope and camera at low magnification; pairs are ranges to draw from, assumed.

    Attributes:
        name: Microscope and camera.
        voltage_kv: High tension [kV].
        dtype: How pixels are stored.
        dose: Electrons a pixel through an empty square.
        gain: Counts an electron.
        offset: Counts without a beam.
        contrast: Factor on optical depths (aperture, energy filter, voltage).
        blur_px: Sigma of the detector's and the lens's point spread [px].
        glow: Share of the beam scattered widely around what is bright.
        turn_deg: Rotation of the stage's axes against the image [deg].
        mirrored: Whether the image is mirrored against the stage.
    """

    name: str
    voltage_kv: float
    dtype: str
    dose: tuple[float, float]
    gain: tuple[float, float]
    offset: tuple[float, float]
    contrast: tuple[float, float]
    blur_px: tuple[float, float]
    glow: tuple[float, float]
    turn_deg: float
    mirrored: bool


# name, kV, stored as, dose, gain, offset, contrast, blur, glow, rotation, mirrored
# fmt: off
TRAINING_PRESETS = (
    Preset("Krios K2", 300, "int16", (200, 6000), (0.9, 1.2), (0, 4),
           (0.8, 1.2), (0.5, 0.8), (0.04, 0.14), 84, False),
    Preset("Krios K3", 300, "float32", (60, 300), (0.8, 8), (0, 2),
           (0.8, 1.3), (0.4, 0.7), (0.03, 0.1), -95, True),
    Preset("Glacios Falcon3", 200, "uint16", (200, 2000), (2, 20), (0, 300),
           (1, 1.5), (0.5, 1), (0.02, 0.08), 2, False),
    Preset("Arctica K2", 200, "int16", (100, 1500), (1, 2), (-20, 10),
           (1, 1.6), (0.5, 0.9), (0.03, 0.1), 178, True),
    Preset("Talos Ceta", 200, "int16", (200, 2500), (3, 12), (0, 120),
           (1, 1.8), (0.8, 1.5), (0.03, 0.1), 45, False),
)
HELD_OUT_PRESETS = (
    Preset("Polara TVIPS", 300, "uint16", (120, 900), (5, 40), (50, 500),
           (0.7, 1.1), (1, 1.8), (0.04, 0.12), -30, True),
    Preset("Glacios Falcon4", 200, "float32", (25, 120), (1, 1), (0, 0),
           (1.2, 2), (0.3, 0.6), (0.01, 0.05), 120, False),
)
# fmt: on
PRESETS: dict[Drawn, tuple[Preset, ...]] = {
    "training": TRAINING_PRESETS,
    "held_out": HELD_OUT_PRESETS,
    "any": TRAINING_PRESETS + HELD_OUT_PRESETS,
}


@dataclass(frozen=True)
class Optics:
    """One session's microscope: a preset with its ranges drawn. Units as in ``Preset``."""

    preset: Preset
    dose: float
    gain: float
    offset: float
    contrast: float
    blur_px: float
    glow: float
    read_noise: float  # counts
    ramp: tuple[float, float]  # change of the illumination across an image, rows and cols
    vignette: float  # loss of illumination in the corners
    turn_deg: float

    def axes(self) -> NDArray[np.float64]:
        """Stage directions of +row and +col as columns, unit length; shape (2, 2)."""
        turn = np.deg2rad(self.turn_deg)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        mirror = -1.0 if self.preset.mirrored else 1.0
        return rotation @ np.array([[0.0, mirror], [-1.0, 0.0]])


def draw_optics(rng: np.random.Generator, drawn: Drawn) -> Optics:
    """Draw a session's preset, and its settings within it."""
    preset = PRESETS[drawn][rng.integers(len(PRESETS[drawn]))]
    dose = float(np.exp(rng.uniform(*np.log(preset.dose))))
    gain = float(np.exp(rng.uniform(*np.log(preset.gain))))
    return Optics(
        preset,
        dose,
        gain,
        offset=float(rng.uniform(*preset.offset)),
        contrast=float(rng.uniform(*preset.contrast)),
        blur_px=float(rng.uniform(*preset.blur_px)),
        glow=float(rng.uniform(*preset.glow)),
        read_noise=float(rng.uniform(0.2, 1.5)) * gain * 0.5,
        ramp=(float(rng.normal(0, 0.12)), float(rng.normal(0, 0.12))),
        vignette=float(rng.gamma(1.2, 0.12)),
        turn_deg=float(preset.turn_deg + rng.normal(0, 1.0)),
    )


def expose(
    rng: np.random.Generator, transmission: Floats, optics: Optics, beam: Floats | None = None
) -> NDArray[np.generic]:
    """Take an image: glow, blur, illumination, shot noise, gain and offset, storage.

    Args:
        rng: Of the shot noise.
        transmission: Share of the beam let through, 0 to 1; shape (rows, cols). Overwritten.
        optics: The microscope.
        beam: The beam's brightness over the image, shape (rows, cols); the microscope's own if absent.

    Returns:
        Counts as stored; shape (rows, cols), of the preset's dtype.
    """
    light = _add_glow(transmission, optics.glow)
    light = ndimage.gaussian_filter(light, optics.blur_px, mode="nearest", truncate=3.0)
    light *= illumination(light.shape, optics) if beam is None else beam
    light *= optics.dose
    counts = _shot_noise(rng, light)
    counts *= optics.gain
    counts += optics.offset + optics.read_noise * rng.standard_normal(counts.shape, dtype=np.float32)
    return store(counts, optics.preset.dtype)


def illumination(shape: tuple[int, ...], optics: Optics) -> Floats:
    """The beam's brightness over an image, 1 on average-ish: a ramp and a loss towards the corners."""
    rows = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    cols = np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :]
    down, right = optics.ramp
    along_rows = 1 + down * rows - optics.vignette / 2 * rows**2
    return np.maximum(along_rows + (right * cols - optics.vignette / 2 * cols**2), 0.05)


def store(counts: Floats, dtype: str) -> NDArray[np.generic]:
    """Round and clip counts to an integer dtype, or keep them as float32."""
    if dtype == "float32":
        return counts.astype(np.float32)
    limits = np.iinfo(dtype)
    np.rint(counts, out=counts)
    return np.clip(counts, limits.min, limits.max, out=counts).astype(dtype)


def _add_glow(light: Floats, glow: float) -> Floats:
    """Mix in a wide blur of the image, computed at an eighth of its size."""
    step = 8
    rows, cols = (-(-edge // step) for edge in light.shape)
    small = light[: rows * step : step, : cols * step : step]
    near, far, wide = (ndimage.gaussian_filter(small, sigma, mode="nearest") for sigma in (1.0, 3.0, 8.0))
    halo = glow * (0.3 * near + 0.4 * far + 0.3 * wide)
    light *= 1 - glow
    light += weights(light.shape[0], rows, step) @ halo @ weights(light.shape[1], cols, step).T
    return light


def _shot_noise(rng: np.random.Generator, electrons: Floats) -> Floats:
    """Counts of about Poisson distribution, by the square-root transform: mean and variance right to 1/8."""
    root = np.sqrt(np.maximum(electrons, 0))
    root += 0.5 * rng.standard_normal(electrons.shape, dtype=np.float32)
    np.square(root, out=root)
    root -= 0.25
    return np.maximum(root, 0, out=root)
