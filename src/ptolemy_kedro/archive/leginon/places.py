"""Where on the stage the pixels of images lie."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.leginon.calibrations import Calibrations, Matrix
from ptolemy_kedro.archive.leginon.images import Taken
from ptolemy_kedro.geometry import StageMap

_NEGLIGIBLE_UM = 1e-3


@dataclass
class Places:
    """The stage maps of a session's images, each made after its parent's.

    Leginon moves to a target at (row, col) pixels from the centre by ``-matrix @ (row, col)``, the y part
    divided by the cosine of the alpha tilt. It counts targets from the pixel (rows / 2, cols / 2); the stage
    position is taken as that of the field's own middle, half a pixel before.

    Attributes:
        calibrations: The database's.
        maps: By the images' ids.
        unrotated: Magnifications without a stage matrix, taken as unrotated.
        unshifted: Magnifications without an image shift matrix at which image shift was used.
    """

    calibrations: Calibrations
    maps: dict[int, StageMap] = field(default_factory=dict)
    unrotated: set[int | None] = field(default_factory=set)
    unshifted: set[int | None] = field(default_factory=set)

    def add(self, image: Taken, aimed_at_um: NDArray[np.float64] | None) -> StageMap | None:
        """Work out an image's map, as read out.

        Args:
            image: The image; its parent's map was added before.
            aimed_at_um: Where its target lies by its parent's map, (x, y) [um], or None.

        Returns:
            The map; None where shape, stage position or pixel size are unknown.
        """
        x, y, _ = image.stage_um
        if image.shape is None or x is None or y is None:
            return None
        matrix = self._matrix(image)
        if matrix is None:
            return None
        centre = np.array([x, y]) + self._shifted(image, np.array([x, y]), aimed_at_um)
        found = StageMap(matrix, centre - matrix @ _middle(image.shape))
        self.maps[image.row_id] = found
        return found

    def _matrix(self, image: Taken) -> Matrix | None:
        """From pixels as read out to the stage [um/px]."""
        made = self.calibrations.stage.find(image.setup, image.at)
        if made is not None:
            lean = np.cos(np.deg2rad(image.tilt_deg[0] or 0.0))
            return -made.value * np.array(image.binning) / np.array([[1.0], [lean]])
        if image.pixel_a is None or image.shape is None:
            return None
        self.unrotated.add(image.setup[0])
        return StageMap.centred(image.shape, image.pixel_a, (0.0, 0.0)).matrix

    def _shifted(
        self, image: Taken, at_um: NDArray[np.float64], aimed_at_um: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        """How far image shift moved the field on the stage [um]; not calibrated, to where it was aimed."""
        moved = np.array(image.moved_um)
        if np.abs(moved).max() < _NEGLIGIBLE_UM:
            return np.zeros(2)
        matrix = self.calibrations.shift_on_stage(image.setup, image.at)
        if matrix is not None:
            return np.asarray(matrix @ moved)
        self.unshifted.add(image.setup[0])
        return np.zeros(2) if aimed_at_um is None else aimed_at_um - at_um


def offsets_um(
    shots: Mapping[int, Taken], target_um: NDArray[np.float64] | None, places: Places
) -> dict[int, tuple[float, float] | None]:
    """Work out how far the shots of one target lie from it on the stage.

    Where image shift is not calibrated, several shots lie about their own middle, along the stage's axes,
    and one has no known offset.

    Args:
        shots: By their ids.
        target_um: The target's stage position (x, y) [um], or None.
        places: Holds the shots' maps.

    Returns:
        Offset (x, y) [um] by the shots' ids.
    """
    known = target_um is not None and all(
        shot in places.maps and image.setup[0] not in places.unshifted for shot, image in shots.items()
    )
    if target_um is not None and known:
        return {
            shot: _pair(places.maps[shot].to_stage(_middle(image.shape)[None])[0] - target_um)
            for shot, image in shots.items()
            if image.shape is not None
        }
    if len(shots) == 1:
        return dict.fromkeys(shots)
    middle = np.mean([image.moved_um for image in shots.values()], axis=0)
    return {shot: _pair(np.array(image.moved_um) - middle) for shot, image in shots.items()}


def _middle(shape: tuple[int, int]) -> NDArray[np.float64]:
    return (np.array(shape) - 1) / 2


def _pair(point: NDArray[np.float64]) -> tuple[float, float]:
    return float(point[0]), float(point[1])
