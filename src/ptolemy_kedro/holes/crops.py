"""Holes cut out upright along their lattice, in the image's own pixel size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.resampling import Image, centred_into, interpolate, reduce, scaled, usable, without_spikes
from ptolemy_kedro.stored_crops import MIDDLE, SIZE_CLASSES, KeptCrops, levels, size_classes

COARSE = 16
"""Pixels a side of a crop that tell its statistics."""

HARDLY_LONGER = 1.2
"""Length of a lattice's diagonal, over its shorter step, up to which a crop may lie along it, too."""


@parameters(frozen=True, config={"extra": "forbid"})
class HoleCropOptions:
    """How holes are cut out.

    Attributes:
        reach: Half the side of a crop, in radii of the hole: what lies around a hole counts, too.
        largest_px: A crop that would be larger is cut from the image reduced by a whole number.
    """

    reach: float = Field(default=2.0, ge=1, le=6)
    largest_px: int = Field(default=256, ge=16, le=SIZE_CLASSES[-1])


@dataclass(frozen=True)
class HoleCrops(KeptCrops):
    """The crops of one image's holes, in their order.

    Attributes:
        pixels: Of each, ``128 + 16 * (intensity - mean) / std``, uint8; shape (side, side) of its own.
        size_class: Side of the least frame that holds it [px]; shape (n,).
        mean: Mean intensity in all crops of the image, by which each is normalised; shape (n,).
        std: Their standard deviation; shape (n,).
        hole_px: Radius of the hole in pixels of the crop; shape (n,).
        reduction: Original pixels to one of the crop; shape (n,).
    """

    pixels: list[NDArray[np.uint8]]
    size_class: NDArray[np.int64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    hole_px: NDArray[np.float64]
    reduction: NDArray[np.int64]

    def __getitem__(self, chosen: NDArray[np.intp]) -> "HoleCrops":
        """Take some of the crops, by their places."""
        return HoleCrops(
            [self.pixels[place] for place in chosen],
            self.size_class[chosen],
            self.mean[chosen],
            self.std[chosen],
            self.hole_px[chosen],
            self.reduction[chosen],
        )

    def limited(self, largest_px: int) -> "HoleCrops":
        """Reduce crops that are larger than a side, by averaging whole blocks of pixels."""
        factors = np.maximum(1, -(-self.shapes[:, 0] // largest_px))
        crops = [_reduced(crop, int(factor)) for crop, factor in zip(self.pixels, factors, strict=True)]
        return HoleCrops(
            crops, size_classes(crops), self.mean, self.std, self.hole_px / factors, self.reduction * factors
        )

    def frames(self, size_px: int, rescale: bool = True) -> NDArray[np.uint8]:
        """Bring all crops to one size for a network, in the levels they are stored in: a byte a pixel.

        Args:
            size_px: Rows and cols.
            rescale: Scale each crop to fill the frame, so that all holes are of one size. Otherwise it
                keeps its pixels and is padded with the mean, or cut, as published.

        Returns:
            Shape (n, 1, size_px, size_px).
        """
        frames = np.full((len(self), 1, size_px, size_px), MIDDLE, np.uint8)
        for frame, crop in zip(frames, self.pixels, strict=True):
            wanted = size_px / crop.shape[0]
            resized = np.rint(scaled(crop.astype(np.float32), wanted)) if rescale and wanted != 1 else crop
            centred_into(frame[0], resized.astype(np.uint8))
        return frames


def cut_hole_crops(
    image: NDArray,
    found: FoundHoles,
    options: HoleCropOptions = HoleCropOptions(),  # noqa: B008
) -> HoleCrops:
    """Cut holes out of the image they were found in, interpolating between its pixels.

    The lattice's step nearest to +col points along +col in the crop. Holes of one lattice are cut alike, by
    their median radius. What lies outside the image takes the mean.

    Args:
        image: Intensities; shape (rows, cols).
        found: Holes in it.
        options: How much around a hole.

    Raises:
        ImageError: The array is no single plane of numbers.
    """
    pixels = without_spikes(usable(image))
    radius, turn = crop_radii(found), lattice_turns(found)
    reduction = np.maximum(1, np.ceil(2 * options.reach * radius / options.largest_px)).astype(np.int64)
    sides = np.clip(np.rint(2 * options.reach * radius / reduction), 8, options.largest_px).astype(int)
    reduced = {int(factor): reduce(pixels, int(factor)) for factor in np.unique(reduction)}
    widths = 2 * options.reach * radius / reduction
    centres = (found.centres + 0.5) / reduction[:, None] - 0.5
    cut = [
        _cut(reduced[int(factor)], *place)
        for factor, *place in zip(reduction, centres, turn, sides, widths, strict=True)
    ]
    mean, std = _statistics(cut)
    crops = [levels(np.nan_to_num(crop, nan=mean), mean, std) for crop in cut]
    n, hole_px = len(crops), sides / (2 * options.reach)
    return HoleCrops(crops, size_classes(crops), np.full(n, mean), np.full(n, std), hole_px, reduction)


def crop_radii(found: FoundHoles) -> NDArray[np.float64]:
    """Give the median radius of a hole's lattice, or its own where it has none [px]; shape (n,)."""
    radius = np.asarray(found.radius_px, dtype=np.float64).copy()
    for number in np.unique(found.lattice[found.lattice >= 0]):
        of_lattice = found.lattice == number
        radius[of_lattice] = np.median(found.radius_px[of_lattice])
    return np.maximum(radius, 1.0)


def lattice_turns(found: FoundHoles) -> NDArray[np.float64]:
    """Give the angle from +col towards +row of a hole's lattice, or 0 [rad]; shape (n,).

    Of its two steps, and the diagonals hardly longer, the one nearest to +col counts: a lattice with steps at
    right angles, equal or not, turns no crop over 45 degrees, a hexagonal one none over 30.
    """
    turns = np.zeros(len(found))
    for number, basis in enumerate(found.bases):
        turns[found.lattice == number] = _turn(basis)
    return turns


def _turn(basis: NDArray[np.float64]) -> float:
    diagonals = np.stack([basis[0] + basis[1], basis[0] - basis[1]])
    short = np.hypot(*diagonals.T) <= HARDLY_LONGER * np.hypot(*basis.T).min()
    steps = np.concatenate([basis, diagonals[short]])
    steps = steps * np.where(steps[:, 1:] < 0, -1.0, 1.0)
    angles = np.arctan2(steps[:, 0], steps[:, 1])
    return float(angles[np.abs(angles).argmin()])


def _cut(image: Image, centre: NDArray, turn: float, side: int, width: float) -> Image:
    """Cut a square of ``width`` pixels about a centre into ``side`` x ``side``; NaN outside the image."""
    along = ((np.arange(side) + 0.5) / side - 0.5) * width
    sin, cos = np.sin(turn), np.cos(turn)
    row = centre[0] + along[:, None] * cos + along[None, :] * sin
    col = centre[1] - along[:, None] * sin + along[None, :] * cos
    low = np.maximum(np.floor([row.min(), col.min()]).astype(int) - 1, 0)
    high = np.ceil([row.max(), col.max()]).astype(int) + 2
    window = np.ascontiguousarray(image[low[0] : high[0], low[1] : high[1]])
    if not window.size:
        return np.full((side, side), np.nan, np.float32)
    return interpolate(window, (row - low[0]).astype(np.float32), (col - low[1]).astype(np.float32), np.nan)


def _reduced(crop: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    return np.rint(reduce(crop.astype(np.float32), factor)).astype(np.uint8) if factor > 1 else crop


def _statistics(crops: list[Image]) -> tuple[float, float]:
    """Mean and standard deviation of what is seen inside the image; the latter is never 0.

    Pixels are averaged to about ``COARSE`` a side first, so that neither noise nor the pixel size counts.
    """
    coarse = (reduce(crop, max(1, len(crop) // COARSE)).ravel() for crop in crops)
    pixels = np.concatenate([np.zeros(0, np.float32), *coarse])
    pixels = pixels[np.isfinite(pixels)].astype(np.float64)
    return (float(pixels.mean()), float(pixels.std()) or 1.0) if len(pixels) else (0.0, 1.0)
