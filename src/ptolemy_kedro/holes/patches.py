"""Training patches for the localiser: images at its scale, turned, and maps of what was clicked."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.holes.clicks import ClickedImage
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.holes.resample import scaled, stretched, to_scaled

Floats = NDArray[np.float64]

STRIDE = 2
"""Pixels of an image a pixel of the network's maps."""

NEAR, FAR = (0.6, 1.6), (0.45, 2.1)
"""Radii, over the network's own, that it must mark; and beyond which it must mark nothing."""

SMALLEST, LARGEST = 0.06, 20.0
"""Hole radii off scale, over the network's own."""

DARKEST, BRIGHTEST = 26, 230
"""Bytes of the grey levels 0 and 1; what is outside them keeps some room."""

RADIUS_BYTES = 80.0
"""Steps of a byte in a unit of log radius; 128 is none, 0 is unknown."""


@dataclass(frozen=True)
class Patches:
    """Patches, n of them.

    Attributes:
        pixels: Bytes, shape (n, 1, size, size).
        maps: Clicks, knowledge and log radius, bytes; shape (n, 3, size / 2, size / 2).
        sessions: Shape (n,).
    """

    pixels: NDArray[np.uint8]
    maps: NDArray[np.uint8]
    sessions: NDArray[np.str_]


def cut_patches(examples: Iterable[ClickedImage], options: LocaliserOptions, seed: int) -> Patches:
    """Cut patches out of images as they come, one image in memory at a time."""
    pixels, maps, sessions = [], [], []
    for number, example in enumerate(examples):
        rng = np.random.default_rng((seed, number))
        image = stretched(example.image)
        for _ in range(options.patches_an_image):
            patch, known = cut_patch(image, example, options, rng)
            pixels.append(patch)
            maps.append(known)
            sessions.append(example.session)
    return Patches(_stacked(pixels, (1, 1)), _stacked(maps, (3, STRIDE)), np.array(sessions, dtype=str))


def cut_patch(
    image: NDArray[np.float32], example: ClickedImage, options: LocaliserOptions, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Cut one patch at a random scale, angle and place.

    Args:
        image: The example's, stretched.
        example: What was clicked.
        options: Of the network.
        rng: Source of chance.

    Returns:
        Pixels (1, size, size) and maps (3, size / 2, size / 2).
    """
    size = options.patch_px
    ratio = _ratio(options, rng)
    scale = ratio * options.radius_px / example.radius_px
    turn = _turn(rng)
    centre = _centre(image.shape, example, scale, size, rng)
    window, corner = _window(image, centre, size, scale)
    middle = to_scaled(centre - corner, scale)

    def placed(points: Floats) -> Floats:
        at = to_scaled(np.asarray(points, float).reshape(-1, 2) - corner, scale) - middle
        return at @ np.linalg.inv(turn).T + (size - 1) / 2

    offset = middle - turn @ np.full(2, (size - 1) / 2)
    patch = ndimage.affine_transform(
        scaled(window, scale), turn, offset, (size, size), order=1, mode="nearest"
    )
    pixels = np.clip(DARKEST + patch * (BRIGHTEST - DARKEST), 0, 255).astype(np.uint8)
    maps = target_maps(placed(example.clicks), placed(example.doubtful), ratio, example.exhaustive, options)
    corners = to_scaled(np.array([[-0.5, -0.5], np.array(image.shape) - 0.5]) - corner, scale) - middle
    maps[1] = np.where(_shows_image(corners, turn, size), maps[1], 0)
    return pixels[None], maps


def _shows_image(corners: Floats, turn: Floats, size: int) -> NDArray[np.bool_]:
    """Mark the pixels of a patch's maps that are not beyond the image's edge."""
    at = np.arange(0, size, STRIDE) + (STRIDE - 1) / 2 - (size - 1) / 2
    there = np.dstack(np.meshgrid(at, at, indexing="ij")) @ turn.T
    return np.all((there >= corners[0]) & (there <= corners[1]), axis=-1)


def target_maps(
    clicks: Floats, doubtful: Floats, ratio: float, exhaustive: bool, options: LocaliserOptions
) -> NDArray[np.uint8]:
    """Draw what is known of a patch.

    Args:
        clicks: (row, col) [px of the patch], shape (m, 2).
        doubtful: The same, shape (k, 2).
        ratio: Hole radius over the network's.
        exhaustive: Is what lies between them known to be no hole?
        options: Of the network.

    Returns:
        Bytes, shape (3, size / 2, size / 2): share of a click x 255; how much it is known x 255; log radius
        (128 + 80 a unit; 0 where unknown).
    """
    edge = options.patch_px // STRIDE
    maps = np.zeros((3, edge, edge), np.uint8)
    maps[1] = 255 if exhaustive else 12
    radius = ratio * options.radius_px / STRIDE
    rows, cols = (np.asarray(doubtful).reshape(-1, 2) - (STRIDE - 1) / 2).T / STRIDE
    for row, col in zip(rows, cols, strict=True):
        maps[1][_near(row, col, max(0.9 * radius, 2.5), edge)] = 0
    on_scale, marked = FAR[0] <= ratio <= FAR[1], NEAR[0] <= ratio <= NEAR[1]
    for row, col in (np.asarray(clicks).reshape(-1, 2) - (STRIDE - 1) / 2) / STRIDE:
        if not marked:
            maps[1][_near(row, col, max(0.9 * radius, 2.5), edge)] = 0 if on_scale else 255
            continue
        maps[1][_near(row, col, max(0.9 * radius, 2.5), edge)] = 255
        maps[2][_near(row, col, 0.6 * radius, edge)] = np.clip(128 + RADIUS_BYTES * np.log(ratio), 1, 255)
        _splat(maps[0], row, col)
    return maps


def _splat(clicks: NDArray[np.uint8], row: float, col: float) -> None:
    """Share a click among the four pixels about it."""
    for i in (int(np.floor(row)), int(np.floor(row)) + 1):
        for j in (int(np.floor(col)), int(np.floor(col)) + 1):
            share = (1 - abs(row - i)) * (1 - abs(col - j))
            if 0 <= i < len(clicks) and 0 <= j < len(clicks):
                clicks[i, j] = min(255, clicks[i, j] + round(255 * share))


def _near(row: float, col: float, radius: float, edge: int) -> tuple[NDArray, NDArray]:
    low_row, high_row = max(0, int(row - radius)), min(edge, int(row + radius) + 2)
    low_col, high_col = max(0, int(col - radius)), min(edge, int(col + radius) + 2)
    rows, cols = np.mgrid[low_row : max(low_row, high_row), low_col : max(low_col, high_col)]
    close = np.hypot(rows - row, cols - col) <= radius
    return rows[close], cols[close]


def _ratio(options: LocaliserOptions, rng: np.random.Generator) -> float:
    """Choose a hole radius over the network's: mostly one that it must mark."""
    near, far = options.scales
    off = 0.5 * options.off_scale_share
    low, high = ((SMALLEST, near), (near, far), (far, LARGEST))[rng.choice(3, p=(off, 1 - 2 * off, off))]
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _turn(rng: np.random.Generator) -> Floats:
    """Choose a rotation, half of the time by quarters, with a mirror now and then."""
    quarter = rng.integers(4) * np.pi / 2
    angle = quarter if rng.random() < 0.5 else quarter + rng.uniform(-np.pi / 4, np.pi / 4)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ np.diag([1.0, rng.choice([-1.0, 1.0])])


def _centre(
    shape: tuple[int, int], example: ClickedImage, scale: float, size: int, rng: np.random.Generator
) -> Floats:
    """Choose the middle of a patch: mostly near a click, else anywhere; image edges are seen at times."""
    sites = example.clicks
    half = 0.5 * size / scale
    if len(sites) and rng.random() < 0.6:
        at = sites[rng.integers(len(sites))] + rng.uniform(-0.5, 0.5, 2) * half
    else:
        at = rng.uniform(0, 1, 2) * shape
    room = np.minimum(half * rng.uniform(0.7, 1.0), np.array(shape) / 2)
    return np.clip(at, room, np.array(shape) - room)


def _window(
    image: NDArray[np.float32], centre: Floats, size: int, scale: float
) -> tuple[NDArray[np.float32], Floats]:
    """Cut what a patch may need, whatever its angle; and where in the image that begins."""
    half = int(np.ceil(0.5 * np.sqrt(2) * size / scale)) + 3
    low = np.maximum(np.round(centre).astype(int) - half, 0)
    high = np.minimum(np.round(centre).astype(int) + half + 1, image.shape)
    return image[low[0] : high[0], low[1] : high[1]], low.astype(float)


def _stacked(parts: list[NDArray[np.uint8]], empty: tuple[int, int]) -> NDArray[np.uint8]:
    return np.stack(parts) if parts else np.zeros((0, empty[0], 0, 0), np.uint8)
