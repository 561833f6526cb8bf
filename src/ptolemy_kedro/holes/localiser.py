"""The trained network that marks holes, as every flow and door runs it."""

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.opened import OpenedModel

KIND = "hole-unet"


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
        maps = self.model.run(padded[None, None])[0]
        return maps[:, : -(-rows // stride), : -(-cols // stride)]
