"""Judging holes with a trained model; the same code in training, in the flows and at the microscope."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.holes.crops import HoleCrops
from ptolemy_kedro.opened import OpenedModel
from ptolemy_kedro.stored_crops import SIZE_CLASSES, standardised

CONTEXT, AVERAGE_POOLING, PADDING = "hole-context", "hole-average-pooling", "hole-padding"
BATCH = 256
"""Crops in memory at once as floating-point numbers."""


class HoleClassifier(OpenedModel):
    """A model that gives each hole P(selected | viewed)."""

    role = "hole classifier"
    kinds = (CONTEXT, AVERAGE_POOLING, PADDING)

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
            return self.score_frames(frames, self.columns(descriptors))
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
