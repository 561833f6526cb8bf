"""What Leginon's image names say: they nest by target, ``..gr`` > ``..sq`` > ``..hl`` > ``..en``."""

import re
from dataclasses import dataclass

LEVELS = {"gr": "tile", "sq": "square", "hl": "medium"}
"""Kinds of images by the preset that ends their name; other presets after these are exposures."""

FOCUS = ("fa", "fc", "fcs", "foc", "focus", "fz")
"""Presets of images taken to focus."""

HOLE_FIELD_UM = 4.0
"""A ``hl`` image of a field up to this shows one hole, a larger one a patch of several [um]: assumed."""

_LEVEL = re.compile(r"_(\d{3,})([a-z]+\d*)((?:_v\d+)?)(?=[_-]|$)", re.IGNORECASE)
_PROCESSED = re.compile(r"(?:-[A-Za-z]+\d*)+$")


@dataclass(frozen=True)
class Name:
    """An image's name in parts.

    Attributes:
        grid: What stands between the session's name and the first level; may be empty.
        presets: Preset of each level, the image's own last; may be empty.
        shot: The name without the mark of a processed copy (``-a``, ``-a-DW``): one for all copies of a shot.
    """

    grid: str
    presets: tuple[str, ...]
    shot: str


def parse(name: str, session: str) -> Name:
    """Take an image's name apart; ``session`` is the session's name, with which it begins."""
    levels = list(_LEVEL.finditer(name))
    head = name[: levels[0].start()] if levels else ""
    grid = head.removeprefix(session).strip("_- ") if head != session else ""
    shot = _PROCESSED.sub("", name) if levels else name
    return Name(grid, tuple(level[2].lower() for level in levels), shot or name)


def kind_of(name: Name, preset: str, field_um: float | None) -> str:
    """Tell what an image is: tile, square, medium, hole, exposure or focus.

    Args:
        name: Of the image.
        preset: The preset it was taken with, where the name tells none.
        field_um: Shorter edge of its field [um], or None.
    """
    last = name.presets[-1] if name.presets else preset.lower()
    if last in FOCUS:
        return "focus"
    kind = LEVELS.get(last, "exposure")
    return "hole" if kind == "medium" and field_um is not None and field_um <= HOLE_FIELD_UM else kind
