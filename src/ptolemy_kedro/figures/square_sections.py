"""What the report says of squares."""

from collections.abc import Mapping
from typing import Any

from ptolemy_kedro.figures.page import Section, paragraph, pictures, table, with_interval

ABOUT = {
    "ranking": "Each model's measures on the test sessions, with intervals and chance.",
    "curve": "Loss while the network was trained.",
    "tile": "A tile of a test session: dark blue the best, dark red the worst squares.",
    "calibration": "Share of squares selected over their score; a larger dot stands for more squares.",
    "leakage": "Squares of one session on both sides of a split flatter a model: both splits side by side.",
    "mistakes": "The worst mistakes first: squares left though scored high, and chosen though scored low.",
    "gallery": "Squares of the test sessions from the best to the worst score.",
    "mixture": "How squares are told from bars: intensities of a tile, the two components, and the mask.",
}
"""What each figure shows."""


def square_sections(metrics: dict[str, Any], figures: Mapping[str, bytes]) -> list[Section]:
    """Say how well squares were ranked, and show it.

    Args:
        metrics: As ``evaluation.scoring.account`` gives them; empty where no flow measured any.
        figures: PNG by the names of ``ABOUT``.
    """
    if not metrics:
        nothing = paragraph(
            "No model that ranks squares was trained here. Run `kedro run --pipeline=low2med`."
        )
        return [("How well the models rank squares", [nothing])]
    ranking = [*_ranking(metrics), *pictures(figures, ABOUT, ("ranking", "calibration", "leakage", "curve"))]
    seen = pictures(figures, ABOUT, ("mistakes", "tile", "gallery", "mixture"))
    return [("How well the models rank squares", ranking), ("What the model sees", seen)]


def _ranking(metrics: dict[str, Any]) -> list[str]:
    head = (
        "model",
        "sessions",
        "squares",
        "base rate",
        "ROC AUC pooled",
        "within a session",
        "average precision",
        "calibration error",
        "squares for the operator's hundred",
    )
    rows = [
        _row(name, part, measures)
        for name, parts in metrics["models"].items()
        for part, measures in parts.items()
    ]
    known = metrics["published"]
    base_rate, ranking = known["base_rate"], known["split by session"]
    for name, figures in ranking.items():
        beside = (
            f"{base_rate:.3f}",
            f"{figures['roc_auc']:.3f}",
            "not given",
            f"{figures['average_precision']:.3f}",
        )
        rows.append((f"published: {name}", "76 real", "41k", *beside))
    note = (
        "In brackets: 95 % by bootstrap over sessions. An average precision at the base rate is chance. The "
        "last column counts the squares to visit, best first, until a hundred of the operators' are among "
        "them (half of these, where there are fewer than two hundred). The "
        "published figures are of other, real sessions: they stand here for scale. A score is "
        "P(selected | viewed) under the habits of those who chose in these sessions; what a square is worth "
        "is another question."
    )
    return [table(head, rows), paragraph(note, "small")]


def _row(name: str, part: str, measures: dict[str, Any]) -> tuple[str, ...]:
    names = ("base_rate", "roc_auc", "roc_auc_within_session", "average_precision", "calibration_error")
    figures = (measures[name] for name in names)
    return (
        f"{name}, {part}",
        str(measures["sessions"]),
        str(measures["sites"]),
        *map(with_interval, figures),
        with_interval(measures["needed_for_hundred"], ".0f"),
    )
