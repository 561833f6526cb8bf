"""Ways in which a tile can be worse than the real one, each with its seed, and where its squares then lie."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


@dataclass(frozen=True)
class Case:
    """A degraded tile.

    Attributes:
        name: What was done to it.
        image: Intensities; shape (rows, cols).
        truth: Where the squares lie, (row, col) [px]; shape (n, 2).
        whole: Which of them no border cuts; shape (n,).
        neutral: Where squares lie whose middle is out of view; what is found there counts for nothing.
        scale: Its pixels to one of the original.
    """

    name: str
    image: NDArray
    truth: NDArray[np.float64]
    whole: NDArray[np.bool_]
    neutral: NDArray[np.float64]
    scale: float = 1.0


Degradation = Callable[[np.random.Generator, Case], Case]


def ramp(rng, case):
    """Illumination that rises five-fold across the tile in a random direction."""
    return _multiplied(case, "ramp", 5.0 ** (-_across(rng, case.image.shape)))


def thick_ice(rng, case):
    """Ice over half of the tile that lets a fifth to a third of the beam through."""
    covered = ndimage.gaussian_filter((_across(rng, case.image.shape) > 0.5).astype(float), 15)
    return _multiplied(case, "ice", 1 - covered * (1 - rng.uniform(0.2, 0.33)))


def starved(rng, case):
    """A twentieth of the counts, with the noise of so few."""
    lowest = min(float(case.image.min()), 0)
    counts = rng.poisson(np.maximum(case.image - lowest, 0) / 20).astype(np.float32)
    return _with(case, "starved", image=counts)


def binned(rng, case):
    """Eight times fewer pixels a side."""
    rows, cols = (side // 8 * 8 for side in case.image.shape)
    image = case.image[:rows, :cols].reshape(rows // 8, 8, cols // 8, 8).mean(axis=(1, 3))
    return _with(
        case,
        "binned",
        image=image,
        truth=(case.truth + 0.5) / 8 - 0.5,
        neutral=(case.neutral + 0.5) / 8 - 0.5,
        scale=case.scale / 8,
    )


def rotated(rng, case):
    """Turned by a random angle about its middle; what comes in is as dark as the bars."""
    angle = rng.uniform(5, 85)
    image = case.image.astype(np.float32)
    dark = float(np.percentile(image, 20))
    turned = ndimage.rotate(image, angle, reshape=False, order=1, cval=dark)
    middle = (np.array(image.shape) - 1) / 2
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    truth = (case.truth - middle) @ np.array([[cos, -sin], [sin, cos]]).T + middle
    reach = 62 * case.scale
    to_border = np.minimum(truth, np.array(image.shape) - 1 - truth).min(axis=1)
    seen = to_border > 0
    whole = (case.whole & (to_border > reach))[seen]
    return _with(case, "rotated", image=turned, truth=truth[seen], whole=whole, neutral=truth[~seen])


def holey_bars(rng, case):
    """Bars that let half of the beam through and are full of bright holes."""
    image = case.image.astype(np.float32)
    bars, square = np.percentile(image, [30, 85])
    spacing, radius = max(14 * case.scale, 3), max(3.5 * case.scale, 0.8)
    angle = np.deg2rad(rng.uniform(0, 90))
    row, col = np.indices(image.shape)
    u = (col * np.cos(angle) - row * np.sin(angle) + spacing / 2) % spacing - spacing / 2
    v = (col * np.sin(angle) + row * np.cos(angle) + spacing / 2) % spacing - spacing / 2
    holes = np.hypot(u, v) < radius
    lifted = bars + 0.35 * (square - bars) + np.where(holes, 0.5 * (square - bars), 0)
    darkness = np.clip((square - image) / (square - bars), 0, 1)
    return _with(case, "holey bars", image=image + darkness * (lifted - bars) * rng.uniform(0.8, 1.1))


def negative(rng, case):
    """An offset that makes all intensities negative, as after a wrong dark subtraction."""
    return _with(case, "negative", image=case.image.astype(np.float32) - rng.uniform(500, 3000))


SINGLE: tuple[Degradation, ...] = (ramp, thick_ice, starved, binned, rotated, holey_bars, negative)
COMBINED: tuple[tuple[Degradation, ...], ...] = (
    (ramp, thick_ice),
    (ramp, starved),
    (thick_ice, binned),
    (rotated, ramp),
    (holey_bars, rotated),
    (rotated, thick_ice, negative),
    (ramp, binned, negative),
    (holey_bars, ramp),
)


def thirty_cases(tile: Case, seed: int) -> list[Case]:
    """Degrade a tile in each single way twice, in each combined way twice, all from one seed."""
    ways = [(way,) for way in SINGLE] * 2 + list(COMBINED) * 2
    cases = []
    for number, way in enumerate(ways):
        rng, case = np.random.default_rng([seed, number]), tile
        for degrade in way:
            case = degrade(rng, case)
        cases.append(case)
    return cases


def _across(rng, shape):
    angle = rng.uniform(0, 2 * np.pi)
    row, col = np.indices(shape)
    along = row * np.sin(angle) + col * np.cos(angle)
    return (along - along.min()) / np.ptp(along)


def _multiplied(case, name, factor):
    return _with(case, name, image=case.image.astype(np.float32) * factor.astype(np.float32))


def _with(case, name, **changes):
    names = f"{case.name} + {name}" if case.name else name
    return Case(**({**vars(case), "name": names} | changes))
