"""The lattice that an image repeats itself on, read off its autocorrelation before any hole is known.

Holes at even steps make an image look like itself when it is moved by a step; the rest of it (bars, dirt,
gradients) does so over short ways only. A lattice is proposed by two peaks of the autocorrelation, and is as
strong as the image agrees with itself at its steps and their sums, over what it does anywhere between.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from ptolemy_kedro.holes.lattice import Floats, reduce_bases
from ptolemy_kedro.resampling import interpolate, reduce

FIELDS = (1.0, 0.36, 0.13)
"""Parts of the image that are looked at, as shares of its sides."""

LONGEST_PX, SMALLEST_PX = 300, 60
"""Longer side of a part as it is looked at, and least shorter side."""

BLUR, FLAT = 0.8, 21
"""Width of the Gaussian and edge of the squares between which structure is kept [px of the reduced image]."""

USUAL = 85
"""Percentile of the local contrasts that passes as the foil's; what has more is an edge of it."""

CELLS_FOR_HALF = 6.0
"""Cells in view that make a repetition half as strong as any number would: few agree by chance."""

LARGEST_SHARE = 0.55
"""Longest step looked for, as a share of the image's side: two steps must be in view."""

SHORTEST_PX = 5.0
"""Shortest step looked for [px of the reduced image]."""

PEAKS, HIGH = 18, 0.4
"""Peaks of the autocorrelation kept: half of them the highest, half the shortest of those that reach this
share of the highest. Each two of them are a proposal."""

COMBINATIONS = np.array([[1, 0], [0, 1], [1, 1], [1, -1], [2, 0], [0, 2], [2, 1], [1, 2], [2, -1], [1, -2]])
"""Steps of a lattice at which the image must look like itself."""

CELLS = np.array([[0, 0], [0, -1], [-1, 0], [-1, -1], [0, 1], [1, 0]])
"""Cells in which the image is looked at between its steps."""

_ACROSS = np.stack(np.meshgrid(*2 * [np.arange(14) / 14], indexing="ij"), axis=-1).reshape(-1, 2)
BETWEEN = _ACROSS[(np.abs(_ACROSS - np.rint(_ACROSS)) > 0.2).any(axis=1)]
"""Places in a cell, off its corners [steps]: alike there as at the corners, the true cell is smaller."""

ALIKE = 0.12
"""Bases whose steps differ less than this share are one proposal."""


@dataclass(frozen=True)
class Repetition:
    """A lattice on which an image repeats itself.

    Attributes:
        basis: Its two shortest steps, one a row (row, col) [px of the image]; shape (2, 2).
        strength: Correlation of the image with itself at the steps, less the most between them, up to 1;
            less where few cells are in view. Above about 0.15 it is seldom chance.
    """

    basis: Floats
    strength: float

    @property
    def spacing_px(self) -> float:
        """Length of the shorter step [px]."""
        return float(np.linalg.norm(self.basis, axis=1).min())


def spacing_of(image: NDArray[np.float32], most: int = 6) -> list[Repetition]:
    """Find the lattices on which an image may repeat itself; no pixel size is needed.

    Args:
        image: Grey levels, of any sign and scale; shape (rows, cols).
        most: Candidates returned at most.

    Returns:
        Candidates, strongest first; none for an image too small or blank.
    """
    found: list[Repetition] = []
    for window, factor in _windows(np.asarray(image, np.float32)):
        found += [Repetition(one.basis * factor, one.strength) for one in _repetitions(window)]
    found.sort(key=lambda one: -one.strength)
    kept: list[Repetition] = []
    for one in found:
        if all(_differ(one.basis, other.basis) for other in kept):
            kept.append(one)
    return kept[:most]


def _differ(one: Floats, other: Floats) -> bool:
    """Whether no unimodular change takes one basis nearly to the other."""
    change = one @ np.linalg.inv(other)
    whole = np.rint(change)
    return abs(round(float(np.linalg.det(whole)))) != 1 or bool(np.abs(change - whole).max() > ALIKE)


def _windows(image: NDArray[np.float32]) -> list[tuple[NDArray[np.float32], int]]:
    """Reduce the image as a whole, then ever smaller parts of it less; each with its factor."""
    place, windows = _richest(image), []
    for share in FIELDS:
        size = [int(side * share) for side in image.shape]
        start = [int(np.clip(m - s / 2, 0, n - s)) for m, s, n in zip(place, size, image.shape, strict=True)]
        part = image[start[0] : start[0] + size[0], start[1] : start[1] + size[1]]
        factor = max(1, int(np.ceil(max(size) / LONGEST_PX)))
        if min(size) >= SMALLEST_PX * factor:
            windows.append((reduce(part, factor), factor))
    return windows


def _richest(image: NDArray[np.float32]) -> list[int]:
    """Find the middle of the part with most structure all over it, such as foil and no bar (row, col)."""
    factor = max(1, min(image.shape) // 100)
    small = reduce(image, factor)
    rough = np.log(np.abs(small - _blurred(small, 5)) + 1e-3 * np.ptp(small) + 1e-9)
    smooth = ndimage.uniform_filter(rough, [max(1, int(side * FIELDS[1])) for side in small.shape])
    return [int((at + 0.5) * factor) for at in np.unravel_index(int(np.argmax(smooth)), small.shape)]


def _repetitions(image: NDArray[np.float32]) -> list[Repetition]:
    """Propose lattices for a small image, strongest first."""
    alike = _autocorrelation(_evened(image))
    peaks = _peaks(alike)
    first, second = np.triu_indices(len(peaks), 1)
    bases = np.stack([peaks[first], peaks[second]], axis=1)
    area = np.abs(np.linalg.det(bases)) if len(bases) else np.zeros(0)
    bases = bases[area > 0.3 * np.linalg.norm(bases, axis=2).prod(axis=1)] if len(bases) else bases
    if not len(bases):
        return []
    bases = reduce_bases(bases)
    strengths = _strengths(alike, bases)
    order = np.argsort(-strengths)[:12]
    return [Repetition(bases[k], float(strengths[k])) for k in order if strengths[k] > 0]


def _evened(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take out gradients, give each part of the image the same contrast, and the edges of bars less."""
    fine = ndimage.gaussian_filter(image, BLUR)
    fine -= _blurred(fine, FLAT)
    spread = np.sqrt(np.maximum(_blurred(fine**2, 2 * FLAT), 0))
    usual = float(np.percentile(spread[::4, ::4], USUAL)) + 1e-9
    even = np.clip(fine / (spread + 0.3 * usual), -2.5, 2.5)
    return even * np.minimum(1, (usual / (spread + 1e-9)) ** 2)


def _blurred(image: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Average twice over squares: nearly a Gaussian, in less time."""
    return ndimage.uniform_filter(ndimage.uniform_filter(image, width), width)


def _autocorrelation(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlate an image with itself, moved by ways up to a share of its side; unmoved, in the middle, 1."""
    shape = [fft.next_fast_len(int(side * (1 + LARGEST_SHARE)) + 1, real=True) for side in image.shape]
    power = np.abs(fft.rfft2(image - image.mean(), shape)) ** 2
    alike = fft.fftshift(fft.irfft2(power, shape))
    lag = [np.abs(np.arange(side) - side // 2) for side in shape]
    overlap = [np.maximum(side - way, 0.3 * side) for side, way in zip(image.shape, lag, strict=True)]
    alike = alike / (overlap[0][:, None] * overlap[1])
    reach = [int(LARGEST_SHARE * side) for side in image.shape]
    middle = [side // 2 for side in shape]
    cut = alike[
        middle[0] - reach[0] : middle[0] + reach[0] + 1, middle[1] - reach[1] : middle[1] + reach[1] + 1
    ]
    return (cut / max(float(cut[reach[0], reach[1]]), 1e-12)).astype(np.float32)


def _peaks(alike: NDArray[np.float32]) -> Floats:
    """Find the strongest peaks of an autocorrelation in a half plane, to parts of a pixel; (m, 2)."""
    middle = np.array(alike.shape) // 2
    smooth = ndimage.gaussian_filter(alike, 1.0)
    top = (smooth == ndimage.maximum_filter(smooth, 5)) & (smooth > 0.02)
    at = np.argwhere(top) - middle
    at = at[(at[:, 0] > 0) | ((at[:, 0] == 0) & (at[:, 1] > 0))]
    at = at[np.linalg.norm(at, axis=1) >= SHORTEST_PX]
    inner = np.all(np.abs(at) < middle - 1, axis=1)
    at = at[inner]
    height = smooth[tuple((at + middle).T)]
    order = np.argsort(-height)
    high = order[height[order] > HIGH * height.max(initial=0)]
    short = high[np.argsort(np.linalg.norm(at[high], axis=1))]
    at = at[np.union1d(order[: PEAKS // 2], short[: PEAKS // 2])]
    return at + _fraction(smooth, at + middle) if len(at) else np.empty((0, 2))


def _fraction(values: NDArray[np.float32], at: NDArray[np.intp]) -> Floats:
    """Find the top of the parabola through each peak and its neighbours, along each axis; (m, 2)."""
    row, col = at.T
    parts = []
    for down, up in (
        (values[row - 1, col], values[row + 1, col]),
        (values[row, col - 1], values[row, col + 1]),
    ):
        bend = down - 2 * values[row, col] + up
        parts.append(np.where(bend < 0, 0.5 * (down - up) / np.minimum(bend, -1e-9), 0.0))
    return np.clip(np.stack(parts, axis=1), -0.5, 0.5)


def _strengths(alike: NDArray[np.float32], bases: Floats) -> Floats:
    """Average an autocorrelation at each lattice's steps, less the most anywhere between them; shape (k,)."""
    middle = np.array(alike.shape) // 2
    at_steps = np.nanmean(_read(alike, middle + COMBINATIONS @ bases), axis=1)
    places = (BETWEEN[:, None] + CELLS).reshape(-1, 2)
    between = _read(alike, middle + places @ bases).reshape(len(bases), len(BETWEEN), len(CELLS))
    strengths = np.nan_to_num(at_steps - np.nanmean(between, axis=2).max(axis=1), nan=-1.0)
    cells = alike.size / (2 * LARGEST_SHARE) ** 2 / np.abs(np.linalg.det(bases))
    return strengths * cells / (cells + CELLS_FOR_HALF)


def _read(alike: NDArray[np.float32], at: Floats) -> NDArray[np.float32]:
    return interpolate(alike, at[..., 0].astype(np.float32), at[..., 1].astype(np.float32), np.nan)
