"""Rows of the raw tables, of what EPU's files say."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.epu.decisions import Decision
from ptolemy_kedro.archive.epu.epu_session import EpuSession
from ptolemy_kedro.archive.epu.pictures import Picture
from ptolemy_kedro.archive.epu.shifts import Shift
from ptolemy_kedro.geometry import stage_columns

Row = dict[str, Any]

GRID_ID = "grid"
"""An EPU session is one of one grid."""


def session_row(session_id: str, session: EpuSession, pictures: list[Picture]) -> Row:
    """Describe the session; microscope and detector as its first image names them."""
    records = [picture.record for picture in pictures if picture.record]
    first = records[0] if records else None
    exposures = [picture.record for picture in pictures if picture.record and picture.kind == "exposure"]
    return {
        "session_id": session_id,
        "microscope": first.microscope if first else None,
        "voltage_kv": first.voltage_kv if first else None,
        "detector": (exposures[0] if exposures else first).detector if first else None,
        "software": (first.software if first else None) or "EPU",
        "started_at": session.started_at,
        "origin": "simulated" if session.simulated else "real",
    }


def grid_row(session_id: str, session: EpuSession) -> Row:
    """Describe the grid."""
    foil = (session.foil or "").lower()
    material = "carbon" if "carbon" in foil else "gold" if "gold" in foil or "aufoil" in foil else "unknown"
    return {
        "session_id": session_id,
        "grid_id": GRID_ID,
        "slot": session.slot,
        "foil_material": material,
        "hole_diameter_um": session.hole_diameter_um,
        "hole_spacing_um": session.hole_spacing_um,
        "sample": session.sample,
    }


def image_row(
    session_id: str, picture: Picture, file: str | None, beam: Shift | None, image: Shift | None, viewed: bool
) -> Row:
    """Describe an image; ``beam`` and ``image`` are its shifts (x, y) [um]."""
    record = picture.record
    x, y, z = record.stage_um if record else (None, None, None)
    alpha, beta = record.tilt_deg if record else (None, None)
    return {
        "session_id": session_id,
        "image_id": picture.image_id,
        "grid_id": GRID_ID,
        "parent_id": picture.parent_id,
        "kind": picture.kind,
        "file": file,
        "rows_px": picture.stored[0],
        "cols_px": picture.stored[1],
        "readout_rows_px": picture.readout[0],
        "readout_cols_px": picture.readout[1],
        "binning": record.binning if record else None,
        "pixel_size_a": picture.pixel_size_a,
        "stage_x_um": x,
        "stage_y_um": y,
        "stage_z_um": z,
        "beam_shift_x_um": beam[0] if beam else None,
        "beam_shift_y_um": beam[1] if beam else None,
        "image_shift_x_um": image[0] if image else None,
        "image_shift_y_um": image[1] if image else None,
        "tilt_alpha_deg": alpha,
        "tilt_beta_deg": beta,
        "defocus_um": record.defocus_um if record else None,
        "taken_at": record.taken_at if record else None,
        "viewed": viewed,
        **stage_columns(picture.placed),
    }


def target_row(
    session_id: str,
    target_id: str,
    picture: Picture,
    kind: str,
    point: NDArray[np.float64],
    size_px: float | None,
    decision: Decision,
    state: str | None = None,
    order: int | None = None,
) -> Row:
    """Describe a candidate site; ``point`` (row, col) and diameter are in pixels of the image as stored."""
    return {
        "session_id": session_id,
        "target_id": target_id,
        "image_id": picture.image_id,
        "kind": kind,
        "row_px": float(point[0]),
        "col_px": float(point[1]),
        "size_px": size_px,
        **decision._asdict(),
        "state": state,
        "order": order,
    }


def exposure_row(
    session_id: str, name: str, target_id: str, image_id: str | None, offset_um: Shift | None
) -> Row:
    """Describe a shot."""
    return {
        "session_id": session_id,
        "exposure_id": name,
        "target_id": target_id,
        "image_id": image_id,
        "offset_x_um": offset_um[0] if offset_um else None,
        "offset_y_um": offset_um[1] if offset_um else None,
    }
