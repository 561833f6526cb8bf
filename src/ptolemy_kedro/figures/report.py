"""What the report says of a run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ptolemy_kedro.figures.page import page, paragraph, picture, table, with_interval
from ptolemy_kedro.simulation import operators

LABELS = ("selected", "rejected", "unknown")

if TYPE_CHECKING:
    import pandas as pd

SIMULATED = (
    "All figures on this page come from SIMULATED sessions: they show that the road is whole, not how "
    "well the method does on your microscope. Put your own archives into data/01_raw/sessions and run again."
)
REAL = "The figures on this page come from the facility's own sessions."

NEXT_STEPS = (
    ("the pipelines, their data, metrics and figures", "kedro viz run"),
    ("the runs, and every version of the models", "mlflow ui --backend-store-uri {store}"),
    ("the registered models and what each scored", "ptolemy models list"),
    ("put this run's model to use", "ptolemy models promote {name} {version}"),
    ("score an image of your own", "ptolemy squares IMAGE --figure squares.png"),
)


def report_page(
    metrics: dict[str, Any],
    challenger: dict[str, Any],
    sessions: "pd.DataFrame",
    counts: "pd.DataFrame",
    set_aside: dict[str, list[str]],
    figures: Mapping[str, bytes],
) -> str:
    """Write the page.

    Args:
        metrics: As ``evaluation.scoring.account`` gives them.
        challenger: What was registered: name, version, kind, origin, sessions, store.
        sessions: ``tables.Sessions`` rows.
        counts: One row a session: ``session_id``, ``squares``, ``selected``, ``rejected``, ``unknown``.
        set_aside: Problems by archive.
        figures: PNG by what they show.
    """
    origin = metrics["origin"]
    return page(
        "Ptolemy: squares found, ranked and judged",
        [
            ("Where this comes from", [_origin(origin, len(sessions)), _model(challenger)]),
            (
                "How well the models rank squares",
                [*_ranking(metrics), *_pictures(figures, ("ranking", "curve"))],
            ),
            ("What the model sees", _pictures(figures, ("tile", "gallery", "mixture"))),
            ("Sessions", [_sessions(sessions, counts, metrics["sessions"])]),
            ("Archives set aside", [_set_aside(set_aside)]),
            ("Where to look next", [_next_steps(challenger)]),
        ],
    )


def label_counts(squares: "pd.DataFrame") -> "pd.DataFrame":
    """Count each session's squares: ``session_id``, ``squares``, ``selected``, ``rejected``, ``unknown``."""
    import pandas as pd

    counts = pd.crosstab(squares["session_id"], squares["label"]).reindex(columns=list(LABELS), fill_value=0)
    return counts.assign(squares=counts.sum(axis=1)).reset_index()


def _origin(origin: str, sessions: int) -> str:
    if origin == "real":
        return paragraph(f"{REAL} Sessions: {sessions}.")
    who = f"Sessions: {sessions}; operators' digest {operators.digest()[:12]} (docs/simulation.md)."
    return paragraph(f"{SIMULATED} {who}", "simulated")


def _model(challenger: dict[str, Any]) -> str:
    return paragraph(
        f"Best on the validation sessions: {challenger['kind']}, registered as {challenger['name']} version "
        f"{challenger['version']} (challenger), trained on {len(challenger['sessions'])} "
        f"{challenger['origin']} sessions, data {challenger['data_digest'][:12]}. A score is "
        "P(selected | viewed) under the habits of those who chose in these sessions; what a square is worth "
        "is another question."
    )


def _ranking(metrics: dict[str, Any]) -> list[str]:
    head = (
        "model",
        "sessions",
        "squares",
        "base rate",
        "ROC AUC pooled",
        "within a session",
        "average precision",
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
        "published figures are of other, real sessions: they stand here for scale."
    )
    return [table(head, rows), paragraph(note, "small")]


def _row(name: str, part: str, measures: dict[str, Any]) -> tuple[str, ...]:
    figures = (
        measures[key] for key in ("base_rate", "roc_auc", "roc_auc_within_session", "average_precision")
    )
    return (
        f"{name}, {part}",
        str(measures["sessions"]),
        str(measures["sites"]),
        *map(with_interval, figures),
    )


def _sessions(sessions: "pd.DataFrame", counts: "pd.DataFrame", split: dict[str, list[str]]) -> str:
    part_of = {session_id: part for part, names in split.items() for session_id in names}
    joined = sessions.merge(counts, on="session_id", how="left")
    rows = [
        (
            r.session_id,
            r.origin,
            part_of.get(str(r.session_id), ""),
            r.squares,
            r.selected,
            r.rejected,
            r.unknown,
        )
        for r in joined.itertuples()
    ]
    return table(("session", "origin", "part", "square images", "selected", "rejected", "unknown"), rows)


def _set_aside(set_aside: dict[str, list[str]]) -> str:
    if not set_aside:
        return paragraph("None: every archive could be read.")
    return table(("archive", "what is wrong"), [(name, " ".join(found)) for name, found in set_aside.items()])


def _next_steps(challenger: dict[str, Any]) -> str:
    return table(("to see", "run"), [(what, command.format(**challenger)) for what, command in NEXT_STEPS])


def _pictures(figures: Mapping[str, bytes], names: tuple[str, ...]) -> list[str]:
    about = {
        "ranking": "Each model's measures on the test sessions, with intervals and chance.",
        "curve": "Loss while the network was trained.",
        "tile": "A tile of a test session: dark blue the best, dark red the worst squares.",
        "gallery": "Squares of the test sessions from the best to the worst score.",
        "mixture": "How squares are told from bars: intensities of a tile, the two components, and the mask.",
    }
    return [picture(figures[name], about[name]) for name in names if name in figures]
