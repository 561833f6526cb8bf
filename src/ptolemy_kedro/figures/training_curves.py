"""Training curves of several models, and whether each was trained until it was flat."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def training_curves(curves: Mapping[str, list[dict[str, Any]]]) -> Figure:
    """Draw the loss by epoch, a panel a model.

    Args:
        curves: Of each model a row an epoch: ``epoch``, ``training_loss``, ``validation_loss``; at least one.
    """
    figure = Figure(figsize=(max(4.2 * len(curves), 6), 3.2), layout="constrained")
    panels = figure.subplots(1, len(curves), squeeze=False).ravel()
    for axes, (name, curve) in zip(panels, curves.items(), strict=True):
        _draw(axes, name, curve)
    panels[0].set(ylabel="loss")
    panels[0].legend()
    return figure


def still_falls(losses: list[float]) -> bool:
    """Tell whether the held-out loss was at its lowest in the last epoch: then training was cut short."""
    return losses.index(min(losses)) == len(losses) - 1


def _draw(axes: Axes, name: str, curve: list[dict[str, Any]]) -> None:
    epochs, training, held_out = (
        [row[column] for row in curve] for column in ("epoch", "training_loss", "validation_loss")
    )
    axes.plot(epochs, training, "o-", markersize=3, label="training")
    axes.plot(epochs, held_out, "o-", markersize=3, label="held-out sessions")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    state = "UNDER-TRAINED: still falls" if still_falls(held_out) else "until flat"
    axes.set(xlabel="epoch", title=f"{name}, {state}")
