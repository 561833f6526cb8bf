"""What EPU's marks mean: who chose a square or a hole, and why the others were not chosen.

``Selected`` alone is no choice: EPU marks every hole that its filters leave, in any square that it looked at.
"""

import re
from typing import NamedTuple

from ptolemy_kedro.archive.epu.grid_square import GridSquare, Hole


class Decision(NamedTuple):
    """Columns of ``tables.Targets``: whose, what, and why."""

    source: str
    decision: str
    reason: str | None


def decide_square(square: GridSquare | None, visited: bool, viewed: bool) -> Decision:
    """Tell what was decided about a square of the atlas.

    Args:
        square: Its file; None where it is not in the source.
        visited: Exposures or hole images were taken in it.
        viewed: An image of it was taken.
    """
    if square is None:
        if visited:
            return Decision("operator", "selected", "visited")
        return Decision("vendor", "not_considered", "file_missing")
    if square.selected or visited:
        return Decision("vendor" if square.recommended else "operator", "selected", None)
    if square.unusable:
        return Decision("vendor", "rejected", "unusable")
    if viewed:
        return Decision("operator", "rejected", "viewed_and_left")
    return Decision("vendor", "not_considered", None)


def decide_hole(hole: Hole, square: GridSquare, intensities: tuple[float, float] | None) -> Decision:
    """Tell what was decided about a hole that EPU found.

    Args:
        hole: The hole.
        square: The square it lies in.
        intensities: What the operator's ice filter lets pass.
    """
    if hole.visited:
        return Decision("vendor", "selected", None)
    if hole.near_bar and not hole.selected:
        return Decision("vendor", "not_considered", "near_grid_bar")
    if not square.considered:
        return Decision("vendor", "not_considered", "square_not_selected")
    if hole.selected:
        return Decision("vendor", "selected", None)
    if intensities and hole.intensity is not None and not intensities[0] <= hole.intensity <= intensities[1]:
        return Decision("vendor", "not_considered", "ice_filter")
    return Decision("operator", "rejected", "deselected")


def as_state(word: str | None) -> str | None:
    """Write EPU's word for a state as ours are written: ``InProgress`` becomes ``in_progress``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower() if word else None
