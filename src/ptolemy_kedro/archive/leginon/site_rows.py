"""The targets and shots of a session as rows of ``tables.Targets`` and ``tables.Exposures``."""

from collections import defaultdict
from datetime import UTC, datetime

import numpy as np

from ptolemy_kedro.archive.importing.source import as_id
from ptolemy_kedro.archive.leginon.images import Taken
from ptolemy_kedro.archive.leginon.places import offsets_um
from ptolemy_kedro.archive.leginon.reading import Reading, Rows
from ptolemy_kedro.archive.leginon.targets import SHOT_REACH_UM, Aim

_LAST = datetime.max.replace(tzinfo=UTC)
_SQUARES_IN = ("atlas", "tile")


def target_rows(reading: Reading) -> Rows:
    """List the targets that count; those of one hole are one, the hole."""
    visits = _visits(reading)
    rows = []
    for row_id, aim in reading.targets.aims.items():
        site = reading.site_px(aim)
        if aim.image not in reading.images:
            reading.leave_out(f"target {row_id}", "target in an image that is not taken")
        elif site is None:
            reading.leave_out(f"target {row_id}", "target outside its image")
        elif _host(reading, aim) is aim:
            reading.target_ids[row_id] = _named(reading, aim)
            rows.append(
                {
                    "target_id": reading.target_ids[row_id],
                    "image_id": reading.ids[aim.image],
                    "kind": _kind(reading, aim),
                    "row_px": float(site[0]),
                    "col_px": float(site[1]),
                    "source": "operator",
                    "decision": "selected",
                    "state": aim.status or None,
                    "order": visits.get(row_id),
                }
            )
    return rows


def exposure_rows(reading: Reading) -> tuple[Rows, dict[int, str]]:
    """List the shots: one a target and image, its processed copies being the same shot.

    Returns:
        The rows, and the exposure ids by the rows of all images of each shot.
    """
    rows: Rows = []
    exposure_of: dict[int, str] = {}
    used: set[str] = set()
    for target, shots in _shots(reading).items():
        taken = {
            row_id: reading.images[row_id].taken for row_id in (min(copies) for copies in shots.values())
        }
        offsets = offsets_um(taken, reading.site_um(reading.targets.aims[target]), reading.places)
        for name, copies in shots.items():
            exposure_id = name if name not in used else as_id(f"{name[:180]}-{copies[0]}")
            used.add(exposure_id)
            exposure_of |= dict.fromkeys(copies, exposure_id)
            x, y = offsets[copies[0]] or (None, None)
            row = {"exposure_id": exposure_id, "target_id": reading.target_ids[target]}
            rows.append({**row, "image_id": reading.ids[copies[0]], "offset_x_um": x, "offset_y_um": y})
    return rows, exposure_of


def _shots(reading: Reading) -> dict[int, dict[str, list[int]]]:
    """Rows of the exposures' images, the unprocessed one first, by target and by the shot's name."""
    shots: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row_id, image in reading.images.items():
        if image.taken.kind != "exposure":
            continue
        aim = reading.targets.of(image.taken.target)
        target = None if aim is None else _host(reading, aim).row_id
        if target not in reading.target_ids:
            reading.leave_out(image.taken.name, "shot without a target (its image is kept)")
            continue
        shots[target][as_id(image.taken.parts.shot)].append(row_id)
    return shots


def _host(reading: Reading, aim: Aim) -> Aim:
    """The target that a shot counts for: one spread out around a hole counts for the hole."""
    origin = reading.targets.of(aim.made_from)
    image = reading.images.get(aim.image)
    if origin is None or origin.image != aim.image or image is None or image.taken.pixel_a is None:
        return aim
    away_um = np.hypot(*np.subtract(aim.off_centre_px, origin.off_centre_px)) * image.taken.pixel_a * 1e-4
    near = away_um <= SHOT_REACH_UM and origin.row_id < aim.row_id and reading.site_px(origin) is not None
    return _host(reading, origin) if near else aim


def _kind(reading: Reading, aim: Aim) -> str:
    if aim.kind == "focus":
        return "focus"
    return "square" if reading.images[aim.image].taken.kind in _SQUARES_IN else "hole"


def _named(reading: Reading, aim: Aim) -> str:
    """Name a target as the images taken of it are named: by its image and its number."""
    name = as_id(f"{reading.ids[aim.image][:170]}_{'f' if aim.kind == 'focus' else 't'}{aim.number:05d}")
    return name if name not in reading.target_ids.values() else f"{name}-{aim.row_id}"


def _visits(reading: Reading) -> dict[int, int]:
    """The order in which the targets of each image were visited, by the first image of each."""
    first: dict[int, Taken] = {}
    for image in reading.images.values():
        aim = reading.targets.of(image.taken.target)
        if aim is not None:
            host = _host(reading, aim)
            earliest = first.setdefault(host.row_id, image.taken)
            if (image.taken.at or _LAST) < (earliest.at or _LAST):
                first[host.row_id] = image.taken
    visits: dict[int, int] = {}
    counts: dict[int, int] = defaultdict(int)
    for row_id in sorted(first, key=lambda row: (first[row].at or _LAST, first[row].row_id)):
        on = reading.targets.aims[row_id].image
        visits[row_id], counts[on] = counts[on], counts[on] + 1
    return visits
