"""The ``.xml`` beside each of EPU's images: how it was taken, and the hole that EPU found in it."""

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.epu.elements import Element
from ptolemy_kedro.archive.epu.geometry import Matrix, Shape, step_matrix
from ptolemy_kedro.archive.epu.xml import read_xml

FARTHEST_M = 0.01
"""No stage reaches farther from its centre [m]."""

_LARGEST_PIXEL_M = 1e-4
_CAMERA = "microscopeData/acquisition/camera"


@dataclass(frozen=True)
class FoundHole:
    """A hole that EPU found in an image: centre (x, y) and width in EPU's pixels, and how sure it was."""

    centre_xy: tuple[float, float]
    width_px: float | None
    quality: float | None


@dataclass(frozen=True)
class MicroscopeImage:
    """What EPU says about an image.

    Attributes:
        pixel_size_a: As read out [A].
        readout: Shape as read out; None where the file does not say.
        binning: Pixels of the detector to one read out.
        step_um: How far a pixel is on the stage; None where the file does not say.
        stage_um: (x, y, z); z may be absent.
        tilt_deg: (alpha, beta).
        beam_shift: (x, y) in EPU's own unit, which is none of length.
        image_shift: (x, y) in EPU's own unit.
        defocus_um: The one asked for, else the one that the lenses state.
        taken_at: With zone.
        voltage_kv, microscope, detector, software: As the file names them.
        hole: What EPU found when it centred.
    """

    pixel_size_a: float
    readout: Shape | None
    binning: int | None
    step_um: Matrix | None
    stage_um: tuple[float, float, float | None]
    tilt_deg: tuple[float | None, float | None]
    beam_shift: tuple[float, float] | None
    image_shift: tuple[float, float] | None
    defocus_um: float | None
    taken_at: datetime | None
    voltage_kv: float | None
    microscope: str | None
    detector: str | None
    software: str | None
    hole: FoundHole | None


def read_image_record(path: Path, name: str) -> MicroscopeImage:
    """Read the ``.xml`` of an image.

    Raises:
        VendorFileError: It cannot be read, or lacks the pixel size or the stage position.
    """
    return image_record(read_xml(path, name, "MicroscopeImage"))


def image_record(root: Element) -> MicroscopeImage:
    """Take an image's record out of its elements; raises as ``read_image_record``."""
    pixel_size_a = _pixel_size_a(root)
    more = {key.text: value for key, value in root.entries("CustomData")}
    camera = root.find(_CAMERA)
    return MicroscopeImage(
        pixel_size_a=pixel_size_a,
        readout=_readout(root.find(f"{_CAMERA}/ReadoutArea")),
        binning=_above_zero(camera, "Binning/x"),
        step_um=_step(root, pixel_size_a),
        stage_um=stage_position(root.need("microscopeData/stage/Position")),
        tilt_deg=tilts(root.need("microscopeData/stage/Position")),
        beam_shift=pair(root.find("microscopeData/optics/BeamShift"), "_x", "_y"),
        image_shift=pair(root.find("microscopeData/optics/ImageShift"), "_x", "_y"),
        defocus_um=_defocus_um(root, more),
        taken_at=root.time("microscopeData/acquisition/acquisitionDateTime"),
        voltage_kv=_voltage_kv(root),
        microscope=_microscope(root),
        detector=_text(more.get("DetectorCommercialName")) or root.string(f"{_CAMERA}/Name"),
        software=_software(root),
        hole=_found_hole(more.get("FindFoilHoleCenterResults")),
    )


def stage_position(position: Element) -> tuple[float, float, float | None]:
    """Read X, Y and Z [um] of one of EPU's stage positions."""
    x, y = position.need_number("X", FARTHEST_M), position.need_number("Y", FARTHEST_M)
    z = position.number("Z", FARTHEST_M)
    return x * 1e6, y * 1e6, None if z is None else z * 1e6


def tilts(position: Element) -> tuple[float | None, float | None]:
    """Read the tilts alpha and beta [deg] of one of EPU's stage positions."""
    return _degrees(position.number("A", math.pi / 2)), _degrees(position.number("B", math.pi / 2))


def pair(holder: Element | None, first: str, second: str) -> tuple[float, float] | None:
    """Read two numbers; None unless both are there."""
    if holder is None:
        return None
    one, other = holder.number(first, 1e9), holder.number(second, 1e9)
    return None if one is None or other is None else (one, other)


def reference_matrix(holder: Element | None) -> NDArray[np.float64] | None:
    """Read a ``matrix``: rows what x, y become, columns along x and y; shape (2, 2)."""
    if holder is None or holder.find("_m11") is None:
        return None
    (m11, m12), (m21, m22) = ([holder.need_number(f"_m{row}{col}", 1.0) for col in (1, 2)] for row in (1, 2))
    return np.array([[m11, m21], [m12, m22]])


def _pixel_size_a(root: Element) -> float:
    place = root.need("SpatialScale/pixelSize/x/numericValue")
    size_m = place.as_number(_LARGEST_PIXEL_M)
    if size_m < 1e-13:
        raise place.fault(f"is {place.text[:40]!r}, which is no pixel size in metres.")
    return size_m * 1e10


def _readout(area: Element | None) -> Shape | None:
    rows, cols = _above_zero(area, "height"), _above_zero(area, "width")
    return (rows, cols) if rows and cols else None


def _above_zero(holder: Element | None, path: str) -> int | None:
    value = holder.whole(path) if holder else None
    return value if value and 0 < value <= 10**6 else None


def _step(root: Element, pixel_size_a: float) -> Matrix | None:
    reference = reference_matrix(root.find("ReferenceTransformation/matrix"))
    return None if reference is None else step_matrix(reference, pixel_size_a)


def _defocus_um(root: Element, more: dict[str, Element]) -> float | None:
    asked_for = more.get("AppliedDefocus")
    stated = asked_for.as_number(1.0) if asked_for else root.number("microscopeData/optics/Defocus", 1.0)
    return None if stated is None else stated * 1e6


def _voltage_kv(root: Element) -> float | None:
    volts = root.number("microscopeData/gun/AccelerationVoltage", 1e7)
    return volts / 1000 if volts and volts > 0 else None


def _microscope(root: Element) -> str | None:
    parts = [root.string(f"microscopeData/instrument/{name}") for name in ("InstrumentModel", "InstrumentID")]
    return " ".join(part for part in parts if part) or None


def _software(root: Element) -> str | None:
    names = ("ApplicationSoftware", "ApplicationSoftwareVersion")
    parts = [root.string(f"microscopeData/core/{name}") for name in names]
    return " ".join(part for part in parts if part) or None


def _found_hole(found: Element | None) -> FoundHole | None:
    centre = pair(found.find("Center"), "x", "y") if found else None
    if found is None or centre is None:
        return None
    width = found.number("Size/width", 1e6)
    return FoundHole(centre, width if width and width > 0 else None, found.number("Quality"))


def _text(value: Element | None) -> str | None:
    return (value.text or None) if value else None


def _degrees(radians: float | None) -> float | None:
    return None if radians is None else math.degrees(radians)
