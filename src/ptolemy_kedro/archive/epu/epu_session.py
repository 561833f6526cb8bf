"""``EpuSession.dm``: the session itself, the squares it knows, and where in a hole its shots go."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from ptolemy_kedro.archive.epu.elements import Element
from ptolemy_kedro.archive.epu.geometry import step_matrix
from ptolemy_kedro.archive.epu.microscope_image import pair, reference_matrix
from ptolemy_kedro.archive.epu.xml import read_xml

SIMULATED = "origin: simulated"
"""The project's name of a session that no microscope took."""

_FARTHEST_PX = 1e6
_LARGEST_SHIFT_M = 1e-3


@dataclass(frozen=True)
class Preset:
    """Settings of a magnification: lens mode, image shift (x, y) in EPU's unit, and what that is [um]."""

    lens_mode: str | None
    image_shift: tuple[float, float]
    image_shift_um: tuple[float, float]


@dataclass(frozen=True)
class EpuSession:
    """A session as EPU keeps it.

    Attributes:
        session_id: EPU's number.
        name: The operator's name for it.
        started_at: With zone.
        sample: What the autoloader says of the grid.
        slot: Place in the autoloader.
        foil: EPU's word for the grid's foil.
        hole_diameter_um, hole_spacing_um: As EPU measured them.
        atlas_path: Of the atlas, on the machine that wrote it.
        square_files: Square's number to the name of its file, on the machine that wrote it.
        intensities: Least and greatest mean intensity that the operator's ice filter lets pass.
        offsets_um: Area of the template to its offset from a hole's centre, stage (x, y).
        presets: The microscope's settings, one a magnification.
        simulated: No microscope took it.
    """

    session_id: str
    name: str
    started_at: datetime | None
    sample: str | None
    slot: int | None
    foil: str | None
    hole_diameter_um: float | None
    hole_spacing_um: float | None
    atlas_path: str | None
    square_files: dict[str, str | None]
    intensities: tuple[float, float] | None
    offsets_um: dict[str, tuple[float, float]]
    presets: tuple[Preset, ...]
    simulated: bool


def read_epu_session(path: Path, name: str) -> EpuSession:
    """Read an ``EpuSession.dm``; raises ``VendorFileError`` where it is no such file, or damaged."""
    return epu_session(read_xml(path, name, "EpuSessionXml"))


def epu_session(root: Element) -> EpuSession:
    """Take a session out of its elements; raises ``VendorFileError`` naming what is wrong."""
    samples = root.items("Samples/_items")
    if not samples:
        raise root.fault("has no sample (Samples/_items). EPU writes one once the session is set up.")
    sample = samples[0]
    slot = root.whole("AutoloaderSlot")
    return EpuSession(
        session_id=str(root.need("Id").as_whole()),
        name=root.string("Name") or "",
        started_at=root.time("StartDateTime") or sample.time("StartDateTime"),
        sample=root.string("AutoloaderDescription"),
        slot=slot if slot and slot > 0 else None,
        foil=sample.string("GridType"),
        hole_diameter_um=_length_um(sample, "FilterHolesSettings/HoleSize"),
        hole_spacing_um=_length_um(sample, "FilterHolesSettings/HoleSpacing"),
        atlas_path=sample.string("AtlasId"),
        square_files=_square_files(sample),
        intensities=_intensities(sample),
        offsets_um=_offsets_um(sample.find("TargetAreaTemplate")),
        presets=_presets(sample),
        simulated=root.string("DMPSession/ProjectName") == SIMULATED,
    )


def _square_files(sample: Element) -> dict[str, str | None]:
    entries = sample.entries("GridSquares/m_serializationArray")
    return {str(key.as_whole()): value.string("FileName") for key, value in entries}


def _length_um(sample: Element, path: str) -> float | None:
    length = sample.number(path, 1e-3)
    return length * 1e6 if length and length > 0 else None


def _intensities(sample: Element) -> tuple[float, float] | None:
    return pair(sample.find("FilterHolesSettings"), "MinimumIntensity", "MaximumIntensity")


def _offsets_um(template: Element | None) -> dict[str, tuple[float, float]]:
    """Take the areas' shifts, in pixels of the template's image, to the stage."""
    reference = reference_matrix(template.find("PhysicalTransformation/matrix")) if template else None
    pixel_m = template.number("TemplateImagePixelSize/width", 1e-4) if template else None
    if template is None or reference is None or not pixel_m or pixel_m <= 0:
        return {}
    step = step_matrix(reference, pixel_m * 1e10)
    if step is None:
        return {}
    offsets = {}
    for key, area in template.entries("DataAcquisitionAreas/m_serializationArray"):
        shift = area.need("ShiftInPixels")
        width, height = (shift.need_number(side, _FARTHEST_PX) for side in ("width", "height"))
        x, y = step @ np.array([width, height])
        offsets[key.text] = (float(x), float(y))
    return offsets


def _presets(sample: Element) -> tuple[Preset, ...]:
    presets = []
    for _, preset in sample.entries("MicroscopeSettings/KeyValuePairs"):
        own = pair(preset.find("Optics/ImageShift"), "_x", "_y")
        metres = pair(preset.find("DirectCalibrations/ImageShift"), "width", "height")
        if own and metres and max(map(abs, metres)) < _LARGEST_SHIFT_M:
            um = (metres[0] * 1e6, metres[1] * 1e6)
            presets.append(Preset(preset.string("Optics/ObjectiveLensMode"), own, um))
    return tuple(presets)
