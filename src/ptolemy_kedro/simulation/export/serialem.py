"""Write a simulated session as SerialEM would leave it: navigators, maps, montages, metadata."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.serialem.autodoc import Autodoc, Section
from ptolemy_kedro.archive.serialem.autodoc_writing import as_text, as_xml
from ptolemy_kedro.geometry import STAGE_COLUMNS, StageMap
from ptolemy_kedro.simulation.session import SimulatedSession

_WINDOWS = "X:\\facility\\user\\"
_OVERLAP_PX = 16
_CORNERS = np.array([(1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (1.0, 0.0)])


def export_serialem(
    simulated: SimulatedSession, to: Path, xml: bool = False, montage_kinds: tuple[str, ...] = ("atlas",)
) -> Path:
    """Write a session: a navigator a grid, an MRC and an .mdoc file an image, an .mdoc file an exposure.

    SerialEM has no word for a rejected site, nor for what a site's state was; sites are chosen or not.

    Args:
        simulated: The session.
        to: Folder; made if it is not there.
        xml: Write navigators in their XML form.
        montage_kinds: Kinds of images that are written as pieces of a montage.

    Returns:
        The folder.
    """
    to.mkdir(parents=True, exist_ok=True)
    images = {str(row["image_id"]): row for row in _rows(simulated.tables["images"])}
    numbers = {image_id: number for number, image_id in enumerate(images, start=1000)}
    by_file = {row["file"]: row for row in images.values() if isinstance(row["file"], str)}
    for file, pixels, _ in simulated.images:
        row = by_file[file]
        montage = row["kind"] in montage_kinds
        (_write_montage if montage else _write_image)(to, row, pixels)
    for grid_id, of_grid in simulated.tables["images"].groupby("grid_id", sort=False):
        items = [_map_item(row, numbers, montage_kinds) for row in _rows(of_grid) if _stage_map(row)]
        items += _point_items(simulated.tables["targets"], images, numbers, str(grid_id))
        _write_navigator(to / f"{grid_id}.nav", items, xml)
    _write_exposures(to / "frames", simulated.tables)
    return to


def _write_navigator(path: Path, items: list[Section], xml: bool) -> None:
    head = _section(path.name, "", "", {"AdocVersion": "2.00", "LastSavedAs": f"{_WINDOWS}{path.name}"})
    autodoc = Autodoc(path.name, head, tuple(items))
    path.write_text(as_xml(autodoc) if xml else as_text(autodoc), encoding="utf-8")


def _map_item(row: dict[str, Any], numbers: dict[str, int], montage_kinds: tuple[str, ...]) -> Section:
    stage_map = _stage_map(row)
    assert stage_map is not None
    shape = np.array([row["rows_px"], row["cols_px"]])
    centre = stage_map.to_stage(((shape - 1) / 2)[None])[0]
    # The first row of an MRC file is the lowest displayed, the navigator's y counts down from the top.
    step = np.column_stack([stage_map.matrix[:, 1], -stage_map.matrix[:, 0]])
    corners = stage_map.to_stage(_CORNERS * shape - 0.5)
    return _section(
        "", "Item", str(row["image_id"]),
        {
            "StageXYZ": _words(*centre, _number(row["stage_z_um"]) or 0.0),
            "NumPts": "5",
            "Type": "2",
            "SimulatedBy": "ptolemy-kedro",
            "MapFile": f"{_WINDOWS}{row['file'] if isinstance(row['file'], str) else row['image_id']}",
            "MapID": str(numbers[str(row["image_id"])]),
            "MapMontage": str(int(row["kind"] in montage_kinds)),
            "MapSection": "0",
            "MapBinning": "1",
            "MapScaleMat": _words(*np.linalg.inv(step).ravel()),
            "MapWidthHeight": f"{shape[1]} {shape[0]}",
            "MontBinning": "1",
            "PtsX": _words(*corners[:, 0]),
            "PtsY": _words(*corners[:, 1]),
        },
    )  # fmt: skip


def _point_items(
    targets: pd.DataFrame, images: dict[str, dict[str, Any]], numbers: dict[str, int], grid_id: str
) -> list[Section]:
    items = []
    for number, row in enumerate(_rows(targets), start=1_000_000):
        image = images[str(row["image_id"])]
        stage_map = _stage_map(image)
        if image["grid_id"] != grid_id or stage_map is None:
            continue
        x, y = stage_map.to_stage(np.array([(row["row_px"], row["col_px"])]))[0]
        values = {
            "StageXYZ": _words(x, y, 0.0),
            "NumPts": "1",
            "Type": "0",
            "SimulatedBy": "ptolemy-kedro",
            "DrawnID": str(numbers[str(row["image_id"])]),
            "MapID": str(number),
            "PtsX": _words(x),
            "PtsY": _words(y),
        }
        if row["decision"] == "selected":
            values["Acquire"] = "1"
        items.append(_section("", "Item", str(row["target_id"]), values))
    return items


def _write_image(to: Path, row: dict[str, Any], pixels: NDArray[Any]) -> None:
    size = _number(row["pixel_size_a"])
    (to / row["file"]).write_bytes(encode(row["file"], pixels, size))
    described = _described(row)
    _write_mdoc(to / f"{row['file']}.mdoc", row, pixels.shape, [("ZValue", "0", described)])


def _write_montage(to: Path, row: dict[str, Any], pixels: NDArray[Any]) -> None:
    """Cut an image into two by two pieces that overlap, column by column, each upwards."""
    import mrcfile

    shape = tuple(-(-edge // 2) + _OVERLAP_PX // 2 for edge in pixels.shape)
    corners = [(y, x) for x in _starts(pixels.shape[1], shape[1]) for y in _starts(pixels.shape[0], shape[0])]
    pieces = np.stack([pixels[y : y + shape[0], x : x + shape[1]] for y, x in corners])
    with mrcfile.new(to / row["file"], overwrite=True) as file:
        file.set_data(pieces)
        file.set_image_stack()
    sections = [
        ("ZValue", str(number), {"PieceCoordinates": f"{x} {y} 0", **_described(row)})
        for number, (y, x) in enumerate(corners)
    ]
    _write_mdoc(to / f"{row['file']}.mdoc", row, shape, sections)


def _starts(edge: int, piece: int) -> list[int]:
    return sorted({0, max(edge - piece, 0)})


def _write_mdoc(
    path: Path, row: dict[str, Any], shape: tuple[int, ...], sections: list[tuple[str, str, dict[str, str]]]
) -> None:
    head = {
        "ImageFile": str(row["file"]),
        "ImageSize": f"{shape[1]} {shape[0]}",
        "DataMode": "1",
        "T": "SerialEM: simulated microscope  ",
    }
    size = _number(row["pixel_size_a"])
    if size:
        head["PixelSpacing"] = _words(size)
    autodoc = Autodoc(
        path.name, _section("", "", "", head), tuple(_section("", *section) for section in sections)
    )
    path.write_text(as_text(autodoc), encoding="utf-8")


def _write_exposures(to: Path, tables: dict[str, pd.DataFrame]) -> None:
    if tables["exposures"].empty:
        return
    to.mkdir(exist_ok=True)
    for row in _rows(tables["exposures"]):
        values = {"SubFramePath": f"{_WINDOWS}{row['exposure_id']}.tif", "NavigatorLabel": row["target_id"]}
        autodoc = Autodoc("", _section("", "", "", {}), (_section("", "FrameSet", "0", values),))
        (to / f"{row['exposure_id']}.tif.mdoc").write_text(as_text(autodoc), encoding="utf-8")


def _described(row: dict[str, Any]) -> dict[str, str]:
    values = {
        "StagePosition": [row["stage_x_um"], row["stage_y_um"]],
        "StageZ": [row["stage_z_um"]],
        "PixelSpacing": [row["pixel_size_a"]],
        "TiltAngle": [row["tilt_alpha_deg"]],
        "Defocus": [row["defocus_um"]],
        "Binning": [row["binning"]],
    }
    said = {
        key: _words(*some)
        for key, some in values.items()
        if all(_number(value) is not None for value in some)
    }
    if pd.notna(row["taken_at"]):
        said["DateTime"] = row["taken_at"].strftime("%d-%b-%Y  %H:%M:%S")
    return said


def _stage_map(row: dict[str, Any]) -> StageMap | None:
    values = [_number(row[column]) for column in STAGE_COLUMNS]
    if any(value is None for value in values):
        return None
    return StageMap(np.array(values[:4], float).reshape(2, 2), np.array(values[4:], float))


def _section(file: str, kind: str, name: str, values: dict[str, str]) -> Section:
    return Section(file, kind, name, 1, values)


def _rows(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in table.to_dict("records"):
        yield {str(key): value for key, value in row.items()}


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _words(*numbers: Any) -> str:
    return " ".join(f"{float(number):.9g}" for number in numbers)
