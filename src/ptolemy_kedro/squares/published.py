"""The published segmentation, step by step as REFERENCE section 3 has it: the baseline, and nothing else.

One threshold for the tile from a Poisson mixture on its raw pixels, one rotation for all its squares.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull

from ptolemy_kedro.resampling import centred_into, interpolate

MERGE_PX = 2
MIN_AREA_PX = 100.0
CROP_PX = 240
ANGLES_DEG = np.arange(0.0, 90.0, 0.5)


@dataclass(frozen=True)
class PublishedSquares:
    """What the published method finds.

    Attributes:
        corners: (row, col) [px]; shape (n, 4, 2).
        centres: (row, col) [px]; shape (n, 2).
        hull_area_px: Of each region's convex hull [px^2]; shape (n,).
        angle_deg: The rotation of all.
        mask: Pixels of the brighter component; shape (rows, cols).
    """

    corners: NDArray[np.float64]
    centres: NDArray[np.float64]
    hull_area_px: NDArray[np.float64]
    angle_deg: float
    mask: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.centres)


def find_squares_as_published(image: NDArray) -> PublishedSquares:
    """Segment a tile by one threshold; counts are the pixels cast to integers, negative ones taken as 0."""
    mask = brighter_component(image)
    hulls = _hulls(mask)
    if not hulls:
        nothing = np.empty((0, 4, 2))
        return PublishedSquares(nothing, nothing[:, 0], np.empty(0), 0.0, mask)
    boxes = np.array([_boxes(points) for points, _ in hulls])
    best = int(np.argmin((boxes[..., 1] - boxes[..., 0]).prod(axis=2).sum(axis=0)))
    corners = _upright_corners(boxes[:, best], np.deg2rad(ANGLES_DEG[best]))
    areas = np.array([area for _, area in hulls])
    return PublishedSquares(corners, corners.mean(axis=1), areas, float(ANGLES_DEG[best]), mask)


def brighter_component(image: NDArray) -> NDArray[np.bool_]:
    """Mark pixels whose posterior of the brighter Poisson component is over .5 after EM."""
    counts = np.maximum(np.nan_to_num(image).astype(np.int64), 0)
    values, inverse = np.unique(counts, return_inverse=True)
    weights = np.bincount(inverse.ravel()).astype(float)
    pi, dark, bright = 0.5, max(np.percentile(counts, 25), 0.5), max(np.percentile(counts, 75), 1.0)
    before = -np.inf
    for _ in range(100):
        of_dark = np.log(max(1 - pi, 1e-12)) + values * np.log(dark) - dark
        of_bright = np.log(max(pi, 1e-12)) + values * np.log(bright) - bright
        both = np.logaddexp(of_dark, of_bright)
        share = np.exp(of_bright - both)
        likelihood = float(weights @ both)
        if abs(likelihood - before) < 1e-3:
            break
        before, mass = likelihood, weights @ share
        pi = mass / weights.sum()
        bright = max(weights @ (share * values) / max(mass, 1e-9), 1e-3)
        dark = max(weights @ ((1 - share) * values) / max(weights.sum() - mass, 1e-9), 1e-3)
    chosen = share > 0.5 if bright >= dark else share <= 0.5
    return chosen[inverse].reshape(image.shape)


def crop_as_published(image: NDArray, squares: PublishedSquares) -> NDArray[np.float32]:
    """Crop each box upright, padded or cut, normalised by the masked pixels; shape (n, 1, 240, 240)."""
    pixels = image.astype(np.float32)
    inside = pixels[squares.mask] if squares.mask.any() else pixels
    mean, std = float(inside.mean()), float(inside.std()) or 1.0
    crops = np.zeros((len(squares), 1, CROP_PX, CROP_PX), np.float32)
    for frame, corners in zip(crops, squares.corners, strict=True):
        across, down = corners[1] - corners[0], corners[3] - corners[0]
        cols, rows = (max(2, round(np.linalg.norm(side))) for side in (across, down))
        x, y = (np.arange(cols) + 0.5) / cols, (np.arange(rows) + 0.5) / rows
        points = corners[0] + x[None, :, None] * across + y[:, None, None] * down
        upright = interpolate(pixels, points[..., 0], points[..., 1], mean)
        centred_into(frame[0], (upright - mean) / std)
    return crops


def _hulls(mask):
    """Merge regions within a few pixels; hull corners and area of each that is large enough."""
    merged, count = ndimage.label(ndimage.binary_dilation(mask, iterations=MERGE_PX))
    merged[~mask] = 0
    hulls = []
    for number, box in enumerate(ndimage.find_objects(merged, count), start=1):
        points = np.argwhere(merged[box] == number) if box is not None else np.empty((0, 2))
        if len(points) < MIN_AREA_PX / 2 or np.ptp(points, axis=0).min() < 2:
            continue
        points = points + np.array([box[0].start, box[1].start])
        hull = ConvexHull(points, qhull_options="QJ")
        if hull.volume >= MIN_AREA_PX:
            hulls.append((points[hull.vertices].astype(float), hull.volume))
    return hulls


def _boxes(points):
    """Extent of hull corners along and across every rotation; shape (angles, 2, [low, high])."""
    turn = np.deg2rad(ANGLES_DEG)[:, None]
    row, col = points.T
    axes = (col * np.cos(turn) - row * np.sin(turn), col * np.sin(turn) + row * np.cos(turn))
    return np.stack([np.stack([a.min(axis=1) - 0.5, a.max(axis=1) + 0.5], axis=1) for a in axes], axis=1)


def _upright_corners(boxes, turn):
    along, across = boxes[:, 0][:, [0, 1, 1, 0]], boxes[:, 1][:, [0, 0, 1, 1]]
    row = across * np.cos(turn) - along * np.sin(turn)
    col = along * np.cos(turn) + across * np.sin(turn)
    return np.stack([row, col], axis=2)
