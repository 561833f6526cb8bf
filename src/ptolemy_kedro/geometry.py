"""Every convention of position, and the maps between them.

Inside the project a point is ``(row, col)`` in pixels of the image as stored. The centre of the first
pixel is ``(0, 0)``, so the image covers ``-0.5 .. rows - 0.5``. Stage positions are ``(x, y)`` in
micrometres. The wire formats' ``(x, y)`` pixels, x the column, live only at the doors.
Angles are in degrees, counter-clockwise from +col towards -row (as seen on a screen), unless said otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import PtolemyError

Points = NDArray[np.float64]
"""Points (row, col) [px]; shape (n, 2)."""

StagePoints = NDArray[np.float64]
"""Stage positions (x, y) [um]; shape (n, 2)."""

STAGE_COLUMNS = (
    "x_um_per_row", "x_um_per_col", "y_um_per_row", "y_um_per_col", "x_at_origin_um", "y_at_origin_um",
)  # fmt: skip
"""The columns of the images table that take pixels to the stage."""


@dataclass(frozen=True)
class StageMap:
    """The affine map from pixels to the stage: ``(x, y) = matrix @ (row, col) + offset``.

    Attributes:
        matrix: Rows x, y; columns per row, per col [um/px]; shape (2, 2). May mirror.
        offset: Stage position of pixel (0, 0), (x, y) [um]; shape (2,).
    """

    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]

    @classmethod
    def centred(
        cls,
        shape: tuple[int, int],
        pixel_size_a: float,
        centre_um: tuple[float, float],
        rotation_deg: float = 0.0,
    ) -> "StageMap":
        """Map an image whose centre lies at a stage position, unmirrored: x along +col, y along -row.

        Args:
            shape: Image (rows, cols) [px].
            pixel_size_a: Edge of a pixel [A].
            centre_um: Stage (x, y) of the image's centre [um].
            rotation_deg: Rotation of the stage's axes against the image's [deg].
        """
        step = pixel_size_a * 1e-4
        turn = np.deg2rad(rotation_deg)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        matrix = rotation @ np.array([[0.0, step], [-step, 0.0]])
        middle = (np.array(shape) - 1) / 2
        return cls(matrix, np.asarray(centre_um, dtype=float) - matrix @ middle)

    def to_stage(self, points: Points) -> StagePoints:
        """Take points (row, col) [px], shape (n, 2), to the stage (x, y) [um], shape (n, 2)."""
        return np.asarray(points, dtype=float) @ self.matrix.T + self.offset

    def to_pixels(self, stage: StagePoints) -> Points:
        """Take stage positions (x, y) [um], shape (n, 2), to points (row, col) [px], shape (n, 2).

        Raises:
            PtolemyError: The matrix cannot be inverted.
        """
        if abs(np.linalg.det(self.matrix)) < 1e-18:
            raise PtolemyError(
                "The pixel-to-stage matrix is singular. Import the session again with its calibration."
            )
        return (np.asarray(stage, dtype=float) - self.offset) @ np.linalg.inv(self.matrix).T


def stage_map(image: Mapping[str, Any]) -> StageMap | None:
    """Read the map from pixels to the stage off an image's row; none where an entry is missing."""
    values = np.array([_number(image.get(name)) for name in STAGE_COLUMNS])
    if not np.isfinite(values).all():
        return None
    return StageMap(values[:4].reshape(2, 2), values[4:])


def stage_columns(known: StageMap | None) -> dict[str, float]:
    """Write the map from pixels to the stage as an image's row has it; no column of one that is not known."""
    if known is None:
        return {}
    return dict(zip(STAGE_COLUMNS, np.append(known.matrix, known.offset).tolist(), strict=True))


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):  # None, or pandas' NA
        return np.nan
