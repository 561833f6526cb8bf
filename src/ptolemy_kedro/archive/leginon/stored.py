"""Images as stored: their files, and their maps in the pixels of the file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.leginon.files import SessionFiles
from ptolemy_kedro.archive.leginon.images import Taken
from ptolemy_kedro.geometry import StageMap

_SAME_SCALE = 0.01


@dataclass(frozen=True)
class Stored:
    """An image as it is in the archive.

    Attributes:
        taken: The image as the database has it.
        shape: (rows, cols) as stored [px].
        path: Its file, or None; ``why`` there is none.
        scale: Pixels as read out to one as stored (rows, cols); None where the file shows something else.
    """

    taken: Taken
    shape: tuple[int, int]
    path: Path | None
    why: str
    scale: tuple[float, float] | None

    def point(self, off_centre_px: tuple[float, float]) -> NDArray[np.float64] | None:
        """Take (row, col) from the centre [px as read out] to (row, col) [px as stored]."""
        if self.taken.shape is None or self.scale is None:
            return None if self.scale is None else np.array(off_centre_px) + np.array(self.shape) / 2
        read_out = np.array(off_centre_px) + np.array(self.taken.shape) / 2
        return np.asarray((read_out + 0.5) / np.array(self.scale) - 0.5)

    def holds(self, point: NDArray[np.float64]) -> bool:
        """Does a point lie in the image, which covers -0.5 .. rows - 0.5?"""
        return bool((point >= -0.5).all() and (point <= np.array(self.shape) - 0.5).all())

    def map(self, read_out: StageMap | None) -> StageMap | None:
        """Take a map of pixels as read out to one of pixels as stored."""
        if read_out is None or self.scale is None:
            return None
        scale = np.array(self.scale)
        return StageMap(read_out.matrix * scale, read_out.offset + read_out.matrix @ ((scale - 1) / 2))

    @property
    def pixel_size_a(self) -> float | None:
        """Edge of a pixel as stored [A]."""
        return (
            None if self.taken.pixel_a is None or self.scale is None else self.taken.pixel_a * self.scale[1]
        )


def stored(image: Taken, files: SessionFiles) -> Stored | None:
    """Look for an image's file; None where neither it nor the database tells the image's shape."""
    path = files.find(image.file)
    if isinstance(path, str):
        return None if image.shape is None else Stored(image, image.shape, None, path, (1.0, 1.0))
    header = files.header(path)
    if isinstance(header, str):
        return None if image.shape is None else Stored(image, image.shape, None, header, (1.0, 1.0))
    return Stored(image, header.shape, path, "", _scale(image.shape, header.shape))


def _scale(read_out: tuple[int, int] | None, as_stored: tuple[int, int]) -> tuple[float, float] | None:
    if read_out is None:
        return 1.0, 1.0
    rows, cols = read_out[0] / as_stored[0], read_out[1] / as_stored[1]
    return (rows, cols) if abs(rows / cols - 1) <= _SAME_SCALE else None
