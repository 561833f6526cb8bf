"""EPU's beam and image shifts in micrometres. EPU writes them in a unit of its own, about 25 um at high
magnification.

Each preset holds an image shift twice, in that unit and in metres. Between the two lie a scale, a turn and
a mirror, one for all presets of a mode of the lens on the sessions that were looked at. At high magnification
a shift of the beam is the opposite of an image shift of the same numbers: so measured, the distance between
two shots of a hole is the template's to 0.2 %, its direction to 0.2 degrees, and the shots fall on a hole.
"""

from collections.abc import Iterable

from ptolemy_kedro.archive.epu.epu_session import Preset

Shift = tuple[float, float]
"""Shift (x, y)."""

_LEAST_SHIFT = 1e-5
_UNIT_UM = (0.1, 10_000.0)
_SAME = 1e-6
_HIGH = "HM"


def beam_unit(presets: Iterable[Preset]) -> complex | None:
    """Find what takes the conjugate of a beam shift in EPU's unit to stage x + iy [um].

    Of high magnification. None where no preset tells: none is shifted, or by nothing sensible.
    """
    units = [
        -complex(*preset.image_shift_um) / complex(*preset.image_shift).conjugate()
        for preset in presets
        if preset.lens_mode == _HIGH and abs(complex(*preset.image_shift)) > _LEAST_SHIFT
    ]
    sensible = [unit for unit in units if _UNIT_UM[0] < abs(unit) < _UNIT_UM[1]]
    return sensible[0] if sensible else None


def beam_shift_um(shift: Shift | None, unit: complex | None) -> Shift | None:
    """Tell where a beam shift takes the beam, stage (x, y) [um]; None where that is not known."""
    if shift is None or shift == (0.0, 0.0):
        return shift
    if unit is None:
        return None
    moved = unit * complex(*shift).conjugate()
    return moved.real, moved.imag


def image_shift_um(shift: Shift | None, presets: Iterable[Preset]) -> Shift | None:
    """Look up what an image shift is, (x, y) [um], among the presets'; None where none is the same."""
    if shift is None or shift == (0.0, 0.0):
        return shift
    for preset in presets:
        if abs(complex(*preset.image_shift) - complex(*shift)) <= _SAME * abs(complex(*shift)):
            return preset.image_shift_um
    return None
