"""What the report says of holes."""

from collections.abc import Iterator, Mapping
from typing import Any

from ptolemy_kedro.figures.page import Section, paragraph, pictures, table, with_interval

ABOUT = {
    "sigma": "The scatter of clicks that the localiser learnt, and average precision on held-out sessions.",
    "hole_measures": "Measures on the test sessions, with intervals and chance; hollow: published.",
    "hole_curves": "Loss while the models that judge holes were trained.",
    "holes": "An image of a test session: dark blue the best holes, dark red the worst.",
    "hole_failures": "Images of the test sessions in which locating did worst, the worst first.",
    "hole_gallery": "Holes of the test sessions from the best to the worst score.",
    "hole_mistakes": "Holes of the test sessions that were judged worst, the worst first.",
}
"""What each figure shows."""

NONE = "No holes were located here yet. Run `kedro run --pipeline=med2high`."


def hole_sections(metrics: dict[str, Any], figures: Mapping[str, bytes]) -> list[Section]:
    """Say how well holes were located and judged, and show it; what went wrong comes worst first.

    Args:
        metrics: As ``evaluation.judging_holes.account`` gives them; empty where no flow measured any.
        figures: PNG by the names of ``ABOUT``.
    """
    if not metrics:
        return [("How well holes are located and judged", [paragraph(NONE)])]
    return [
        (
            "How well holes are located",
            [*_located(metrics), *pictures(figures, ABOUT, ("hole_measures", "sigma"))],
        ),
        ("How well holes are judged", [*_judged(metrics), *pictures(figures, ABOUT, ("hole_curves",))]),
        ("Holes, located and judged", pictures(figures, ABOUT, ("holes", "hole_gallery"))),
        ("Where it failed, worst first", pictures(figures, ABOUT, ("hole_failures", "hole_mistakes"))),
    ]


def _located(metrics: dict[str, Any]) -> list[str]:
    head = ("way", "sessions", "images", "clicks", "found", "precision", "recall", "F1")
    measures = ("precision", "recall", "f1")
    rows: list[tuple[Any, ...]] = [
        (
            f"{way}, {part}",
            *(of_part[name] for name in ("sessions", "images", "wanted", "found")),
            *(with_interval(of_part[name]) for name in measures),
        )
        for way, part, of_part in _parts(metrics["located"])
    ]
    for name, known in metrics["published"]["located"].items():
        rows.append(
            (f"published: {name}", "unseen, real", "", "", "", *(f"{known[m]:.3f}" for m in measures))
        )
    note = (
        "Mean over sessions; in brackets 95 % by bootstrap over them. A click counts within a radius of a "
        "hole that was found. Operators leave holes out, so precision has a ceiling below 1: the share of "
        "holes clicked. The published figures are of other, real sessions: they stand here for scale."
    )
    return [table(head, rows), paragraph(note, "small")]


def _judged(metrics: dict[str, Any]) -> list[str]:
    known_by = ("ROC AUC pooled", "within a session", "within an image", "average precision")
    head = ("model", "sessions", "holes", "base rate", "accuracy", *known_by)
    measures = ("accuracy", "roc_auc", "roc_auc_within_session", "roc_auc_within_image", "average_precision")
    rows: list[tuple[Any, ...]] = [
        (
            f"{model}, {part}",
            of_part["sessions"],
            of_part["sites"],
            *(with_interval(of_part[name]) for name in ("base_rate", *measures)),
        )
        for model, part, of_part in _parts(metrics["judged"])
    ]
    known = metrics["published"]
    for name, figures in known["judged"].items():
        given = (f"{figures[m]:.3f}" if m in figures else "not given" for m in measures)
        rows.append((f"published: {name}", "real", "571k", f"{known['base_rate']:.3f}", *given))
    note = (
        f"Best on the validation sessions: {metrics['best']}. Accuracy at a score of one half; a model that "
        "always says what is more frequent reaches the base rate or one less it. An average precision at the "
        "base rate is chance. A score is P(selected | viewed) under the habits of those who chose here."
    )
    return [table(head, rows), paragraph(note, "small")]


def _parts(models: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, parts in models.items():
        for part in ("test", "validation"):
            if part in parts:
                yield name, part, parts[part]
