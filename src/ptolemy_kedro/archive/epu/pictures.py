"""EPU's images: which file holds the pixels, in what shape, and where they lie on the stage."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.epu.faults import Faults
from ptolemy_kedro.archive.epu.geometry import Shape, centred_map, to_stored
from ptolemy_kedro.archive.epu.inventory import ImageFiles
from ptolemy_kedro.archive.epu.microscope_image import MicroscopeImage, read_image_record
from ptolemy_kedro.archive.images import header_of
from ptolemy_kedro.errors import ImageError, VendorFileError
from ptolemy_kedro.geometry import Points, StageMap

_SAME_ASPECT = 0.02
"""A thumbnail's sides are rounded to pixels; beyond this it shows another field than was read out."""

NameOf = Callable[[Path], str]
"""How messages call a file."""


@dataclass(frozen=True)
class Picture:
    """An image as stored.

    Attributes:
        image_id: Its name in the archive.
        kind: As in ``tables.IMAGE_KINDS``.
        path: File of its pixels; None where there is none.
        stored: Shape as stored, or as read out where no file is there.
        readout: Shape as read out.
        pixel_size_a: As stored [A].
        placed: From its pixels to the stage; None where nothing tells.
        record: What EPU says about it; None where its ``.xml`` is missing.
        files: Its files' names.
        parent_id: The image whose target led here.
    """

    image_id: str
    kind: str
    path: Path | None
    stored: Shape
    readout: Shape
    pixel_size_a: float | None = None
    placed: StageMap | None = None
    record: MicroscopeImage | None = None
    files: ImageFiles | None = None
    parent_id: str | None = None

    def points(self, xy: NDArray[np.float64] | tuple[float, float]) -> Points:
        """Take EPU's pixels (x, y) to ours (row, col), shape (n, 2)."""
        return to_stored(np.asarray(xy, dtype=float), self.readout, self.stored)

    def length_px(self, length_px: float | None) -> float | None:
        """Take a length in EPU's pixels to one in the stored image's."""
        return None if length_px is None else length_px * self.stored[1] / self.readout[1]

    def holds(self, point: NDArray[np.float64]) -> bool:
        """Tell whether a point (row, col) lies in the image."""
        rows, cols = self.stored
        return bool(-0.5 <= point[0] <= rows - 0.5 and -0.5 <= point[1] <= cols - 0.5)

    def nearest(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find the point (row, col) of the image that is nearest to one beyond its edge."""
        return np.clip(point, 0, np.array(self.stored) - 1)

    def beyond(self, point: NDArray[np.float64]) -> float:
        """Tell how far a point (row, col) lies beyond the image's edge [px]."""
        return float(np.linalg.norm(point - self.nearest(point)))

    @property
    def stage_um(self) -> tuple[float, float] | None:
        """Stage (x, y) when it was taken."""
        return self.record.stage_um[:2] if self.record else None

    def with_map(self, placed: StageMap) -> "Picture":
        """Give the image another map to the stage."""
        return replace(self, placed=placed)


@dataclass
class PictureReader:
    """Reads pictures, telling what is wrong.

    Attributes:
        faults: Takes what is wrong.
        name_of: How messages call a file.
        absent: Images whose pixels are in no file.
    """

    faults: Faults
    name_of: NameOf
    absent: list[str] = field(default_factory=list)

    def read(self, files: ImageFiles, image_id: str) -> Picture | None:
        """Read an image; None where nothing tells its shape."""
        record = self._record(files)
        path, stored = self.pixels(files.pixels)
        readout = (record.readout if record else None) or stored
        if readout is None:
            self.faults.leave_out(files.name, "neither its pixels nor their number are known")
            return None
        if path is None:
            self.absent.append(files.name)
        picture = Picture(image_id, files.kind, path, stored or readout, readout, record=record, files=files)
        return self.placed(picture)

    def pixels(self, candidates: tuple[Path, ...]) -> tuple[Path | None, Shape | None]:
        """Find the first file whose header promises an image, and its shape."""
        for path in candidates:
            try:
                return path, header_of(path, self.name_of(path)).shape
            except ImageError as failure:
                self.faults.tolerate(self.name_of(path), VendorFileError(str(failure)))
        return None, None

    def placed(self, picture: Picture) -> Picture:
        """Place an image by its record: pixel size as stored, and the map to the stage."""
        record = picture.record
        if record is None:
            return picture
        by_row, by_col = np.array(picture.readout) / np.array(picture.stored)
        if abs(by_row / by_col - 1) > _SAME_ASPECT:
            self.faults.warn(
                f"{picture.image_id} is stored in {picture.stored} pixels and was read out in "
                f"{picture.readout}: not the same field. Its pixel size and place were left empty."
            )
            return picture
        size_a = float(record.pixel_size_a * np.sqrt(by_row * by_col))
        if record.step_um is None:
            return replace(picture, pixel_size_a=size_a)
        placed = centred_map(record.step_um, record.stage_um[:2], picture.readout, picture.stored)
        return replace(picture, pixel_size_a=size_a, placed=placed)

    def _record(self, files: ImageFiles) -> MicroscopeImage | None:
        if files.record is None:
            self.faults.warn(f"{files.name} has no .xml: where it was taken is not known.")
            return None
        try:
            return read_image_record(files.record, self.name_of(files.record))
        except VendorFileError as failure:
            self.faults.tolerate(self.name_of(files.record), failure)
            return None
