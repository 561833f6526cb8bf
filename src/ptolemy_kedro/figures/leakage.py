"""How much better models look when squares of one session stand on both sides of a split."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

BY_SESSION, AT_RANDOM = "split by session", "split at random"
COLOURS = {BY_SESSION: "midnightblue", AT_RANDOM: "darkorange"}
MEASURES = {"roc_auc": "ROC AUC, pooled", "average_precision": "average precision"}


def leakage_between_squares(metrics: Mapping[str, Any], part: str = "test") -> Figure:
    """Draw each model's measures under both splits, and below them the published ones.

    Args:
        metrics: As ``evaluation.scoring.account`` gives them, ``AT_RANDOM`` among them.
        part: Of the split by session.
    """
    rows = _rows(metrics, part)
    figure = Figure(figsize=(10, 1.3 + 0.42 * len(rows)), layout="constrained")
    for axes, (measure, title) in zip(figure.subplots(1, 2, sharey=True), MEASURES.items(), strict=True):
        for place, (_, splits) in enumerate(rows):
            for split, figures in splits.items():
                _mark(axes, place, figures.get(measure), COLOURS[split])
        axes.set(title=title, xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    handles = [Line2D([], [], marker="o", linestyle="", color=c, label=name) for name, c in COLOURS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle("The gap is what a model knows of a session, not of squares; bars: 95 %", fontsize=9)
    return figure


def _rows(metrics: Mapping[str, Any], part: str) -> list[tuple[str, dict[str, dict[str, Any]]]]:
    ours = [
        (name, {BY_SESSION: parts.get(part, {}), AT_RANDOM: metrics[AT_RANDOM].get(name, {})})
        for name, parts in metrics["models"].items()
    ]
    known = metrics["published"]
    published = [
        (f"published: {name}", {split: known[split][name] for split in COLOURS}) for name in known[AT_RANDOM]
    ]
    return ours + published


def _mark(axes: Axes, place: int, figure: Any, colour: str) -> None:
    value = figure.get("value") if isinstance(figure, dict) else figure
    if value is None:
        return
    if isinstance(figure, dict) and figure.get("low") is not None:
        axes.hlines(place, figure["low"], figure["high"], linewidth=3, color=colour, alpha=0.4)
    axes.plot(value, place, "o", color=colour)
