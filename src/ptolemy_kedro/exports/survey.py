"""A survey for collection software: the plan as SerialEM's navigator, squares, holes and plan as JSON."""

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ptolemy_kedro.exports.navigator import GREEN, YELLOW, ChartedImage, Stop, navigator
from ptolemy_kedro.geometry import stage_map

if TYPE_CHECKING:
    import pandas as pd

COLOURS = {"hole": GREEN, "square": YELLOW}


def plan_as_navigator(
    name: str,
    images: "pd.DataFrame",
    plan: "pd.DataFrame",
    address: Callable[[str], str],
    bottom_first: Callable[[str], bool],
) -> str:
    """Write the plan's visits as points marked for acquisition, on maps of the images they are seen in.

    What has no known stage position is left out: SerialEM could not go there.

    Args:
        name: Of the navigator's file.
        images: ``tables.Images`` rows of the session.
        plan: ``tables.Plan`` rows of it.
        address: Gives where a file lies.
        bottom_first: Is a file's first row the lowest one displayed?
    """
    placed = plan[plan["stage_x_um"].notna()]
    charted = []
    for row in _records(images[images["image_id"].isin(placed["image_id"])]):
        to_stage = stage_map(row)
        if to_stage is not None:
            shape = (int(row["rows_px"]), int(row["cols_px"]))
            file, height = str(row["file"]), row["stage_z_um"]
            z = float(height) if math.isfinite(float(height)) else 0.0
            place = (address(file), shape, to_stage, bottom_first(file), z)
            charted.append(ChartedImage(str(row["image_id"]), *place))
    groups = {image_id: number for number, image_id in enumerate(placed["image_id"].unique(), start=1)}
    stops = [
        Stop(
            f"{row['order']}",
            (row["stage_x_um"], row["stage_y_um"]),
            row["image_id"],
            row["reason"],
            COLOURS[row["kind"]],
            groups[row["image_id"]],
        )
        for row in _records(placed)
    ]
    return navigator(name, charted, stops)


def survey_as_json(
    session_id: str,
    origin: str,
    models: dict[str, dict[str, Any]],
    squares: "pd.DataFrame",
    holes: "pd.DataFrame",
    plan: "pd.DataFrame",
    warnings: tuple[str, ...],
) -> dict[str, Any]:
    """Gather the survey, points as (row, col) and stage positions as the columns' names say; empty is null.

    Args:
        session_id: The session.
        origin: real or simulated.
        models: Of each, by name, its version, state, kind and origin.
        squares: ``tables.TargetSquares`` rows of it.
        holes: ``tables.TargetHoles`` rows of it.
        plan: ``tables.Plan`` rows of it.
        warnings: What was lived with.
    """
    return {
        "session": session_id,
        "origin": origin,
        "models": models,
        "warnings": list(warnings),
        "plan": _plain(plan),
        "squares": _plain(squares[squares["stands"]].drop(columns=["stands", "model"])),
        "holes": _plain(holes[holes["stands"]].drop(columns=["stands", "model", "localiser"])),
    }


def _plain(table: "pd.DataFrame") -> list[dict[str, Any]]:
    text = table.drop(columns="session_id").to_json(orient="records", double_precision=4)
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def _records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
