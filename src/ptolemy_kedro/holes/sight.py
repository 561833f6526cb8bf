"""What a network sees of a hole beyond its descriptors: its ice, its state, dirt, a bar near by.

It learnt from the truth of simulated sessions alone, by ``scripts/train_hole_sight``, and from no operator.
What it sees is given to the models that learn from operators' clicks as further numbers.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.training.model import read_model

SIZE_PX = 24
"""Edge of the frames it sees: ``HoleCrops.frames(SIZE_PX)``."""

STATES = ("iced", "dry", "empty", "cracked", "crystalline", "exposed")

SEEN: tuple[str, ...] = (
    "seen_ice",  # logarithm of the ice [nm]
    "seen_rank",  # 0 thinnest .. 1 thickest of the image
    "seen_dirt",  # root of the share of its light that dirt takes
    "seen_around",  # the same of the film just outside it
    "seen_bar",  # 1 where it touches a bar, less and less the farther it is
    *(f"seen_{state}" for state in STATES),  # probability of each state
)
"""Names of what it sees, in the order of its output."""


@dataclass(frozen=True)
class HoleSight:
    """A network that sees what holes are like.

    Attributes:
        onnx: Rows of pixels and descriptors to ``SEEN``.
        digest: SHA-256 of it, for what is trained on top.
    """

    onnx: bytes
    digest: str

    def see(self, frames: NDArray[np.uint8], numbers: NDArray[np.float32]) -> NDArray[np.float32]:
        """Look at holes.

        Args:
            frames: ``HoleCrops.frames(SIZE_PX)``; shape (n, 1, SIZE_PX, SIZE_PX), n may be 0.
            numbers: Descriptors in the order of ``context.DESCRIPTORS``; shape (n, d).

        Returns:
            ``SEEN``, shape (n, len(SEEN)).
        """
        model, seen = OnnxModel(self.onnx), np.empty((len(frames), len(SEEN)), np.float32)
        for start in range(0, len(frames), 1024):
            part = slice(start, start + 1024)
            pixels = frames[part].reshape(len(frames[part]), -1).astype(np.float32)
            seen[part] = model.run(np.concatenate([pixels, numbers[part]], axis=1))
        return seen


def folder() -> Path:
    """Give the folder of the network that the package ships."""
    return Path(str(files("ptolemy_kedro") / "holes" / "sight_weights"))


@lru_cache(maxsize=1)
def shipped_sight() -> HoleSight:
    """Open the network that the package ships."""
    import hashlib

    onnx, _ = read_model(folder())
    return HoleSight(onnx, hashlib.sha256(onnx).hexdigest())
