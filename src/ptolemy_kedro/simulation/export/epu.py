"""A simulated session as EPU would have left it: a folder a grid, with its atlas, squares and holes.

A medium-magnification image becomes the image of a square of its own, because EPU has no level between
squares and holes. Left out, because EPU has no place for them: outcomes, and the grid's mesh.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.epu.epu_session import SIMULATED
from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation.export import epu_layout as layout
from ptolemy_kedro.simulation.export.epu_layout import Content
from ptolemy_kedro.simulation.export.epu_numbers import ATLAS_NUMBER, GridNumbers
from ptolemy_kedro.simulation.export.epu_squares import atlas_xml, squares_xml
from ptolemy_kedro.simulation.session import SimulatedSession

_FOILS = {"carbon": "HoleyCarbon", "gold": "HoleyGold", "unknown": "Other"}
_TEMPLATE_PIXEL_UM = 1.6e-3


def export_epu(simulated: SimulatedSession, to: Path) -> list[Path]:
    """Write a session's grids, each as a session of EPU's.

    Args:
        simulated: The session.
        to: Folder to make the sessions' folders in.

    Returns:
        The folders, in the order of the grids.
    """
    places: dict[str, Path] = {}
    folders = []
    for grid_id in simulated.tables["grids"]["grid_id"]:
        grid = GridNumbers(simulated, str(grid_id))
        folders.append(to / grid.name)
        _write_grid(grid, folders[-1])
        for image_id, file in grid.images["file"].dropna().items():
            places[str(file)] = grid.place(folders[-1], str(image_id), ".mrc")
    for file, pixels, pixel_size_a in simulated.images:
        if file in places:
            places[file].write_bytes(encode(places[file].name, pixels, pixel_size_a))
    return folders


def _write_grid(grid: GridNumbers, folder: Path) -> None:
    """Write everything but pixels."""
    written = {
        folder / "EpuSession.dm": ("EpuSessionXml", _session_xml(grid)),
        folder / "Atlas" / "Atlas.dm": ("AtlasSessionXml", atlas_xml(grid)),
    }
    for number, square in squares_xml(grid):
        written[folder / "Metadata" / f"GridSquare_{number}.dm"] = ("GridSquareXml", square)
    for image in grid.images.itertuples():
        record = grid.place(folder, str(image.image_id), ".xml")
        written[record] = ("MicroscopeImage", _image_xml(grid, image))
    for place, (root, content) in written.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(layout.document(root, content))


def _session_xml(grid: GridNumbers) -> Content:
    numbers = [number for number, _ in squares_xml(grid)]
    files = {number: {"FileName": f"Metadata\\GridSquare_{number}.dm"} for number in numbers}
    sizes = {"HoleSize": grid.grid["hole_diameter_um"], "HoleSpacing": grid.grid["hole_spacing_um"]}
    sample = {
        "AtlasId": f"Z:\\{grid.name}\\Atlas\\Atlas.dm",
        "FilterHolesSettings": {name: _metres(size) for name, size in sizes.items()},
        "GridSquares": {"m_serializationArray": layout.dictionary("SerializedReference", files)},
        "GridType": _FOILS[grid.grid["foil_material"]],
        "TargetAreaTemplate": _template_xml(grid),
    }
    return {
        "Id": ATLAS_NUMBER,
        "AutoloaderDescription": grid.grid["sample"],
        "AutoloaderSlot": int(grid.grid["slot"]),
        "DMPSession": {"ProjectName": SIMULATED},
        "Name": grid.name,
        "Samples": {"_items": [("SampleXml", sample), ("SampleXml", None)]},
        "StartDateTime": grid.session["started_at"].isoformat(),
    }


def _template_xml(grid: GridNumbers) -> Content:
    """Lay out the shots of all holes as areas of one template, whose image lies upright on the stage."""
    areas = {}
    offsets = grid.shots[["offset_x_um", "offset_y_um"]].to_numpy(float) / _TEMPLATE_PIXEL_UM
    for shot, (across, up) in zip(grid.shots.index, offsets.tolist(), strict=True):
        areas[grid.area(str(shot))] = {"ShiftInPixels": layout.shape(-up, across)}
    upright = StageMap(np.array([[0.0, 1.0], [-1.0, 0.0]]) * _TEMPLATE_PIXEL_UM, np.zeros(2))
    listed = layout.dictionary("DataAcquisitionAreaXml", areas)
    return {
        "DataAcquisitionAreas": {"m_serializationArray": listed},
        "PhysicalTransformation": layout.reference(upright),
        "TemplateImagePixelSize": layout.shape(_TEMPLATE_PIXEL_UM * 1e-6, _TEMPLATE_PIXEL_UM * 1e-6),
    }


def _image_xml(grid: GridNumbers, image: Any) -> Content:
    camera = {
        "Binning": {"x": 1, "y": 1},
        "Name": grid.session["detector"],
        "ReadoutArea": layout.shape(image.rows_px, image.cols_px),
    }
    shifts = {name: {"_x": 0, "_y": 0} for name in ("BeamShift", "ImageShift")}
    stage = layout.position([image.stage_x_um, image.stage_y_um], image.stage_z_um)
    size_m = image.pixel_size_a * 1e-10
    return {
        "ReferenceTransformation": layout.reference(layout.map_of(image)),
        "SpatialScale": {"pixelSize": {axis: {"numericValue": size_m} for axis in "xy"}},
        "microscopeData": {
            "acquisition": {"acquisitionDateTime": image.taken_at.isoformat(), "camera": camera},
            "core": {"ApplicationSoftware": "EPU"},
            "gun": {"AccelerationVoltage": float(grid.session["voltage_kv"]) * 1e3},
            "instrument": {"InstrumentModel": grid.session["microscope"]},
            "optics": {**shifts, "Defocus": _metres(image.defocus_um)},
            "stage": {"Position": stage},
        },
    }


def _metres(length_um: Any) -> float | None:
    return None if pd.isna(length_um) else float(length_um) * 1e-6
