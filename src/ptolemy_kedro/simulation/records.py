"""The raw tables of a simulated session, row by row as a microscope's software would have left them."""

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import StageMap, stage_columns
from ptolemy_kedro.simulation.atlas import Field
from ptolemy_kedro.simulation.medium_images import MediumImage, finer
from ptolemy_kedro.simulation.optics import Optics
from ptolemy_kedro.simulation.specimen import Grid

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""When session 0 began; the next one a day later, starting over after ten years."""

MEDIUM_SHAPE = (1024, 1440)
"""Rows and columns of a medium-magnification image [px], and below its pixel size [A]: Ptolemy's."""
MEDIUM_PIXEL_A = 96.8


def session_row(session_id: str, seed: int, optics: Optics) -> dict[str, object]:
    """Describe the session; one row of ``tables.Sessions``."""
    microscope, _, detector = optics.preset.name.partition(" ")
    return {
        "session_id": session_id,
        "facility": "simulated",
        "microscope": microscope,
        "voltage_kv": float(optics.preset.voltage_kv),
        "detector": detector,
        "software": "ptolemy-kedro simulation",
        "started_at": EPOCH + timedelta(days=seed % 3650),
        "origin": "simulated",
    }


def grid_row(session_id: str, grid_id: str, slot: int, grid: Grid) -> dict[str, object]:
    """Describe a grid; one row of ``tables.Grids``."""
    holey = grid.foil.layout != "continuous"
    return {
        "session_id": session_id,
        "grid_id": grid_id,
        "slot": slot,
        "foil_material": grid.foil.material,
        "mesh": grid.mesh,
        "hole_diameter_um": grid.foil.hole_um if holey else None,
        "hole_spacing_um": grid.foil.spacing_um if holey else None,
        "sample": f"sample of {session_id}",
    }


def image_row(
    session_id: str, field: Field, parent_id: str | None, seed: int, minute: float
) -> dict[str, object]:
    """Describe a tile or an atlas; one row of ``tables.Images``, not yet viewed."""
    row = _image_row(session_id, field.image_id, field.grid_id, field.kind, field.shape, field.recorded_map)
    row |= {
        "parent_id": parent_id,
        "file": field.file,
        "taken_at": EPOCH + timedelta(days=seed % 3650, minutes=minute),
    }
    return row | {"defocus_um": -200.0 if field.kind == "tile" else None}


def medium_rows(session_id: str, image: MediumImage, seed: int, minute: float) -> list[dict[str, object]]:
    """Describe a medium image with a file, and its unbinned twin; rows of ``tables.Images``."""
    rows, cols = image.shape
    taken = {
        "parent_id": image.parent.image_id,
        "taken_at": EPOCH + timedelta(days=seed % 3650, minutes=minute),
        "defocus_um": -50.0,
        "readout_rows_px": rows * image.binning,
        "readout_cols_px": cols * image.binning,
    }
    grid_id = image.parent.grid_id
    row = _image_row(session_id, image.image_id, grid_id, "medium", image.shape, image.recorded_map) | taken
    row |= {"file": image.file, "viewed": image.picks.viewed, "binning": image.binning}
    if image.twin_id is None:
        return [row]
    shape = (rows * image.binning, cols * image.binning)
    unbinned = finer(image.recorded_map, image.binning)
    twin = _image_row(session_id, image.twin_id, grid_id, "medium", shape, unbinned) | taken
    return [row | {"pixels_of": image.twin_id}, twin | {"file": f"{image.twin_id}.mrc"}]


def medium_row(
    session_id: str, image_id: str, parent: Field, centre_um: NDArray[np.float64], seed: int, minute: float
) -> dict[str, object]:
    """Describe a medium-magnification image whose file is left out; one row of ``tables.Images``."""
    tile_um = np.sqrt(abs(np.linalg.det(parent.recorded_map.matrix)))
    matrix = parent.recorded_map.matrix / tile_um * MEDIUM_PIXEL_A * 1e-4
    field = StageMap(matrix, centre_um - matrix @ ((np.array(MEDIUM_SHAPE) - 1) / 2))
    row = _image_row(session_id, image_id, parent.grid_id, "medium", MEDIUM_SHAPE, field)
    row |= {"parent_id": parent.image_id, "taken_at": EPOCH + timedelta(days=seed % 3650, minutes=minute)}
    return row | {"defocus_um": -50.0, "viewed": True}


def _image_row(
    session_id: str, image_id: str, grid_id: str, kind: str, shape: tuple[int, int], field: StageMap
) -> dict[str, object]:
    x, y = field.to_stage((np.array([shape]) - 1) / 2)[0]
    return {
        "session_id": session_id,
        "image_id": image_id,
        "grid_id": grid_id,
        "kind": kind,
        "rows_px": shape[0],
        "cols_px": shape[1],
        "readout_rows_px": shape[0],
        "readout_cols_px": shape[1],
        "binning": 1,
        "pixel_size_a": float(np.sqrt(abs(np.linalg.det(field.matrix))) * 1e4),
        **stage_columns(field),
        "stage_x_um": x,
        "stage_y_um": y,
        "stage_z_um": 0.0,
        "tilt_alpha_deg": 0.0,
        "viewed": False,
    }


def target_row(
    session_id: str,
    target_id: str,
    image_id: str,
    kind: str,
    at_px: NDArray[np.float64],
    size_px: float,
    source: str,
    decision: str,
    order: int | None,
) -> dict[str, object]:
    """Describe a target; one row of ``tables.Targets``."""
    return {
        "session_id": session_id,
        "target_id": target_id,
        "image_id": image_id,
        "kind": kind,
        "row_px": float(at_px[0]),
        "col_px": float(at_px[1]),
        "size_px": float(size_px),
        "source": source,
        "decision": decision,
        "reason": None,
        "state": "acquired" if decision == "selected" and order is not None else None,
        "order": order,
    }
