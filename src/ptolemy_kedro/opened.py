"""A trained model opened for use; what rankers of squares, localisers and judges of holes have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.runtime import OnnxModel

if TYPE_CHECKING:
    from ptolemy_kedro.training.model import TrainedModel


@dataclass(frozen=True)
class OpenedModel:
    """A model that is ready to run.

    Attributes:
        model: The network.
        config: Of the model's folder; ``kind`` says what it looks at.
        version: In the registry; 0 for one that is not registered.
    """

    role: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]

    model: OnnxModel
    config: Mapping[str, Any]
    version: int = 0

    def __post_init__(self) -> None:
        """Refuse a model made for something else.

        Raises:
            ModelError: Its kind is unknown.
        """
        if self.config.get("kind") not in self.kinds:
            kinds = " or ".join(self.kinds)
            raise ModelError(f"The model's kind is {self.config.get('kind')!r}; a {self.role} is {kinds}.")

    @classmethod
    def of(cls, trained: "TrainedModel") -> Self:
        """Use a model that was just trained."""
        return cls(OnnxModel(trained.onnx), trained.config)

    @property
    def label(self) -> str:
        """Name, version and origin, for every answer."""
        name, origin = self.config.get("name", self.config["kind"]), self.config.get("origin", "unknown")
        version = f"version {self.version}" if self.version else "unregistered"
        return f"{name} {version} ({self.config['kind']}, trained on {origin} sessions)"

    def columns(self, descriptors: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float32]:
        """Put descriptors in the order that the model was trained with.

        Args:
            descriptors: A value a site for each name, each of shape (n,).

        Returns:
            Shape (n, d); n may be 0.

        Raises:
            ModelError: A descriptor that the model was trained on is missing.
        """
        missing = [name for name in self.config["descriptors"] if name not in descriptors]
        if missing:
            raise ModelError(
                f"The model needs the descriptor {missing[0]!r}, which this version does not compute."
            )
        columns = [np.asarray(descriptors[name], dtype=np.float32) for name in self.config["descriptors"]]
        return np.stack(columns, axis=1)
