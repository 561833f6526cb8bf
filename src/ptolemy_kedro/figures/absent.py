"""What stands in the place of a figure that there is nothing to draw of."""

from matplotlib.figure import Figure


def nothing_yet(flow: str) -> Figure:
    """Say which flow makes what this figure shows."""
    figure = Figure(figsize=(6, 1))
    about = f"Nothing to show yet. Run `kedro run --pipeline={flow}` first."
    figure.text(0.5, 0.5, about, ha="center", va="center", fontsize=11)
    return figure
