"""One SerialEM session as raw tables and image files."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ptolemy_kedro.archive.images import Pixels
from ptolemy_kedro.archive.importing.frame import Imported, LeftOut
from ptolemy_kedro.archive.importing.source import as_id
from ptolemy_kedro.archive.serialem import shots
from ptolemy_kedro.archive.serialem.folder import SessionFolder
from ptolemy_kedro.archive.serialem.loose_montages import add_montages
from ptolemy_kedro.archive.serialem.maps import MapImage, map_image, rows_of
from ptolemy_kedro.archive.serialem.mdoc import Mdoc, taken_in
from ptolemy_kedro.archive.serialem.navigator import Item, Navigator
from ptolemy_kedro.archive.serialem.parents import find_parents
from ptolemy_kedro.archive.serialem.sites import Site, find_sites
from ptolemy_kedro.errors import ImageError, VendorFileError

_TITLE = "SerialEM:"
_HELD_BY_MRC = {"uint8": np.int16, "int32": np.float32, "uint32": np.float32, "float64": np.float32}


@dataclass
class Draft:
    """What a session's tables will hold; ids are given here, each once."""

    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, Path | Callable[[], Pixels]] = field(default_factory=dict)
    maps: dict[str, MapImage] = field(default_factory=dict)
    targets: list[dict[str, Any]] = field(default_factory=list)
    exposures: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def image_id(self, label: str, number: int | None = None) -> str:
        """Give an image's id: its label, with a number where that is taken."""
        return _free(as_id(label), number, self.images)

    def add_file(self, image_id: str, source: Path | Callable[[], Pixels]) -> str:
        """Give an image's file name; files keep their suffix, what is made becomes an MRC file."""
        suffix = source.suffix.lower() if isinstance(source, Path) else ".mrc"
        suffix = suffix if suffix in (".tif", ".tiff", ".jpg", ".jpeg", ".png") else ".mrc"
        name, number = f"{_plain(image_id)}{suffix}", 1
        while name in self.files:
            number += 1
            name = f"{_plain(image_id)}_{number}{suffix}"
        self.files[name] = source if isinstance(source, Path) else partial(_storable, source)
        return name


def load_session(session_id: str, folder: SessionFolder, stamp: str) -> Imported:
    """Read a session.

    Raises:
        VendorFileError: A file is broken or missing, and the session is read strictly.
        ImageError: The same of an image.
    """
    navigators = folder.navigators()
    draft = Draft()
    grids = _grids(navigators)
    maps = _read_maps(navigators, grids, folder, draft)
    left = folder.mdocs_left()
    times = shots.times_by_label(folder.all_mdocs())
    found = find_sites((item for navigator in navigators for item in navigator.items), maps, set(times))
    ids = {id(image): image_id for image_id, image in draft.maps.items()}
    by_label = _add_targets(found.sites, ids, times, draft)
    left_out = list(found.left_out)
    grid_id = next(iter(grids.values()))
    montages = [(path, mdoc) for path, mdoc in left if mdoc.is_montage]
    others = [(path, mdoc) for path, mdoc in left if not mdoc.is_montage]
    left_out += add_montages(montages, by_label, grid_id, folder, draft)
    left_out += shots.add_shots(others, by_label, grid_id, folder, draft)
    _set_parents(draft)
    left_out += folder.left_out
    tables = _tables(session_id, navigators, grids, folder, draft)
    return Imported(
        session_id, tables, draft.files, tuple(dict.fromkeys(left_out)), tuple(draft.warnings), stamp
    )


def _grids(navigators: list[Navigator]) -> dict[str, str]:
    """One grid a navigator with maps; navigators without any, as scripts write them, belong to the first."""
    with_maps = [navigator for navigator in navigators if navigator.of_kind("map")] or navigators
    grids: dict[str, str] = {}
    for navigator in with_maps:
        stem = as_id(Path(navigator.file).stem)
        grids[navigator.file] = _free(stem, None, set(grids.values()))
    return grids or {"": "grid"}


def _read_maps(
    navigators: list[Navigator], grids: dict[str, str], folder: SessionFolder, draft: Draft
) -> dict[int, MapImage]:
    """Add the maps as images, and give them by item id; a map in several navigators is one."""
    by_item: dict[int, MapImage] = {}
    for navigator in navigators:
        for item in navigator.of_kind("map"):
            if item.item_id in by_item:
                draft.warnings.append(f"{navigator.file}: map {item.label} is in another navigator, too.")
                continue
            image = _read_map(item, folder, draft)
            if image is None:
                continue
            image_id = draft.image_id(item.label, item.item_id)
            draft.maps[image_id] = image
            draft.images[image_id] = {
                "image_id": image_id,
                "grid_id": grids.get(navigator.file, next(iter(grids.values()))),
                "file": draft.add_file(image_id, image.source) if image.source else None,
                "taken_at": taken_in(image.mdoc.section, folder.reading.zone) if image.mdoc else None,
                "viewed": False,
                **rows_of(image),
            }
            if item.item_id is not None:
                by_item[item.item_id] = image
    return by_item


def _read_map(item: Item, folder: SessionFolder, draft: Draft) -> MapImage | None:
    """Make an image of a map, without pixels where its file is missing and that is lived with."""
    named = item.section.text("MapFile") or ""
    stack = mdoc = None
    try:
        mdoc = folder.mdoc_of(named)
        stack = folder.stack(named)
        return map_image(item, stack, mdoc)
    except (VendorFileError, ImageError) as failure:
        failure.add_note(f"{item.section.file} line {item.section.line}: map {item.label}")
        if not folder.reading.permissive:
            raise
        folder.left_out.append(LeftOut(f"pixels of map {item.label}", str(failure)))
    try:
        return map_image(item, None, mdoc)
    except VendorFileError as failure:
        folder.left_out.append(LeftOut(f"map {item.label}", str(failure)))
        return None


def _add_targets(
    sites: list[Site], ids: dict[int, str], times: dict[str, datetime], draft: Draft
) -> dict[str, list[tuple[str, Site]]]:
    """Add the sites as targets, and give them by label; the images they lie in were viewed."""
    timed = sorted((time, label) for label, time in times.items() if time < datetime.max)
    visited = {label: number for number, (_, label) in enumerate(timed)}
    by_label: dict[str, list[tuple[str, Site]]] = {}
    taken: set[str] = set()
    for site in sites:
        target_id = _free(as_id(site.item.label), site.item.item_id, taken)
        taken.add(target_id)
        image_id = ids[id(site.image)]
        by_label.setdefault(site.item.label, []).append((target_id, site))
        if site.source == "operator":
            draft.images[image_id]["viewed"] = True
        draft.targets.append(
            {
                "target_id": target_id, "image_id": image_id, "kind": site.kind,
                "row_px": site.point[0], "col_px": site.point[1], "size_px": site.diameter_px,
                "source": site.source, "decision": site.decision, "reason": site.reason,
                "state": site.state, "order": visited.get(site.item.label),
            }
        )  # fmt: skip
    return by_label


def _set_parents(draft: Draft) -> None:
    ids = list(draft.maps)
    grids = [draft.images[image_id]["grid_id"] for image_id in ids]
    for image_id, parent in zip(ids, find_parents(list(draft.maps.values()), grids), strict=True):
        draft.images[image_id]["parent_id"] = None if parent is None else ids[parent]


def _tables(
    session_id: str, navigators: list[Navigator], grids: dict[str, str], folder: SessionFolder, draft: Draft
) -> dict[str, pd.DataFrame]:
    simulated = any(
        item.section.text("SimulatedBy") for navigator in navigators for item in navigator.items[:1]
    )
    times = [row["taken_at"] for row in draft.images.values() if row.get("taken_at")]
    sessions = {
        "session_id": session_id,
        **_described(folder.all_mdocs()),
        "software": "SerialEM",
        "started_at": min(times, default=None),
        "origin": "simulated" if simulated else "real",
    }
    grid_rows = [{"grid_id": grid_id, "foil_material": "unknown"} for grid_id in grids.values()]
    rows = {
        "sessions": [sessions],
        "grids": grid_rows,
        "images": list(draft.images.values()),
        "targets": draft.targets,
        "exposures": draft.exposures,
    }
    return {name: pd.DataFrame(some) for name, some in rows.items() if some}


def _described(mdocs: list[Mdoc]) -> dict[str, Any]:
    """The microscope, as the title of the first metadata calls it, and its voltage."""
    for mdoc in mdocs:
        title = next(iter(mdoc.titles), mdoc.head.text("T") or "")
        voltage = mdoc.data.Voltage
        if title.startswith(_TITLE) or voltage:
            microscope = title.removeprefix(_TITLE).strip()[:200].split("  ")[0]
            return {
                "microscope": microscope or None,
                "voltage_kv": voltage if _is_positive(voltage) else None,
            }
    return {}


def _is_positive(number: float | None) -> bool:
    return number is not None and np.isfinite(number) and number > 0


def _storable(make: Callable[[], Pixels]) -> Pixels:
    """Make pixels, in a type that an MRC file holds."""
    pixels = make()
    wider = _HELD_BY_MRC.get(pixels.dtype.name)
    return pixels.astype(wider) if wider else pixels


def _free(name: str, number: int | None, taken: Any) -> str:
    """A name that is not taken: itself, else with a number."""
    if name in taken and number is not None:
        name = f"{name}_{number}"[-200:]
    first, count = name, 1
    while name in taken:
        count += 1
        name = f"{first[:190]}_{count}"
    return name


def _plain(image_id: str) -> str:
    """Make an id a file name that every disk takes."""
    kept = "".join("_" if unicodedata.category(letter).startswith("C") else letter for letter in image_id)
    return re.sub(r'[:*?"<>|]', "_", kept).lstrip(". ")[:150] or "image"
