"""The database's calibrations: by magnification, microscope and camera, and by the time they were made."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.leginon.database import Database

Setup = tuple[int | None, int | None, int | None]
"""Magnification, microscope and camera (their ids)."""

Matrix = NDArray[np.float64]
"""Takes (row, col) of unbinned pixels to (x, y) [um] of what moves features by as much; shape (2, 2)."""

Value = TypeVar("Value")

EARLIEST = datetime.min.replace(tzinfo=UTC)
_SETUP = {
    "at": "DEF_timestamp",
    "magnification": "magnification",
    "tem": "REF|InstrumentData|tem",
    "camera": "REF|InstrumentData|ccdcamera",
}
_ENTRIES = {f"m{r}{c}": f"ARRAY|matrix|{r}_{c}" for r in (1, 2) for c in (1, 2)}


@dataclass(frozen=True)
class Calibrated(Generic[Value]):
    """A calibration and whether it was made only after the image."""

    value: Value
    later: bool


class Series(Generic[Value]):
    """Values of one kind; the latest made before a time counts, else the earliest after it."""

    def __init__(self) -> None:
        self._made: dict[Setup, list[tuple[datetime, Value]]] = {}

    def add(self, setup: Setup, at: datetime | None, value: Value) -> None:
        """Add a value; of two of one time the one added later counts."""
        self._made.setdefault(setup, []).append((at or EARLIEST, value))
        self._made[setup].sort(key=lambda made: made[0])

    def find(self, setup: Setup, at: datetime | None) -> Calibrated[Value] | None:
        """Find the value for an image taken at a time; None where there is none for its setup."""
        made = self._made.get(setup)
        if not made:
            return None
        place = bisect_right([time for time, _ in made], at or datetime.max.replace(tzinfo=UTC))
        return Calibrated(made[max(place - 1, 0)][1], later=place == 0)


@dataclass(frozen=True)
class Calibrations:
    """All that the project uses.

    Attributes:
        pixel_um: Edge of an unbinned pixel [um].
        stage: By the stage.
        image_shift: By image shift.
    """

    pixel_um: Series[float]
    stage: Series[Matrix]
    image_shift: Series[Matrix]

    def shift_on_stage(self, setup: Setup, at: datetime | None) -> Matrix | None:
        """The matrix from an image shift to the stage move that has the same effect, both (x, y) [um]."""
        stage, shift = self.stage.find(setup, at), self.image_shift.find(setup, at)
        if stage is None or shift is None:
            return None
        return np.asarray(stage.value @ np.linalg.inv(shift.value))


def read_calibrations(database: Database) -> Calibrations:
    """Read the calibrations of all magnifications; impossible ones (singular, not positive) are left out."""
    found = Calibrations(Series(), Series(), Series())
    for row in database.all("PixelSizeCalibrationData", {**_SETUP, "pixel_m": "pixelsize"}):
        pixel_m = row.number("pixel_m")
        if pixel_m is not None and 0 < pixel_m < 1:
            setup = row.whole("magnification"), row.whole("tem"), row.whole("camera")
            found.pixel_um.add(setup, row.time("at"), pixel_m * 1e6)
    for row in database.all("MatrixCalibrationData", {**_SETUP, "type": "type", **_ENTRIES}):
        series = {"stage position": found.stage, "image shift": found.image_shift}.get(row.text("type"))
        metres = np.array([[row.number(f"m{r}{c}") or 0.0 for c in (1, 2)] for r in (1, 2)])
        matrix = metres * 1e6 if np.abs(metres).max() < 1 else np.zeros((2, 2))
        if series is not None and abs(np.linalg.det(matrix)) > 1e-18:
            setup = row.whole("magnification"), row.whole("tem"), row.whole("camera")
            series.add(setup, row.time("at"), matrix)
    return found
