"""Low magnification: an image in, the grid squares in it out, at whatever pixel size and illumination."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from ptolemy_kedro.resampling import Image, reduce, usable
from ptolemy_kedro.squares.candidates import Candidates, find_candidates
from ptolemy_kedro.squares.illumination import percentiles
from ptolemy_kedro.squares.mixture import Mixture, fit_mixture
from ptolemy_kedro.squares.outlines import Zones, draw_outlines, fill_holes, measure_zones
from ptolemy_kedro.squares.rectangles import edges_of, fit_rectangles
from ptolemy_kedro.squares.runs import runs_of

SMALLEST_SIDE_PX = 8
"""An image with a shorter side holds no square."""

FAINT = 0.2
"""A whole square of less than this share of the median level needs a clear extent or a compact shape."""

SMEAR_PX = 8.0
"""What is narrower than this in the image has no clear extent."""

COMPACT_ASPECT, COMPACT_FILL = 0.72, 0.56
"""Least shorter edge over longer, and least share of its rectangle filled; a disc fills .79."""


@parameters(frozen=True, config={"extra": "forbid"})
class SegmentOptions:
    """What counts as a square.

    Attributes:
        min_contrast: Least ratio of a square's intensity to that of the bars beside it.
        min_edge: Least edge of a whole square, as a share of the typical one in the image.
        min_fill: Least share of its rectangle that a square fills.
    """

    min_contrast: float = Field(default=1.6, gt=1)
    min_edge: float = Field(default=0.35, gt=0, lt=1)
    min_fill: float = Field(default=0.45, gt=0, lt=1)


@dataclass(frozen=True)
class Squares:
    """The squares of one image, in reading order of their centres.

    Attributes:
        corners: Of the smallest rectangle around each, (row, col) [px], clockwise on the screen from the
            uppermost; may lie outside the image; shape (n, 4, 2).
        centres: Of that rectangle, (row, col) [px]; shape (n, 2).
        area_px: Of that rectangle [px^2]; shape (n,).
        brightness: Mean intensity of the square's pixels; shape (n,).
        angle_deg: Rotation of the rectangle, 0 to 90, counter-clockwise from +col; shape (n,).
        cut: Whether the image's border cuts it; shape (n,).
        numbers: Each square's number in ``mask``; shape (n,).
        mask: Number of the square each pixel lies in, its holes included, 0 outside; shape (rows, cols).
        mixture: Of all the image's intensities.
        edge_px: Typical edge of a whole square; 0 where there is none.
    """

    corners: NDArray[np.float64]
    centres: NDArray[np.float64]
    area_px: NDArray[np.float64]
    brightness: NDArray[np.float64]
    angle_deg: NDArray[np.float64]
    cut: NDArray[np.bool_]
    numbers: NDArray[np.int32]
    mask: NDArray[np.int32]
    mixture: Mixture
    edge_px: float

    def __len__(self) -> int:
        return len(self.centres)

    def __getitem__(self, which: Any) -> "Squares":
        """Take some of the squares, by a slice, a mask or indices; the mask image stays whole."""
        if isinstance(which, int | np.integer):
            which = [which]
        per_square = {"corners", "centres", "area_px", "brightness", "angle_deg", "cut", "numbers"}
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return Squares(**{k: v[which] if k in per_square else v for k, v in values.items()})


def find_squares(image: NDArray, options: SegmentOptions = SegmentOptions()) -> Squares:  # noqa: B008
    """Find the squares of a tile or of a whole atlas.

    Args:
        image: Intensities of any real type, negative or not; shape (rows, cols). Pixels that are not finite
            count as dark.
        options: What counts as a square.

    Returns:
        The squares; none in an image without any.

    Raises:
        ImageError: The array is no single plane of numbers, or holds no finite one.
    """
    pixels = usable(image)
    mixture = fit_mixture(image)
    if min(pixels.shape) < SMALLEST_SIDE_PX or np.ptp(pixels) == 0:
        return _none(pixels.shape, mixture)
    candidates = find_candidates(pixels, options.min_contrast)
    if not candidates.count:
        return _none(pixels.shape, mixture)
    labels, image_at, factor = _refine(pixels, candidates)
    edge_px = candidates.edge_px * candidates.factor / factor
    labels, corners, angles, cut, brightness = _accept(image_at, labels, edge_px, factor, options)
    mask = _to_original(labels, factor, pixels.shape)
    corners = (corners + 0.5) * factor - 0.5
    return _squares(mask, corners, brightness, angles, cut, mixture, candidates.edge_px * candidates.factor)


def _refine(pixels: Image, candidates: Candidates) -> tuple[NDArray[np.int32], Image, float]:
    """Outline the candidates at twice the resolution they were found at, where the image has it."""
    zones = measure_zones(candidates.image, candidates.regions, candidates.count, candidates.edge_px)
    regions, image, factor, finer = candidates.regions, candidates.image, candidates.factor, 1
    if factor >= 2:
        finer, factor = 2, factor / 2
        image = reduce(pixels, int(factor))
        regions, nearest = (_repeat(part, finer, image.shape) for part in (regions, zones.nearest))
        zones = Zones(nearest, zones.thresholds)
    smooth_px = 2 * round(0.04 * candidates.edge_px * finer) + 1
    pieces = draw_outlines(image, regions, zones, smooth_px)
    return fill_holes(candidates.square_of[pieces]), image, factor


def _accept(image, labels, edge_px, factor, options):
    """Keep the outlines that are squares; number them anew."""
    runs, old = _renumbered(runs_of(labels))
    count = len(old) - 1
    cut = _touching(labels)[old[1:]]
    corners, angles = fit_rectangles(runs, count, ~cut)
    edges = edges_of(corners)
    pixels = runs.total(runs.length, count)[1:]
    brightness = _sum_inside(image, labels, runs, count) / np.maximum(pixels, 1)
    filled = pixels / np.maximum(edges.prod(axis=1), 1e-9)
    whole = (filled >= options.min_fill) & (edges[:, 1] >= options.min_edge * edge_px)
    partly = (filled >= 0.35) & (edges.prod(axis=1) >= (options.min_edge * edge_px) ** 2)
    compact = (edges[:, 1] >= COMPACT_ASPECT * edges[:, 0]) & (filled >= COMPACT_FILL)
    clear = compact | (edges[:, 1] * factor > SMEAR_PX) | ~_faint(image, brightness)
    keep = np.where(cut, partly, whole & clear)
    number = np.zeros(int(labels.max(initial=0)) + 1, np.int32)
    number[old[1:]] = np.where(keep, np.cumsum(keep), 0)
    return number.take(labels), corners[keep], angles[keep], cut[keep], brightness[keep]


def _faint(image, brightness):
    """Tell which are so much fainter than the others that only a clear extent makes them squares."""
    level = brightness - percentiles(image, [0.5])[0]
    return level < FAINT * np.median(level)


def _renumbered(runs):
    """Number the labels of runs without gaps; what each number was before comes with them, 0 of 0."""
    present = np.bincount(runs.label) > 0
    number = np.where(present, np.cumsum(present), 0).astype(np.int32)
    return replace(runs, label=number[runs.label]), np.concatenate([[0], np.flatnonzero(present)])


def _touching(labels):
    touching = np.zeros(int(labels.max(initial=0)) + 1, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touching[side] = True
    return touching


def _to_original(labels, factor, shape):
    if factor < 1:
        times = round(1 / factor)
        return np.ascontiguousarray(labels[times // 2 :: times, times // 2 :: times])
    return _repeat(labels, int(factor), shape)


def _repeat(labels, times, shape):
    """Enlarge a label image, its far edges repeated where the original has some pixels more."""
    wide = np.empty((labels.shape[0], labels.shape[1] * times), labels.dtype)
    for start in range(times):
        wide[:, start::times] = labels
    repeated = np.repeat(wide, times, axis=0)[: shape[0], : shape[1]]
    missing = [(0, want - have) for want, have in zip(shape, repeated.shape, strict=True)]
    return np.pad(repeated, missing, mode="edge") if np.any(missing) else repeated


def _squares(mask, corners, brightness, angles, cut, mixture, edge_px):
    centres = corners.mean(axis=1)
    order = np.lexsort((centres[:, 1], centres[:, 0]))
    numbers = np.arange(1, len(centres) + 1, dtype=np.int32)
    squares = Squares(
        corners,
        centres,
        edges_of(corners).prod(axis=1),
        brightness,
        angles,
        cut,
        numbers,
        mask,
        mixture,
        edge_px,
    )
    return squares[order]


def _sum_inside(pixels, mask, runs, count):
    running = np.concatenate([[0.0], np.cumsum(pixels[mask > 0], dtype=np.float64)])
    ends = np.cumsum(runs.length)
    return runs.total(running[ends] - running[ends - runs.length], count)[1:]


def _none(shape, mixture):
    nothing = np.empty(0)
    return Squares(
        np.empty((0, 4, 2)),
        np.empty((0, 2)),
        nothing,
        nothing,
        nothing,
        np.empty(0, bool),
        np.empty(0, np.int32),
        np.zeros(shape, np.int32),
        mixture,
        0.0,
    )
