"""Whether a challenger takes the champion's place, and why."""

from dataclasses import dataclass
from typing import Any

from ptolemy_kedro.evaluation.contest import PromoteOptions
from ptolemy_kedro.metrics.ranking import Figure

CHANCE = {"roc_auc_within_session": 0.5, "f1": 0.0}
"""What the primary figure is without any knowledge; the first champion must lie above it."""


@dataclass(frozen=True)
class Verdict:
    """The decision.

    Attributes:
        promote: Does the challenger take the place?
        reason: One sentence, with the figures that decided.
    """

    promote: bool
    reason: str


def decide(compared: dict[str, Any], options: PromoteOptions) -> Verdict:
    """Decide: beyond chance the primary figure must gain, and no guarded figure may get worse.

    Args:
        compared: As ``contest.compare`` gives it.
        options: How many sessions it takes.
    """
    primary, telling = compared["primary"], compared["telling"]
    measures = compared["measures"]
    if telling < options.fewest_sessions:
        return Verdict(
            False,
            f"only {telling} of {compared['sessions']} sessions held out can tell a good model from a bad "
            f"one, and it takes {options.fewest_sessions}",
        )
    if "gain" not in measures[primary]:
        return _first(primary, measures[primary]["challenger"])
    gain = measures[primary]["gain"]
    if gain["low"] is None or gain["low"] <= 0:
        return Verdict(
            False, f"the gain in {_words(primary)} is {_written(gain)}, not above zero beyond chance"
        )
    for name in compared["guarded"]:
        loss = measures[name]["gain"]
        if loss["high"] is not None and loss["high"] < 0:
            return Verdict(
                False, f"{_words(name)} gets worse: {_written(loss)}, though {_words(primary)} gains"
            )
    return Verdict(True, f"the gain in {_words(primary)} is {_written(gain)} and no guarded figure falls")


def _first(primary: str, figure: Figure) -> Verdict:
    chance = CHANCE[primary]
    above = figure["low"] is not None and figure["low"] > chance
    said = f"{_words(primary)} is {_written(figure, '.3f')}"
    if above:
        return Verdict(True, f"there is no champion yet, and {said}, above chance ({chance})")
    return Verdict(False, f"{said}, not above chance ({chance})")


def _words(name: str) -> str:
    return name.replace("_", " ").replace("roc auc", "ROC AUC")


def _written(figure: Figure, form: str = "+.3f") -> str:
    if figure["value"] is None:
        return "undefined"
    if figure["low"] is None:
        return f"{figure['value']:{form}}"
    return f"{figure['value']:{form}} ({figure['low']:{form}} to {figure['high']:{form}})"
