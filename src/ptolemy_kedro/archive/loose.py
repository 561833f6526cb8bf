"""One image that is in no archive: what its file, and SerialEM's .mdoc file beside it, say of it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ptolemy_kedro.archive.images import header_of
from ptolemy_kedro.archive.mrc import HEADER_BYTES, is_mrc
from ptolemy_kedro.archive.rasters import is_jpeg, is_png, is_tiff
from ptolemy_kedro.geometry import StageMap

if TYPE_CHECKING:
    from ptolemy_kedro.archive.serialem.mdoc import Mdoc

SUFFIXES = (".mrc", ".mrcs", ".map", ".tif", ".tiff", ".png", ".jpg", ".jpeg")
"""How files are called that are taken for images."""


@dataclass(frozen=True)
class LooseImage:
    """An image's place and scale, as far as they are known.

    Attributes:
        path: The file.
        name: What messages call it.
        shape: (rows, cols) [px].
        pixel_size_a: Edge of a pixel [A], or None.
        stage_um: Stage (x, y) of the image's middle [um], or None.
        stage_z_um: Its z [um], or None.
        bottom_first: Is the first row stored the lowest one displayed? So it is in MRC files, not in others.
        rotation_deg: Of the stage's axes against the image as displayed [deg].
    """

    path: Path
    name: str
    shape: tuple[int, int]
    pixel_size_a: float | None
    stage_um: tuple[float, float] | None
    stage_z_um: float | None
    bottom_first: bool
    rotation_deg: float = 0.0

    @property
    def stage_map(self) -> StageMap | None:
        """The map from its pixels to the stage, unmirrored as displayed; None where it is unknown."""
        if self.pixel_size_a is None or self.stage_um is None:
            return None
        seen = StageMap.centred(self.shape, self.pixel_size_a, self.stage_um, self.rotation_deg)
        return flipped(seen, self.shape[0]) if self.bottom_first else seen

    @property
    def map_about_itself(self) -> StageMap:
        """Pixels to places [um] about the image's own middle; a pixel of unknown size counts as 1 um."""
        seen = StageMap.centred(self.shape, self.pixel_size_a or 1e4, (0.0, 0.0), self.rotation_deg)
        return flipped(seen, self.shape[0]) if self.bottom_first else seen


def look_at(
    path: Path,
    name: str | None = None,
    pixel_size_a: float | None = None,
    stage_um: tuple[float, float] | None = None,
) -> LooseImage:
    """Read what an image and its .mdoc file say, without its pixels.

    Args:
        path: The image.
        name: What messages call it; the path if None.
        pixel_size_a: Edge of a pixel [A] that counts before what the files say.
        stage_um: Stage (x, y) of its middle [um], the same.

    Raises:
        ImageError: It is no image.
        VendorFileError: Its .mdoc file is broken.
    """
    name = name or str(path)
    header = header_of(path, name)
    known = LooseImage(path, name, header.shape, header.pixel_size_a, None, None, _is_bottom_first(path))
    mdoc_file = path.with_name(f"{path.name}.mdoc")
    if mdoc_file.is_file():
        from ptolemy_kedro.archive.serialem.mdoc import read_mdoc

        known = _with_mdoc(known, read_mdoc(mdoc_file, f"{name}.mdoc"))
    return replace(
        known, pixel_size_a=pixel_size_a or known.pixel_size_a, stage_um=stage_um or known.stage_um
    )


def flipped(stage_map: StageMap, rows: int) -> StageMap:
    """Give the map of an image whose rows are stored in the opposite order."""
    matrix = stage_map.matrix.copy()
    matrix[:, 0] *= -1
    return StageMap(matrix, stage_map.offset + stage_map.matrix[:, 0] * (rows - 1))


def _with_mdoc(image: LooseImage, mdoc: "Mdoc") -> LooseImage:
    """Add what an .mdoc says; of a montage its pieces' places say nothing of the whole."""
    sections = mdoc.of_kind("ZValue") + mdoc.of_kind("Image")
    described = sections[0].data if sections else None
    spacing = (described.PixelSpacing if described else None) or mdoc.data.PixelSpacing
    image = replace(image, pixel_size_a=spacing if spacing and spacing > 0 else image.pixel_size_a)
    if described is None or len(sections) > 1 or described.StagePosition is None:
        return image
    x, y = described.StagePosition[:2]
    return replace(image, stage_um=(float(x), float(y)), stage_z_um=described.StageZ)


def _is_bottom_first(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    return not (is_tiff(head) or is_png(head) or is_jpeg(head)) and is_mrc(head)
