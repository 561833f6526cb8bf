"""The page of a survey: what to visit, and everything it follows from."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ptolemy_kedro.figures.page import Section, beside, link, page, paragraph, picture, table

if TYPE_CHECKING:
    import pandas as pd

FIRST = 20
"""Visits of each kind listed on the page; the files hold all."""

VISITS = {
    "hole": "holes to expose, square by square, the best square first:",
    "square": "squares to take medium images of, best first:",
}

FILES = {
    "plan.nav": "the plan for SerialEM",
    "targets.json": "models, plan, squares and holes as JSON",
    "plan.csv": "the plan as a table",
    "squares.csv": "the squares",
    "holes.csv": "the holes",
}
SIMULATED = "This session is SIMULATED: it shows what the page looks like, and nothing of a real grid."
SCORE = (
    "A score is P(selected | viewed): the chance that an operator of the facility that the model learnt "
    "from, having looked, would have chosen it. Dark blue is the best, dark red the worst."
)


def survey_page(
    session_id: str,
    path: str,
    told: dict[str, Any],
    squares: "pd.DataFrame",
    holes: "pd.DataFrame",
    plan: "pd.DataFrame",
    atlases: Mapping[str, bytes],
    tiles: Mapping[str, bytes],
    gallery: Mapping[str, bytes],
    overlays: Mapping[str, bytes],
) -> str:
    """Write the page.

    Args:
        session_id: The session.
        path: Where it was read from.
        told: As ``exports.survey.survey_as_json`` gives it.
        squares: ``tables.TargetSquares`` rows of the session.
        holes: ``tables.TargetHoles`` rows of it.
        plan: ``tables.Plan`` rows of it.
        atlases: JPEG by image, and so the others.
        tiles: Of each tile.
        gallery: Of squares.
        overlays: Of the images in which holes were looked for.
    """
    sections: list[Section] = [
        ("What was found", _found(path, told, squares, holes)),
        ("Where to go first", _plan(plan)),
        ("Take away", [paragraph("Beside this page:"), *_files()]),
        ("The grid", _pictures(atlases)),
        ("Squares, best to worst", _pictures(gallery)),
        ("Holes", _row(_pictures(overlays, _by_worth(plan, holes, overlays)))),
        ("Tiles", _row(_pictures(tiles))),
    ]
    return page(f"Targets of {session_id}", [section for section in sections if section[1]])


def _found(path: str, told: dict[str, Any], squares: "pd.DataFrame", holes: "pd.DataFrame") -> list[str]:
    stand, seen = squares[squares["stands"]], holes[holes["stands"]]
    counts = [
        ("squares", len(stand), len(squares), squares["image_id"].nunique(), _unplaced(stand)),
        ("holes", len(seen), len(holes), holes["image_id"].nunique(), _unplaced(seen)),
    ]
    facts = ("version", "state", "kind", "origin")
    models = [(name, *(model[fact] for fact in facts)) for name, model in told["models"].items()]
    parts = [paragraph(SIMULATED, "simulated")] if told["origin"] == "simulated" else []
    return [
        *parts,
        paragraph(f"Read from {path}."),
        table(["", "found", "sightings", "in images", "without a stage position"], counts),
        paragraph(SCORE, "small"),
        table(["model", "version", "", "kind", "trained on"], models),
        *(paragraph(warning, "simulated") for warning in told["warnings"]),
    ]


def _plan(plan: "pd.DataFrame") -> list[str]:
    if not len(plan):
        return [paragraph("Nothing here is worth a visit by the scores: see the squares and holes below.")]
    parts = []
    for kind, what in VISITS.items():
        visits = plan[plan["kind"] == kind]
        if len(visits):
            parts += [paragraph(f"{len(visits)} {what}"), _visits(visits)]
        if len(visits) > FIRST:
            parts.append(
                paragraph(f"and {len(visits) - FIRST} more, in plan.csv, plan.nav and targets.json.")
            )
    return parts


def _visits(visits: "pd.DataFrame") -> str:
    rows = [
        (row.order, _number(row.stage_x_um), _number(row.stage_y_um), row.reason)
        for row in visits.head(FIRST).itertuples()
    ]
    return table(["visit", "stage x [um]", "stage y [um]", "why"], rows)


def _files() -> list[str]:
    items = (f"<li>{link(name, name)}: {what}</li>" for name, what in FILES.items())
    return [f"<ul>{''.join(items)}</ul>"]


def _pictures(pictures: Mapping[str, bytes], order: list[str] | None = None) -> list[str]:
    return [
        picture(pictures[name], name, "jpeg", caption=False)
        for name in (order or pictures)
        if name in pictures
    ]


def _row(parts: list[str]) -> list[str]:
    return [beside(parts)] if parts else []


def _by_worth(plan: "pd.DataFrame", holes: "pd.DataFrame", overlays: Mapping[str, bytes]) -> list[str]:
    """Images in the order in which they are visited, then the others."""
    planned = plan.loc[plan["kind"] == "hole", "image_id"].unique().tolist()
    others = holes.groupby("image_id")["score"].max().sort_values(ascending=False).index
    return list(dict.fromkeys([*planned, *map(str, others), *overlays]))


def _unplaced(table: "pd.DataFrame") -> int:
    return int(table["stage_x_um"].isna().sum())


def _number(value: Any) -> str:
    return "unknown" if value != value else f"{float(value):.2f}"
