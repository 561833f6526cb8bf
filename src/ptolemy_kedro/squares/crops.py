"""Squares cut out upright, each at its own rotation and in the image's own pixel size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from ptolemy_kedro.resampling import Image, centred_into, interpolate, read_between, reduce, scaled, usable
from ptolemy_kedro.squares.rectangles import edges_of
from ptolemy_kedro.squares.segmentation import Squares
from ptolemy_kedro.stored_crops import MIDDLE, SIZE_CLASSES, KeptCrops, levels, size_classes

SAMPLE = 2**22

TYPICAL_SHARE = 0.8
"""Share of a network's frame that the side of a typical crop takes."""


@parameters(frozen=True, config={"extra": "forbid"})
class CropOptions:
    """How squares are cut out.

    Attributes:
        margin: Rim around the rectangle, as a share of its edges.
    """

    margin: float = Field(default=0.08, ge=0, le=1)


@dataclass(frozen=True)
class Crops(KeptCrops):
    """The crops of one image's squares, in their order.

    Attributes:
        pixels: Of each, ``128 + 16 * (intensity - mean) / std``, uint8; shape (rows, cols) of its own.
        size_class: Side of the least frame that holds it [px]; shape (n,).
        mean: Mean intensity of all squares' pixels in the image, by which each is normalised; shape (n,).
        std: Their standard deviation; shape (n,).
        typical_px: Side that the crop of a typical square of the same image has; shape (n,).
        reduction: Original pixels to one of the crop: 1, but for squares of over 256 px; shape (n,).
    """

    pixels: list[NDArray[np.uint8]]
    size_class: NDArray[np.int64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    typical_px: NDArray[np.float64]
    reduction: NDArray[np.int64]

    def frames(self, size_px: int, rescale: bool = True) -> NDArray[np.uint8]:
        """Bring all crops to one size for a network, in the levels they are stored in: a byte a pixel.

        Args:
            size_px: Rows and cols.
            rescale: Scale all crops of an image alike, so that a typical one takes ``TYPICAL_SHARE`` of the
                frame: nothing counts on a pixel size. Otherwise a crop keeps its pixels, as published.

        Returns:
            Each centred, what is too large cut off and the rest at the mean; shape (n, 1, size_px, size_px).
            ``standardised`` turns a batch of them into what a network takes.
        """
        frames = np.full((len(self), 1, size_px, size_px), MIDDLE, np.uint8)
        for frame, crop, typical in zip(frames, self.pixels, self.typical_px, strict=True):
            scale = TYPICAL_SHARE * size_px / typical
            resized = np.rint(scaled(crop.astype(np.float32), scale)).astype(np.uint8) if rescale else crop
            centred_into(frame[0], resized)
        return frames


def cut_crops(image: NDArray, squares: Squares, options: CropOptions = CropOptions()) -> Crops:  # noqa: B008
    """Cut squares out of the image they were found in, interpolating between its pixels.

    What lies outside the image takes the value of the mean.

    Args:
        image: Intensities; shape (rows, cols).
        squares: Found in it.
        options: The rim around them.

    Raises:
        ImageError: The array is no single plane of numbers.
    """
    pixels = usable(image)
    mean, std = masked_statistics(pixels, squares)
    reduction = _reductions(squares, options.margin)
    reduced = {int(factor): reduce(pixels, int(factor)) for factor in np.unique(reduction)}
    crops = []
    for corners, factor in zip(squares.corners, reduction, strict=True):
        crop = _cut(reduced[int(factor)], (corners + 0.5) / factor - 0.5, options.margin, mean)
        crops.append(levels(crop, mean, std))
    typical = max(squares.edge_px * (1 + 2 * options.margin), 1) / reduction
    n = len(crops)
    return Crops(crops, size_classes(crops), np.full(n, mean), np.full(n, std), typical, reduction)


def masked_statistics(image: Image, squares: Squares) -> tuple[float, float]:
    """Mean and standard deviation of the intensities in all squares; the latter is never 0.

    Of an image of over ``SAMPLE`` pixels, evenly spaced rows tell them.
    """
    step = -(-image.size // SAMPLE)
    image, mask = image[::step], squares.mask[::step]
    wanted = np.zeros(int(squares.numbers.max(initial=mask.max(initial=0))) + 1, bool)
    wanted[squares.numbers] = True
    inside = image[mask > 0 if wanted[1:].all() else wanted.take(mask)] if len(squares) else image
    if not inside.size:
        inside = image
    mean = float(inside.mean(dtype=np.float64))
    variance = float(np.square(inside - np.float32(mean)).mean(dtype=np.float64))
    return mean, float(np.sqrt(variance)) or 1.0


def _cut(image: Image, corners: NDArray[np.float64], margin: float, outside: float) -> Image:
    """Cut one rectangle upright; its edge next clockwise from the uppermost corner becomes the top."""
    edges = corners[1] - corners[0], corners[3] - corners[0]
    cols, rows = (max(2, round(float(np.hypot(*edge)) * (1 + 2 * margin))) for edge in edges)
    across, down = (edge / max(float(np.hypot(*edge)), 1e-9) for edge in edges)
    first = corners.mean(axis=0) - across * ((cols - 1) / 2) - down * ((rows - 1) / 2)
    reach = first + np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) @ np.stack(
        [down * (rows - 1), across * (cols - 1)]
    )
    low = np.floor(reach.min(axis=0)).astype(int)
    high = np.ceil(reach.max(axis=0)).astype(int) + 1
    row, col = (
        (first[axis] - low[axis] + down[axis] * np.arange(rows)).astype(np.float32)[:, None]
        + (across[axis] * np.arange(cols)).astype(np.float32)
        for axis in (0, 1)
    )
    if (low >= 0).all() and (high <= image.shape).all():
        return read_between(
            np.ascontiguousarray(image[low[0] : high[0], low[1] : high[1]]), np.abs(row), np.abs(col)
        )
    return interpolate(image, row + low[0], col + low[1], outside)


def _reductions(squares: Squares, margin: float) -> NDArray[np.int64]:
    sides = edges_of(squares.corners)[:, 0] * (1 + 2 * margin)
    return np.maximum(1, np.ceil((sides - 0.5) / SIZE_CLASSES[-1])).astype(np.int64)
