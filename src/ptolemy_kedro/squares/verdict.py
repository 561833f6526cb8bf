"""Whether the squares seen hold anything to collect, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REASONS: tuple[tuple[str, str, float], ...] = (
    # What is wrong with a square, the descriptor that tells, and from where on; assumed.
    ("let nearly all the light through: empty, dry or torn open", "torn_share", 0.5),
    ("let less than a fifth of the light through: ice too thick", "depth_usual", 1.6),
    ("are torn", "torn_share", 0.1),
    ("show cracks", "crack_length", 0.25),
    ("hold a pool of ice", "pool_depth", 0.6),
)
MENTIONED = 0.2
"""Share of the squares from which on a reason is given."""


@dataclass(frozen=True)
class Verdict:
    """What may be expected of the squares seen.

    Attributes:
        expected: How many of them an operator would select: the sum of their scores.
        nothing: Chance that an operator would select none, 0 to 1; NaN where the model cannot tell.
        reasons: What is wrong with many of the squares.
    """

    expected: float
    nothing: float
    reasons: tuple[str, ...]

    @property
    def collect(self) -> bool:
        """Is there likely something to collect?"""
        return not self.nothing > 0.5 and self.expected > 0

    @property
    def line(self) -> str:
        """The verdict in words."""
        if self.collect:
            return f"About {self.expected:.1f} squares that an operator would select."
        why = f": {'; '.join(self.reasons)}" if self.reasons else ""
        return f"Probably nothing here to collect{why}."


def judge_squares(scores: Floats, values: Mapping[str, Floats], config: Mapping[str, Any]) -> Verdict:
    """Judge the squares that were seen together.

    Args:
        scores: P(selected | viewed) of each; shape (n,).
        values: Their descriptors; shape (n,) each.
        config: Of the model; ``nothing`` holds the slope and offset that read ``expected`` as a chance.
    """
    expected = float(np.sum(scores))
    if not len(scores):
        return Verdict(0.0, 1.0, ("no square was found",))
    return Verdict(expected, chance_of_nothing(expected, config.get("nothing")), tuple(_reasons(values)))


def chance_of_nothing(expected: float, read: Mapping[str, float] | None) -> float:
    """Read an expected number of selected squares as the chance of none."""
    if read is None:
        return float("nan")
    logit = read["slope"] * np.log(max(expected, 1e-6)) + read["offset"]
    return float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))


def _reasons(values: Mapping[str, Floats]) -> list[str]:
    """Tell what is wrong with many squares, each square counted under the first that fits."""
    n = len(next(iter(values.values())))
    left, reasons = np.ones(n, bool), []
    for words, name, least in REASONS:
        if name not in values:
            continue
        wrong = left & (np.asarray(values[name]) > least)
        left &= ~wrong
        if wrong.sum() >= MENTIONED * n:
            reasons.append(f"{int(wrong.sum())} of {n} {words}")
    return reasons
