"""Points and polygons of navigators as targets: what was chosen, what was left, and why it is thought so.

``Acquire`` marks a choice, but SerialEM clears it once an item was acquired at. So an item also counts as
chosen where an image was taken at it: a map whose label is the item's with a suffix (``10-A`` at ``10``), or
an image whose metadata name it (``NavigatorLabel``).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ptolemy_kedro.archive.importing.frame import LeftOut
from ptolemy_kedro.archive.serialem import kinds
from ptolemy_kedro.archive.serialem.maps import MapImage
from ptolemy_kedro.archive.serialem.navigator import Item

_TAKEN_AT = re.compile(r"(.+)-[A-Z]{1,2}(-\d+)?\Z")
_NEAR_UM = 60.0


@dataclass(frozen=True)
class Site:
    """An item as a target.

    Attributes:
        item: The navigator's.
        image: The map it lies on.
        point: (row, col) [px] in that map.
        diameter_px: Of its outline; None for a point.
        kind, source, decision, reason, state: As in ``tables.Targets``.
    """

    item: Item
    image: MapImage
    point: tuple[float, float]
    diameter_px: float | None
    kind: str
    source: str
    decision: str
    reason: str | None
    state: str | None


@dataclass(frozen=True)
class Sites:
    """The targets of a session's items, and what could not be one."""

    sites: list[Site] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def find_sites(items: Iterable[Item], images: dict[int, MapImage], acquired: set[str]) -> Sites:
    """Make targets of points and polygons.

    Args:
        items: Of all navigators of a session.
        images: Maps by ``item_id``.
        acquired: Labels of items at which images were taken.

    Returns:
        The targets, in the order of the items.

    Raises:
        VendorFileError: An item that is needed is broken.
    """
    items = list(items)
    drawn = [item for item in items if item.kind != "map"]
    of_group = _maps_of_groups(drawn, images)
    sizes = _group_sizes(drawn)
    acquired = acquired | _labels_with_maps(items, images)
    found = Sites()
    for item in drawn:
        map_id = item.drawn_on or of_group.get(item.group or 0)
        image = images.get(map_id or 0)
        if image is None:
            why = f"its map {map_id} is not in the navigator" if map_id else "it was drawn on no map"
            found.left_out.append(LeftOut(f"{item.kind} {item.label}", why))
            continue
        site = _site(item, image, item.label in acquired, sizes.get(item.group or 0, 1))
        if _is_inside(site):
            found.sites.append(site)
        else:
            found.left_out.append(LeftOut(f"{item.kind} {item.label}", f"outside its map {image.item.label}"))
    return found


def _site(item: Item, image: MapImage, acquired: bool, group_size: int) -> Site:
    """Make a target of an item; one of a group that nobody chose was set by a hole finder or as a grid."""
    point, diameter_px = _place(item, image)
    step_um = float(np.sqrt(abs(np.linalg.det(image.stage_map.matrix))))
    kind = kinds.target_kind(image.kind, diameter_px * step_um if diameter_px else None)
    chosen = item.acquire or acquired
    return Site(
        item, image, point, diameter_px, kind,
        source="operator" if chosen or group_size == 1 else "vendor",
        decision="selected" if chosen else "not_considered",
        reason=item.note,
        state="acquired" if acquired else "to acquire" if item.acquire else None,
    )  # fmt: skip


def _place(item: Item, image: MapImage) -> tuple[tuple[float, float], float | None]:
    """Where an item lies in its map [px], and its diameter if it is an outline."""
    if item.kind == "polygon" and len(item.outline_um) >= 3:
        corners = image.stage_map.to_pixels(item.outline_um)
        area, middle = _area_and_centre(corners)
        if area > 0:
            return (float(middle[0]), float(middle[1])), 2 * float(np.sqrt(area / np.pi))
    if item.stage_um is not None:
        row, col = image.stage_map.to_pixels(np.array([item.stage_um[:2]]))[0]
        return (float(row), float(col)), None
    if item.in_map_px is None:
        raise item.section.fault("the item has neither StageXYZ nor CoordsInMap")
    return _from_corner(item.in_map_px, image), None


def _from_corner(in_map_px: tuple[float, float], image: MapImage) -> tuple[float, float]:
    """Take pixels of the map's file, from its lower left corner, to (row, col) as stored."""
    factor = image.full_shape[0] / image.shape[0]
    x, y = (coordinate / factor for coordinate in in_map_px)
    return (y if image.bottom_first else image.shape[0] - y) - 0.5, x - 0.5


def _area_and_centre(corners: np.ndarray) -> tuple[float, np.ndarray]:
    """Area and centre of a polygon, shape (n, 2); by the shoelace formula."""
    origin = corners.mean(axis=0)
    first = corners - origin
    second = np.roll(first, -1, axis=0)
    cross = first[:, 0] * second[:, 1] - second[:, 0] * first[:, 1]
    area = cross.sum() / 2
    if abs(area) < 1e-9:
        return 0.0, origin
    return abs(float(area)), origin + ((first + second) * cross[:, None]).sum(axis=0) / (6 * area)


def _is_inside(site: Site) -> bool:
    rows, cols = site.image.shape
    row, col = site.point
    return -0.5 <= row <= rows - 0.5 and -0.5 <= col <= cols - 0.5


def _maps_of_groups(items: list[Item], images: dict[int, MapImage]) -> dict[int, int]:
    """The map that a group's items were drawn on, for those items of it that do not say it."""
    return {
        item.group: item.drawn_on
        for item in items
        if item.group and item.drawn_on and item.drawn_on in images
    }


def _group_sizes(items: list[Item]) -> dict[int, int]:
    sizes: dict[int, int] = {}
    for item in items:
        if item.group:
            sizes[item.group] = sizes.get(item.group, 0) + 1
    return sizes


def _labels_with_maps(items: list[Item], images: dict[int, MapImage]) -> set[str]:
    """Labels of items at which a map was taken: its label is theirs with a suffix, and it lies near."""
    by_label = {item.label: item for item in items if item.kind != "map" and item.stage_um}
    found = set()
    for image in images.values():
        match = _TAKEN_AT.match(image.item.label)
        item = by_label.get(match[1]) if match else None
        if item and item.stage_um and image.item.stage_um:
            apart = np.subtract(item.stage_um[:2], image.item.stage_um[:2])
            if np.hypot(*apart) <= _NEAR_UM:
                found.add(item.label)
    return found
