"""Holes that Leginon's finder proposed: candidates, of which the targets are the chosen ones."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.importing.source import as_id
from ptolemy_kedro.archive.leginon.database import Database
from ptolemy_kedro.archive.leginon.reading import Reading, Rows
from ptolemy_kedro.archive.leginon.rows import Row

SAME_PX = 2.0
"""A candidate up to this far from a target is the target [px as read out]: assumed; clicks snap to them."""

_PREFS = "HoleFinderPrefsData"
_HOLE = {
    "prefs": f"REF|{_PREFS}|prefs",
    "row": "row",
    "col": "column",
    "good": "good",
    "convolved": "convolved",
}


def candidate_rows(database: Database, reading: Reading) -> Rows:
    """List the candidates of a session that no target stands for, rows of ``tables.Targets``.

    Of several runs of the finder on an image the last counts. What the finder's own limits of ice ruled out
    is rejected; what nobody took up was not considered.
    """
    image_of = _last_runs(database, reading)
    taken = _taken(reading)
    here = {"REF|SessionData|session": (reading.key.row_id, reading.key.row_id)}
    rows: Rows = []
    for hole in database.all("HoleStatsData", _HOLE, here):
        image = image_of.get(hole.whole("prefs") or 0)
        row, col = hole.number("row"), hole.number("col")
        if image is None or row is None or col is None or hole.whole("convolved"):
            continue
        away = np.array([row, col]) - _middle(reading, image)
        if np.hypot(*(taken[image] - away).T).min(initial=np.inf) <= SAME_PX:
            continue
        site = reading.images[image].point((float(away[0]), float(away[1])))
        if site is None or not reading.images[image].holds(site):
            reading.leave_out(f"candidate {hole.identity()}", "candidate outside its image")
        else:
            rows.append(_row(reading, image, hole, site))
    return rows


def _row(reading: Reading, image: int, hole: Row, site: NDArray[np.float64]) -> dict[str, object]:
    good = hole.whole("good") != 0
    return {
        "target_id": as_id(f"{reading.ids[image][:170]}_c{hole.identity()}"),
        "image_id": reading.ids[image],
        "kind": "hole",
        "row_px": float(site[0]),
        "col_px": float(site[1]),
        "source": "vendor",
        "decision": "not_considered" if good else "rejected",
        "reason": None if good else "outside the finder's limits of ice thickness",
    }


def _middle(reading: Reading, image: int) -> NDArray[np.float64]:
    """The pixel (row, col) as read out that targets count from."""
    return np.array(reading.images[image].taken.shape or reading.images[image].shape) / 2


def _last_runs(database: Database, reading: Reading) -> Mapping[int, int]:
    """The image that each run of the finder looked at, where no later run did."""
    here = {"REF|SessionData|session": (reading.key.row_id, reading.key.row_id)}
    last: dict[int, int] = {}
    for run in database.all(_PREFS, {"image": "REF|AcquisitionImageData|image"}, here):
        image = run.whole("image")
        if image in reading.images:
            last[image] = run.identity()
    return {run: image for image, run in last.items()}


def _taken(reading: Reading) -> dict[int, NDArray[np.float64]]:
    """Where the targets of each image lie (row, col) from its centre [px as read out]; shape (n, 2)."""
    by_image: dict[int, list[tuple[float, float]]] = {image: [] for image in reading.images}
    for aim in reading.targets.aims.values():
        by_image.setdefault(aim.image, []).append(aim.off_centre_px)
    return {image: np.array(points, dtype=float).reshape(-1, 2) for image, points in by_image.items()}
