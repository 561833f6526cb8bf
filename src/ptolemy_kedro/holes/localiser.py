"""The trained network that marks holes, as every flow and door runs it."""

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.opened import OpenedModel

KIND = "hole-unet"

WHOLE_PX2, TILE_PX = 8e6, 1536
"""Pixels of an image that the network is shown whole; and edge of the tiles that a larger one is shown in."""

OVERLAP_PX = 192
"""How far a tile is shown beyond its edges: farther than anything counts that the network sees."""


class HoleLocaliser(OpenedModel):
    """A network that marks the centres of holes of a radius of about ``config["radius_px"]``.

    Its network takes images (n, 1, rows, cols) to maps (n, 2, rows / 2, cols / 2).
    """

    role = "hole localiser"
    kinds = (KIND,)

    @property
    def radius_px(self) -> float:
        """Radius of a hole at the scale that the network works at."""
        return float(self.config["radius_px"])

    @property
    def stride(self) -> int:
        """Pixels of an image a pixel of the maps."""
        return int(self.config["stride"])

    def probability(self, mass: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn the clicks expected about a point into the calibrated probability of a hole."""
        slope, intercept = self.config["calibration"]
        return 1 / (1 + np.exp(-(slope * np.log(np.maximum(mass, 1e-6)) + intercept)))

    def maps(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on an image brought to its scale and to grey levels 0 to 1.

        Args:
            image: Shape (rows, cols).

        Returns:
            Clicks expected a pixel, and natural log of the radius over ``config["radius_px"]``; a pixel of
            the maps is ``config["stride"]`` wide; shape (2, rows / stride, cols / stride).
        """
        multiple, stride = self.config["multiple"], self.stride
        rows, cols = image.shape
        padded = np.pad(image, ((0, -rows % multiple), (0, -cols % multiple)), mode="edge")
        maps = self.model.run(padded[None, None])[0] if padded.size <= WHOLE_PX2 else self._in_tiles(padded)
        return maps[:, : -(-rows // stride), : -(-cols // stride)]

    def _in_tiles(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on a large image, a tile in memory at a time; the maps are those of the whole."""
        maps = np.empty((2, image.shape[0] // self.stride, image.shape[1] // self.stride), np.float32)
        for low in np.ndindex(-(-image.shape[0] // TILE_PX), -(-image.shape[1] // TILE_PX)):
            start = np.array(low) * TILE_PX
            stop = np.minimum(start + TILE_PX, image.shape)
            first, last = np.maximum(start - OVERLAP_PX, 0), np.minimum(stop + OVERLAP_PX, image.shape)
            shown = self.model.run(image[None, None, first[0] : last[0], first[1] : last[1]])[0]
            to, of = _parts(start, stop, self.stride), _parts(start - first, stop - first, self.stride)
            maps[:, *to] = shown[:, *of]
        return maps


def _parts(start: NDArray[np.int64], stop: NDArray[np.int64], stride: int) -> tuple[slice, slice]:
    """Give the rows and cols of maps from a pixel of the image to before another."""
    rows, cols = (
        slice(int(low), int(high)) for low, high in zip(start // stride, stop // stride, strict=True)
    )
    return rows, cols
