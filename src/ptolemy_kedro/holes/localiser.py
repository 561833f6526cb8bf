"""The trained network that marks holes, as every flow and door runs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.runtime import OnnxModel

if TYPE_CHECKING:
    from ptolemy_kedro.training.model import TrainedModel

KIND = "hole-unet"


@dataclass(frozen=True)
class HoleLocaliser:
    """A network that marks the centres of holes of a radius of about ``config["radius_px"]``.

    Attributes:
        model: The network: images (n, 1, rows, cols) to maps (n, 2, rows, cols), probability and size.
        config: Of the model's folder.
        version: In the registry; 0 for one that is not registered.
    """

    model: OnnxModel
    config: Mapping[str, Any]
    version: int = 0

    def __post_init__(self) -> None:
        """Refuse a model that locates no holes.

        Raises:
            ModelError: Its kind is unknown.
        """
        if self.config.get("kind") != KIND:
            raise ModelError(
                f"The model's kind is {self.config.get('kind')!r}; a hole localiser is {KIND!r}."
            )

    @classmethod
    def of(cls, trained: "TrainedModel") -> "HoleLocaliser":
        """Use a model that was just trained."""
        return cls(OnnxModel(trained.onnx), trained.config)

    @property
    def label(self) -> str:
        """Name, version and origin, for every answer."""
        name, origin = self.config.get("name", "hole-localiser"), self.config.get("origin", "unknown")
        version = f"version {self.version}" if self.version else "unregistered"
        return f"{name} {version} ({self.config['kind']}, trained on {origin} sessions)"

    def maps(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on an image already brought to its scale and standardised.

        Args:
            image: Shape (rows, cols).

        Returns:
            Shape (2, rows, cols): probability density of a centre (0 to 1), natural log of radius over ``radius_px``.
        """
        return self.model.run(image[None, None])[0]
