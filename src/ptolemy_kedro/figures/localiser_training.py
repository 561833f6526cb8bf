"""The localiser's training: the scatter of clicks that it learns, beside how well it marks holes."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def sigma_over_training(curve: list[dict[str, float]], title: str = "") -> Figure:
    """Draw the learned sigma and the average precision by epoch, and one against the other.

    Args:
        curve: A row an epoch: ``epoch``, ``sigma_px``, ``average_precision`` on held-out sessions.
        title: Which model.
    """
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    by_epoch, against = figure.subplots(1, 2, width_ratios=[1.3, 1])
    epoch, sigma, precision = (_column(curve, name) for name in ("epoch", "sigma_px", "average_precision"))
    _by_epoch(by_epoch, epoch, sigma, precision)
    against.plot(sigma, precision, color="0.7", zorder=1)
    points = against.scatter(sigma, precision, c=epoch, cmap="viridis", zorder=2)
    figure.colorbar(points, ax=against, label="epoch")
    against.set(
        xlabel="learned sigma of clicks [px at its scale]", ylabel="average precision, held-out sessions"
    )
    figure.suptitle(title, fontsize=10)
    return figure


def _by_epoch(axes: Axes, epoch: list[float], sigma: list[float], precision: list[float]) -> None:
    axes.plot(epoch, sigma, "o-", color="midnightblue", markersize=4)
    axes.set(xlabel="epoch", ylabel="learned sigma [px at its scale]")
    axes.yaxis.label.set_color("midnightblue")
    beside = axes.twinx()
    beside.plot(epoch, precision, "s-", color="darkorange", markersize=4)
    beside.set(ylabel="average precision, held-out sessions", ylim=(0, 1.02))
    beside.yaxis.label.set_color("darkorange")


def _column(curve: list[dict[str, Any]], name: str) -> list[float]:
    return [float(row[name]) for row in curve]
