"""Scoring squares with a trained model; the same code in training, in the flows and at the microscope."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.stored_crops import standardised

if TYPE_CHECKING:
    from ptolemy_kedro.squares.crops import Crops
    from ptolemy_kedro.training.model import TrainedModel

BATCH = 256
"""Crops in memory at once as floating-point numbers."""

KINDS = ("logreg", "forest", "cnn", "ranker")


@dataclass(frozen=True)
class SquareRanker:
    """A model that gives each square P(selected | viewed).

    Attributes:
        model: The network.
        config: Of the model's folder; ``kind`` says what it looks at.
        version: In the registry; 0 for one that is not registered.
    """

    model: OnnxModel
    config: Mapping[str, Any]
    version: int = 0

    def __post_init__(self) -> None:
        """Refuse a model that ranks no squares.

        Raises:
            ModelError: Its kind is unknown.
        """
        if self.config.get("kind") not in KINDS:
            kinds = " or ".join(KINDS)
            raise ModelError(f"The model's kind is {self.config.get('kind')!r}; a square ranker is {kinds}.")

    @classmethod
    def of(cls, trained: "TrainedModel") -> "SquareRanker":
        """Use a model that was just trained."""
        return cls(OnnxModel(trained.onnx), trained.config)

    @property
    def looks_at_crops(self) -> bool:
        """Does it need pixels, or descriptors only?"""
        return self.config["kind"] == "cnn"

    @property
    def looks_at_grids(self) -> bool:
        """Does it compare a square with the rest of its grid, so that a square has one score in a session?"""
        return self.config["kind"] == "ranker"

    @property
    def label(self) -> str:
        """Name, version and origin, for every answer."""
        name, origin = self.config.get("name", self.config["kind"]), self.config.get("origin", "unknown")
        version = f"version {self.version}" if self.version else "unregistered"
        return f"{name} {version} ({self.config['kind']}, trained on {origin} sessions)"

    def score(
        self, descriptors: Mapping[str, NDArray[np.float64]], crops: "Crops | None" = None
    ) -> NDArray[np.float64]:
        """Score squares.

        Args:
            descriptors: A value a square for each name, each of shape (n,); n may be 0.
            crops: The squares' crops, where ``looks_at_crops``.

        Returns:
            Scores, 0 to 1, shape (n,).

        Raises:
            ModelError: A descriptor that the model was trained on is missing.
        """
        return self.score_and_doubt(descriptors, crops)[0]

    def score_and_doubt(
        self, descriptors: Mapping[str, NDArray[np.float64]], crops: "Crops | None" = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Score squares, and say how far the model's members disagree; arguments and errors as ``score``.

        Returns:
            Scores, 0 to 1, shape (n,), and the standard deviation of the members' scores; NaN of one alone.
        """
        if self.looks_at_crops:
            if crops is None:
                raise ModelError("This model looks at crops, and none were given.")
            scores = self.score_frames(crops.frames(self.config["crop"]["size_px"]))
            return scores, np.full(len(scores), np.nan)
        values = self._columns(descriptors)
        if self.looks_at_grids and len(values):
            members = self.model.run(values).astype(float)
            return members.mean(axis=1), members.std(axis=1)
        scores = self._selected(values)
        return scores, np.full(len(scores), np.nan)

    def score_frames(self, frames: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Score crops already brought to the network's size, ``BATCH`` at a time.

        Args:
            frames: ``Crops.frames`` of the size it was trained at; shape (n, 1, size, size), n may be 0.

        Returns:
            Scores, 0 to 1, shape (n,).
        """
        parts = (frames[start : start + BATCH] for start in range(0, len(frames), BATCH))
        return np.concatenate([np.zeros(0), *(self._selected(standardised(part)) for part in parts)])

    def _selected(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        output = self.model.run(values)
        return output.reshape(len(values), -1)[:, -1].astype(float) if len(values) else np.zeros(0)

    def _columns(self, descriptors: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float32]:
        missing = [name for name in self.config["descriptors"] if name not in descriptors]
        if missing:
            raise ModelError(
                f"The model needs the descriptor {missing[0]!r}, which this version does not compute."
            )
        columns = [np.asarray(descriptors[name], dtype=np.float32) for name in self.config["descriptors"]]
        return np.stack(columns, axis=1)
