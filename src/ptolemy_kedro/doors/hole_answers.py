"""How ranked holes leave the project: the wire's JSON and tables, where a point is (x, y), x the column."""

import csv
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

from ptolemy_kedro.targeting import RankedHoles


def holes_as_json(ranked: RankedHoles) -> list[dict[str, Any]]:
    """List the holes best first, as microscope software reads them.

    Returns:
        ``vertices`` four [x, y] [px], ``center`` [x, y] integers [px], ``area`` [px^2], ``score`` 0 to 1,
        ``radius`` [px].
    """
    corners, area = ranked.corners, ranked.area_px
    return [
        {
            "vertices": [[round(float(col), 2), round(float(row), 2)] for row, col in corners[i]],
            "center": _pixel(ranked.found.centres[i]),
            "area": round(float(area[i]), 2),
            "score": round(float(ranked.scores[i]), 6),
            "radius": round(float(ranked.found.radius_px[i]), 2),
        }
        for i in range(len(ranked))
    ]


def holes_as_text(ranked: RankedHoles) -> str:
    """Write the centres best first as a tab-separated table ``x_coord y_coord``."""
    rows = ("\t".join(map(str, _pixel(centre))) for centre in ranked.found.centres)
    return "\n".join(["x_coord\ty_coord", *rows]) + "\n"


def holes_as_csv(ranked: RankedHoles) -> str:
    """Write one row a hole, best first, with the models in every row."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            *("rank", "score", "row_px", "col_px", "radius_px", "probability", "found_by"),
            *("lattice", "lattice_row", "lattice_col", "model", "localiser"),
        ]
    )
    writer.writerows(_csv_rows(ranked))
    return text.getvalue()


def one_line(ranked: RankedHoles) -> str:
    """Write the wire's JSON; the software reads the first line of a file only."""
    return json.dumps(holes_as_json(ranked), allow_nan=False) + "\n"


def with_models(ranked: RankedHoles, pixel_size_a: float | None) -> str:
    """Write the wire's JSON beside what found and scored the holes, and the scale of the image."""
    answer = {
        "model": ranked.model,
        "localiser": ranked.found.localiser,
        "pixel_size_a": pixel_size_a,
        "spacing_px": ranked.found.spacing_px,
        "holes": holes_as_json(ranked),
    }
    return json.dumps(answer, indent=1, allow_nan=False) + "\n"


def _csv_rows(ranked: RankedHoles) -> Iterator[list[Any]]:
    found = ranked.found
    for i, score in enumerate(ranked.scores):
        place = [round(float(v), 3) for v in (*found.centres[i], found.radius_px[i], found.probability[i])]
        by = "lattice" if found.from_lattice[i] else "network"
        number = int(found.lattice[i])
        indices = [number, *map(int, found.indices[i])] if number >= 0 else ["", "", ""]
        yield [i + 1, round(float(score), 6), *place, by, *indices, ranked.model, found.localiser]


def _pixel(centre: Any) -> list[int]:
    row, col = centre
    return [round(float(col)), round(float(row))]
