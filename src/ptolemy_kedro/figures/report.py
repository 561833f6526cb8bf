"""The report of a run: where it comes from, what was learnt of squares and holes, where to look next."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ptolemy_kedro.figures.page import Section, page, paragraph, table
from ptolemy_kedro.partitions import SessionTable
from ptolemy_kedro.simulation import hole_operators, operators

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
    ("the registered models and what each scored", "ptolemy models list"),
    ("compare with the champions, promote what is better", "kedro run --pipeline=retrain"),
    ("rank the squares of an image of your own", "ptolemy squares IMAGE --figure squares.png"),
    ("judge the holes of an image of your own", "ptolemy holes IMAGE --figure holes.png"),
)


def report_page(
    challengers: Sequence[dict[str, Any]],
    learnt: Sequence[Section],
    sessions: "pd.DataFrame",
    counts: "pd.DataFrame",
    parts: Mapping[str, str],
    set_aside: dict[str, list[str]],
) -> str:
    """Write the page.

    Args:
        challengers: What was registered, each with name, version, kind, origin, sessions, data_digest, store.
        learnt: Sections on squares and holes.
        sessions: ``tables.Sessions`` rows.
        counts: As ``label_counts`` gives them.
        parts: Part of each session in the split.
        set_aside: Problems by archive.
    """
    return page(
        "Ptolemy: squares and holes found, ranked and judged",
        [
            ("Where this comes from", [_origin(sessions), *map(_model, challengers)]),
            *learnt,
            ("Sessions", [_sessions(sessions, counts, parts)]),
            ("Archives set aside", [_set_aside(set_aside)]),
            ("Where to look next", [_next_steps(challengers)]),
        ],
    )


def label_counts(kinds: Mapping[str, SessionTable]) -> "pd.DataFrame":
    """Count each session's sites: ``session_id``, ``kind``, ``found``, and a column a label.

    Args:
        kinds: ``tables.Squares`` or ``tables.Holes`` by session, by what they are; either may be empty.
    """
    import pandas as pd

    rows = [
        {"session_id": session_id, "kind": kind, "found": len(table)}
        | {label: int((table["label"] == label).sum()) for label in LABELS}
        for kind, sites in kinds.items()
        for session_id, table in sites
    ]
    return pd.DataFrame(rows, columns=["session_id", "kind", "found", *LABELS])


def parts_of(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Say which part of the split each session is in, by its id."""
    return {name: part for part, names in metrics.get("sessions", {}).items() for name in names}


def _origin(sessions: "pd.DataFrame") -> str:
    if not (sessions["origin"] == "simulated").any():
        return paragraph(f"{REAL} Sessions: {len(sessions)}.")
    digests = f"{operators.digest()[:12]} for squares, {hole_operators.digest()[:12]} for holes"
    who = f"Sessions: {len(sessions)}; operators' digests {digests} (docs/simulation.md)."
    return paragraph(f"{SIMULATED} {who}", "simulated")


def _model(challenger: dict[str, Any]) -> str:
    return paragraph(
        f"{challenger['name']} version {challenger['version']} was registered as challenger: "
        f"{challenger['kind']}, trained on {len(challenger['sessions'])} "
        f"{challenger['origin']} sessions, data {challenger['data_digest'][:12]}."
    )


def _sessions(sessions: "pd.DataFrame", counts: "pd.DataFrame", parts: Mapping[str, str]) -> str:
    joined = sessions[["session_id", "origin"]].merge(counts, on="session_id", how="left")
    columns = ["session_id", "origin", "kind", "found", *LABELS]
    rows = [
        (name, origin, parts.get(name, ""), *others)
        for name, origin, *others in joined[columns].astype(object).fillna("").to_numpy().tolist()
    ]
    return table(("session", "origin", "part", "of", "found", *LABELS), rows)


def _set_aside(set_aside: dict[str, list[str]]) -> str:
    if not set_aside:
        return paragraph("None: every archive could be read.")
    return table(("archive", "what is wrong"), [(name, " ".join(found)) for name, found in set_aside.items()])


def _next_steps(challengers: Sequence[dict[str, Any]]) -> str:
    steps = list(NEXT_STEPS)
    stores = {challenger["store"] for challenger in challengers}
    steps += [
        ("the runs, and every version of the models", f"mlflow ui --backend-store-uri {store}")
        for store in sorted(stores)
    ]
    steps += [
        (f"put this run's {c['name']} to use", f"ptolemy models promote {c['name']} {c['version']}")
        for c in challengers
    ]
    return table(("to see", "run"), steps)
