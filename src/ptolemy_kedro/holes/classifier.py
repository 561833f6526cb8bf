"""Judging holes with a trained model; the same code in training, in the flows and at the microscope."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.holes.crops import HoleCrops
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.stored_crops import SIZE_CLASSES, standardised

if TYPE_CHECKING:
    from ptolemy_kedro.training.model import TrainedModel

CONTEXT, AVERAGE_POOLING, PADDING = "hole-context", "hole-average-pooling", "hole-padding"
KINDS = (CONTEXT, AVERAGE_POOLING, PADDING)
BATCH = 256
"""Crops in memory at once as floating-point numbers."""


@dataclass(frozen=True)
class HoleClassifier:
    """A model that gives each hole P(selected | viewed).

    Attributes:
        model: The network.
        config: Of the model's folder; ``kind`` says what it looks at.
        version: In the registry; 0 for one that is not registered.
    """

    model: OnnxModel
    config: Mapping[str, Any]
    version: int = 0

    def __post_init__(self) -> None:
        """Refuse a model that judges no holes.

        Raises:
            ModelError: Its kind is unknown.
        """
        if self.config.get("kind") not in KINDS:
            kinds = " or ".join(KINDS)
            raise ModelError(
                f"The model's kind is {self.config.get('kind')!r}; a hole classifier is {kinds}."
            )

    @classmethod
    def of(cls, trained: "TrainedModel") -> "HoleClassifier":
        """Use a model that was just trained."""
        return cls(OnnxModel(trained.onnx), trained.config)

    @property
    def label(self) -> str:
        """Name, version and origin, for every answer."""
        name, origin = self.config.get("name", self.config["kind"]), self.config.get("origin", "unknown")
        version = f"version {self.version}" if self.version else "unregistered"
        return f"{name} {version} ({self.config['kind']}, trained on {origin} sessions)"

    def score(self, crops: HoleCrops, descriptors: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Score holes.

        Args:
            crops: Of the holes.
            descriptors: A value a hole for each name, each of shape (n,).

        Returns:
            Scores, 0 to 1, shape (n,); n may be 0.

        Raises:
            ModelError: A descriptor that the model was trained on is missing.
        """
        if not len(crops):
            return np.zeros(0)
        if self.config["kind"] == CONTEXT:
            frames = crops.frames(self.config["crop"]["size_px"])
            return self.score_frames(frames, self._columns(descriptors))
        limited = crops.limited(self.config["crop"]["largest_px"])
        if self.config["kind"] == PADDING:
            frames = limited.frames(self.config["crop"]["side_px"], rescale=False)
            return self._selected(standardised(frames))
        return self._by_class(limited)

    def score_frames(self, frames: NDArray[np.uint8], numbers: NDArray[np.float32]) -> NDArray[np.float64]:
        """Score frames already brought to our network's size, ``BATCH`` at a time.

        Args:
            frames: ``HoleCrops.frames`` of the size it was trained at; shape (n, 1, size, size), n may be 0.
            numbers: Descriptors in the model's order; shape (n, d).
        """
        scores = np.zeros(len(frames))
        for start in range(0, len(frames), BATCH):
            part = slice(start, start + BATCH)
            pixels = frames[part].reshape(len(frames[part]), -1).astype(np.float32)
            scores[part] = self._selected(np.concatenate([pixels, numbers[part]], axis=1))
        return scores

    def _by_class(self, crops: HoleCrops) -> NDArray[np.float64]:
        """Score crops of many sizes, those of one class together."""
        scores = np.zeros(len(crops))
        classes = np.searchsorted(SIZE_CLASSES, [len(crop) for crop in crops.pixels])
        for number in np.unique(classes):
            members = np.flatnonzero(classes == number)
            frames = crops[members].frames(SIZE_CLASSES[number], rescale=False)
            scores[members] = self._selected(standardised(frames))
        return scores

    def _selected(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        return self.model.run(values, BATCH).reshape(len(values)).astype(float)

    def _columns(self, descriptors: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float32]:
        missing = [name for name in self.config["descriptors"] if name not in descriptors]
        if missing:
            raise ModelError(
                f"The model needs the descriptor {missing[0]!r}, which this version does not compute."
            )
        columns = [np.asarray(descriptors[name], dtype=np.float32) for name in self.config["descriptors"]]
        return np.stack(columns, axis=1)
