"""How well models rank, with intervals and base rates."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

MEASURES = {
    "roc_auc": "ROC AUC, pooled",
    "roc_auc_within_session": "ROC AUC within a session",
    "average_precision": "average precision",
}


def measures_of_models(metrics: dict[str, Any], part: str = "test") -> Figure:
    """Draw each measure of each model with its interval, and the value of chance beside it.

    Args:
        metrics: As ``evaluation.scoring.account`` gives them.
        part: Of the split.
    """
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    for axes, (measure, title) in zip(figure.subplots(1, len(MEASURES)), MEASURES.items(), strict=True):
        _draw(
            axes, {name: parts[part] for name, parts in metrics["models"].items() if part in parts}, measure
        )
        axes.set(title=title, xlim=(0, 1))
    figure.suptitle(
        f"{part} sessions, {metrics['origin']}; bars: 95 % by bootstrap over sessions; dashed: chance",
        fontsize=9,
    )
    return figure


def training_curve(curve: Any) -> Figure:
    """Draw the loss by epoch.

    Args:
        curve: Columns ``epoch``, ``training_loss``, ``validation_loss``.
    """
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(curve["epoch"], curve["training_loss"], label="training")
    axes.plot(curve["epoch"], curve["validation_loss"], label="held-out sessions")
    still_falls = int(curve["validation_loss"].to_numpy().argmin()) == len(curve) - 1
    state = (
        "UNDER-TRAINED: the held-out loss still falls" if still_falls else "until the held-out loss was flat"
    )
    axes.set(xlabel="epoch", ylabel="cross entropy", title=f"Training of the network, {state}")
    axes.legend()
    return figure


def _draw(axes: Axes, models: dict[str, Any], measure: str) -> None:
    for place, measures in enumerate(models.values()):
        figure = measures[measure]
        if figure["value"] is None:
            continue
        chance = measures["base_rate"]["value"] if measure == "average_precision" else 0.5
        axes.vlines(chance, place - 0.4, place + 0.4, color="0.5", linestyle="--")
        if figure["low"] is not None:
            axes.hlines(place, figure["low"], figure["high"], linewidth=3, color="steelblue", alpha=0.5)
        axes.plot(figure["value"], place, "o", color="midnightblue")
    axes.set_yticks(range(len(models)), list(models))
    axes.set_ylim(-0.6, len(models) - 0.4)
