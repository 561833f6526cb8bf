"""How ranked squares leave the project: the wire's JSON and tables, where a point is (x, y), x the column."""

import csv
import json
import math
from collections.abc import Iterator
from io import StringIO
from typing import Any

from ptolemy_kedro.squares.verdict import Verdict
from ptolemy_kedro.targeting import RankedSquares


def squares_as_json(ranked: RankedSquares) -> list[dict[str, Any]]:
    """List the squares best first, as microscope software reads them.

    Returns:
        ``vertices`` four [x, y] [px], ``center`` [x, y] integers [px], ``area`` [px^2], ``brightness`` mean
        intensity, ``score`` 0 to 1.
    """
    squares = ranked.squares
    return [
        {
            "vertices": [[round(float(col), 2), round(float(row), 2)] for row, col in squares.corners[i]],
            "center": _pixel(squares.centres[i]),
            "area": round(float(squares.area_px[i]), 2),
            "brightness": round(float(squares.brightness[i]), 4),
            "score": round(float(ranked.scores[i]), 6),
        }
        for i in range(len(ranked))
    ]


def squares_as_text(ranked: RankedSquares) -> str:
    """Write the centres best first as a tab-separated table ``x_coord y_coord``."""
    rows = ("\t".join(map(str, _pixel(centre))) for centre in ranked.squares.centres)
    return "\n".join(["x_coord\ty_coord", *rows]) + "\n"


def squares_as_csv(ranked: RankedSquares) -> str:
    """Write one row a square, best first, with the model in every row."""
    text = StringIO()
    corners = [f"corner_{n}_{axis}_px" for n in range(1, 5) for axis in ("row", "col")]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            *("rank", "score", "row_px", "col_px", "area_px2", "brightness", "angle_deg", "cut", *corners),
            *("model", "doubt"),
        ]
    )
    writer.writerows(_csv_rows(ranked))
    return text.getvalue()


def verdict_as_json(verdict: Verdict) -> dict[str, Any]:
    """Tell what may be expected of the squares: ``nothing`` is null where the model cannot tell."""
    return {
        "collect": verdict.collect,
        "expected": round(verdict.expected, 3),
        "nothing": None if math.isnan(verdict.nothing) else round(verdict.nothing, 4),
        "reasons": list(verdict.reasons),
    }


def one_line(ranked: RankedSquares) -> str:
    """Write the wire's JSON; the software reads the first line of a file only."""
    return json.dumps(squares_as_json(ranked), allow_nan=False) + "\n"


def _csv_rows(ranked: RankedSquares) -> Iterator[list[Any]]:
    squares = ranked.squares
    for i, score in enumerate(ranked.scores):
        shape = [squares.area_px[i], squares.brightness[i], squares.angle_deg[i]]
        places = [*squares.centres[i], *shape]
        corners = [round(float(v), 3) for v in squares.corners[i].ravel()]
        yield [
            i + 1,
            round(float(score), 6),
            *(round(float(v), 3) for v in places),
            bool(squares.cut[i]),
            *corners,
            ranked.model,
            "" if math.isnan(ranked.doubts[i]) else round(float(ranked.doubts[i]), 6),
        ]


def _pixel(centre: Any) -> list[int]:
    row, col = centre
    return [round(float(col)), round(float(row))]
