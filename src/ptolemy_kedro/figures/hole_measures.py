"""How well holes are located and judged, with intervals, beside the published figures."""

from collections.abc import Mapping
from typing import Any, cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure

LOCATED = {"precision": "precision", "recall": "recall", "f1": "F1"}
JUDGED = {
    "accuracy": "accuracy",
    "roc_auc": "ROC AUC, pooled",
    "roc_auc_within_image": "ROC AUC within an image",
    "average_precision": "average precision",
}


def measures_of_holes(metrics: dict[str, Any], part: str = "test") -> Figure:
    """Draw the measures of locating above those of judging; the published ones are hollow.

    Args:
        metrics: As ``evaluation.judging_holes.account`` gives them.
        part: Of the split.
    """
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    above, below = cast(Any, figure.subfigures(2, 1))
    known = metrics["published"]
    _draw(above, LOCATED, _of(metrics["located"], part), known["located"])
    _draw(below, JUDGED, _of(metrics["judged"], part), known["judged"])
    above.suptitle(
        f"Locating, against the operators' clicks; {part} sessions, {metrics['origin']}", fontsize=10
    )
    below.suptitle("Judging: dashed is chance, hollow is published, of other, real sessions", fontsize=10)
    return figure


def _of(models: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {name: parts[part] for name, parts in models.items() if part in parts}


def _draw(
    figure: Any, measures: Mapping[str, str], ours: Mapping[str, Any], published: Mapping[str, Any]
) -> None:
    for axes, (measure, title) in zip(
        figure.subplots(1, len(measures), sharey=True), measures.items(), strict=True
    ):
        for place, figures in enumerate(ours.values()):
            _draw_measure(axes, place, measure, figures)
        for place, known in enumerate(published.values(), start=len(ours)):
            if measure in known:
                axes.plot(known[measure], place, "o", markerfacecolor="none", color="0.4")
        names = [*ours, *(f"published: {name}" for name in published)]
        axes.set_yticks(range(len(names)), names)
        axes.set(title=title, xlim=(0, 1.02), ylim=(len(names) - 0.4, -0.6))


def _draw_measure(axes: Axes, place: int, measure: str, figures: Mapping[str, Any]) -> None:
    figure = figures[measure]
    if (chance := _chance(measure, figures)) is not None:
        axes.vlines(chance, place - 0.4, place + 0.4, color="0.5", linestyle="--")
    if figure["value"] is None:
        return
    if figure["low"] is not None:
        axes.hlines(place, figure["low"], figure["high"], linewidth=3, color="steelblue", alpha=0.5)
    axes.plot(figure["value"], place, "o", color="midnightblue")


def _chance(measure: str, figures: Mapping[str, Any]) -> float | None:
    """Give what a model without knowledge would reach; None where that is not defined."""
    if measure.startswith("roc_auc"):
        return 0.5
    base_rate = figures.get("base_rate", {}).get("value")
    if base_rate is None or measure not in ("accuracy", "average_precision"):
        return None
    return max(base_rate, 1 - base_rate) if measure == "accuracy" else base_rate
