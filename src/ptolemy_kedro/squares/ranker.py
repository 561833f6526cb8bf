"""Scoring squares with a trained model; the same code in training, in the flows and at the microscope."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.opened import OpenedModel
from ptolemy_kedro.squares.sight import SquareSight, shipped_sight
from ptolemy_kedro.stored_crops import standardised

if TYPE_CHECKING:
    from ptolemy_kedro.squares.crops import Crops

BATCH = 256
"""Crops in memory at once as floating-point numbers."""


class SquareRanker(OpenedModel):
    """A model that gives each square P(selected | viewed)."""

    role = "square ranker"
    kinds = ("logreg", "forest", "cnn", "ranker")

    @property
    def looks_at_crops(self) -> bool:
        """Does it need pixels, or descriptors only?"""
        return self.config["kind"] == "cnn"

    @property
    def looks_at_grids(self) -> bool:
        """Does it compare a square with the rest of its grid, so that a square has one score in a session?"""
        return self.config["kind"] == "ranker"

    @property
    def sight(self) -> SquareSight | None:
        """What looks at squares for it; None where it goes by descriptors alone.

        Raises:
            ModelError: It learnt by what other networks see than those of this version.
        """
        if "sight" not in self.config:
            return None
        if self.config["sight"] != shipped_sight().digest:
            raise ModelError(
                "The model learnt by what other networks see than look at squares in this version. "
                "Train it anew."
            )
        return shipped_sight()

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
        values = self.columns(descriptors)
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
