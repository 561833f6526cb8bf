"""SerialEM navigator files: images as maps, and points to visit that are drawn on them.

Source: SerialEM's manual, "File Formats", "Navigator Files".
``archive.serialem`` reads them back.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ptolemy_kedro.archive.serialem.autodoc import Autodoc, Section
from ptolemy_kedro.archive.serialem.autodoc_writing import as_text
from ptolemy_kedro.geometry import StageMap

RED, GREEN, BLUE, YELLOW = range(4)
"""SerialEM's colours."""

REGISTERED, UNREGISTERED = 1, 2
"""SerialEM keeps items of unlike registration apart until the operator transforms them to agree."""

_IDS = 2**31 - 1


@dataclass(frozen=True)
class ChartedImage:
    """An image as a map.

    Attributes:
        label: As the navigator shows it; unlike all others.
        file: Its file, for SerialEM.
        shape: (rows, cols) [px] as stored.
        stage_map: Its pixels, as stored, to the stage.
        bottom_first: Is the first row stored the lowest one displayed? So it is in MRC files, not in others.
        stage_z_um: Height of the stage [um].
    """

    label: str
    file: str
    shape: tuple[int, int]
    stage_map: StageMap
    bottom_first: bool
    stage_z_um: float = 0.0


@dataclass(frozen=True)
class Stop:
    """A point to acquire at.

    Attributes:
        label: As the navigator shows it; unlike all others.
        stage_um: Stage (x, y) [um].
        on: Label of the map it is drawn on; None for none.
        note: Why it is worth a visit.
        colour: SerialEM's number of a colour.
        group: Number of the stops that belong together; 0 for none.
    """

    label: str
    stage_um: tuple[float, float]
    on: str | None
    note: str = ""
    colour: int = GREEN
    group: int = 0


def navigator(
    name: str, images: Sequence[ChartedImage], stops: Sequence[Stop], registration: int = REGISTERED
) -> str:
    """Write a navigator.

    Args:
        name: Of its file.
        images: Become maps.
        stops: Become points marked for acquisition, in their order.
        registration: Of all items; ``UNREGISTERED`` where their places are not the stage's.
    """
    ids = dict(zip([image.label for image in images], _ids([image.label for image in images]), strict=True))
    heights = {image.label: image.stage_z_um for image in images}
    head = Section(name, "", "", 1, {"AdocVersion": "2.00", "LastSavedAs": name})
    items = [_map(image, ids[image.label], registration) for image in images]
    stop_ids = _ids([f"{stop.on} {stop.label}" for stop in stops], set(ids.values()))
    for stop, number in zip(stops, stop_ids, strict=True):
        on, height = ids.get(stop.on or ""), heights.get(stop.on or "", 0.0)
        items.append(_point(stop, number, on, height, registration))
    return as_text(Autodoc(name, head, tuple(items)))


def _map(image: ChartedImage, number: int, registration: int) -> Section:
    shape = np.array(image.shape)
    centre = image.stage_map.to_stage(((shape - 1) / 2)[None])[0]
    # The navigator counts y down from the upper edge as displayed.
    down = -1.0 if image.bottom_first else 1.0
    step = np.column_stack([image.stage_map.matrix[:, 1], down * image.stage_map.matrix[:, 0]])
    around = np.array([(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)], float)
    corners = image.stage_map.to_stage(around * shape - 0.5)
    values = {
        "Color": BLUE,
        "StageXYZ": _words(*centre, image.stage_z_um),
        "NumPts": len(corners),
        "Regis": registration,
        "Type": 2,
        "Note": f"{image.file.replace(chr(92), '/').rsplit('/', 1)[-1]}",
        "MapFile": image.file,
        "MapID": number,
        "MapMontage": 0,
        "MapSection": 0,
        "MapBinning": 1,
        "MapMagInd": 0,  # not known here
        "MapCamera": 0,
        "MapScaleMat": _words(*np.linalg.inv(step).ravel()),
        "MapWidthHeight": f"{shape[1]} {shape[0]}",
        "MapFramesXY": "0 0",
        "MontBinning": 1,
        "PtsX": _words(*corners[:, 0]),
        "PtsY": _words(*corners[:, 1]),
    }
    return _item(image.label, values)


def _point(stop: Stop, number: int, drawn_on: int | None, stage_z_um: float, registration: int) -> Section:
    x, y = stop.stage_um
    values: dict[str, object] = {"Color": stop.colour, "StageXYZ": _words(x, y, stage_z_um), "NumPts": 1}
    values |= {"Regis": registration, "Type": 0}
    if stop.note:
        values["Note"] = " ".join(stop.note.split())
    if stop.group:
        values["GroupID"] = stop.group
    if drawn_on is not None:
        values["DrawnID"] = drawn_on
    values |= {"Acquire": 1, "MapID": number, "PtsX": _words(x), "PtsY": _words(y)}
    return _item(stop.label, values)


def _item(label: str, values: dict[str, object]) -> Section:
    plain = " ".join(label.replace("[", "(").replace("]", ")").split())
    return Section("", "Item", plain, 1, {key: str(value) for key, value in values.items()})


def _ids(labels: Sequence[str], taken: set[int] | None = None) -> Iterator[int]:
    """Number items by their labels, so that a navigator merged with another one keeps them apart."""
    used = set(taken or ())
    for label in labels:
        number = int(hashlib.sha256(label.encode()).hexdigest()[:15], 16) % _IDS or 1
        while number in used:
            number = number % _IDS + 1
        used.add(number)
        yield number


def _words(*numbers: float) -> str:
    return " ".join(f"{float(number):.9g}" for number in numbers)
