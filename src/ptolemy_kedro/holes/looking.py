"""One look of the network at an image, at one scale."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.holes.localiser import HoleLocaliser
from ptolemy_kedro.holes.peaks import find_peaks, mass_at
from ptolemy_kedro.holes.resample import Pyramid, from_scaled

Floats = NDArray[np.float64]

REACH = 0.6
"""Radii about a peak within which clicks belong to it; the next peak is a little farther than that."""


@dataclass(frozen=True)
class Look:
    """What the network saw at a scale; n peaks, most likely first. Points and lengths are as it saw them.

    Attributes:
        scale: Edge of the image as the network saw it over its edge.
        seen: The image so; shape (rows, cols).
        points: (row, col) [px of ``seen``], shape (n, 2).
        radius_px: Of the holes, in ``seen``; shape (n,).
        probability: That each is a hole, 0 to 1; shape (n,).
        density: Expected clicks a pixel of the map; shape (rows / stride, cols / stride).
        localiser: The network.
    """

    scale: float
    seen: NDArray[np.float32]
    points: Floats
    radius_px: Floats
    probability: Floats
    density: NDArray[np.float32]
    localiser: HoleLocaliser

    def __len__(self) -> int:
        """Count the peaks."""
        return len(self.points)

    @property
    def log_ratio(self) -> Floats:
        """Natural log of the radius as seen over the one that the network works at; shape (n,)."""
        return np.log(self.radius_px / self.localiser.radius_px)

    def in_image(self, points: Floats) -> Floats:
        """Take points of ``seen`` to the image."""
        return from_scaled(points, self.scale)

    def within(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> "Look":
        """Take the peaks from ``low`` to before ``high`` (row, col) [px of the image]."""
        points = self.in_image(self.points)
        inside = np.all((points >= low) & (points < high), axis=1)
        return replace(
            self,
            points=self.points[inside],
            radius_px=self.radius_px[inside],
            probability=self.probability[inside],
        )

    def probability_at(self, points: Floats) -> Floats:
        """Read the probability of a hole off the map, peak or no peak.

        Args:
            points: (row, col) [px of ``seen``], shape (m, 2).
        """
        stride = self.localiser.stride
        reach = REACH * self.localiser.radius_px / stride
        return self.localiser.probability(mass_at(self.density, (points - (stride - 1) / 2) / stride, reach))


def look(image: Pyramid, localiser: HoleLocaliser, scale: float) -> Look:
    """Look at an image at a scale."""
    stride, radius = localiser.stride, localiser.radius_px
    seen = image.at(scale)
    maps = localiser.maps(seen)
    peaks = find_peaks(maps, REACH * radius / stride)
    points = peaks.points * stride + (stride - 1) / 2
    inside = np.all((points >= -0.5) & (points < np.array(seen.shape) - 0.5), axis=1)
    peaks, points = peaks[inside], points[inside]
    probability = localiser.probability(peaks.mass)
    return Look(scale, seen, points, radius * np.exp(peaks.log_radius), probability, maps[0], localiser)
