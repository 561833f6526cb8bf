"""Where a hole lies that only its images tell of."""

import numpy as np

from ptolemy_kedro.archive.epu.epu_session import EpuSession
from ptolemy_kedro.archive.epu.pictures import Picture
from ptolemy_kedro.archive.epu.shifts import Shift, beam_shift_um


def place_hole(
    pictures: list[Picture], session: EpuSession, unit: complex | None
) -> tuple[Shift | None, bool]:
    """Place a hole on the stage: as EPU found it in its latest image, else where its shots were aimed at.

    Args:
        pictures: Its hole images and exposures, in the order of their times.
        session: Its session, whose template says where in a hole the shots go.
        unit: Of beam shifts; ``shifts.beam_unit``.

    Returns:
        Stage (x, y) [um], or None where nothing tells; and whether that is more than where the stage stood.
    """
    for picture in reversed([one for one in pictures if one.kind == "hole"]):
        if picture.record and picture.record.hole and picture.placed:
            point = picture.points(picture.record.hole.centre_xy)
            x, y = picture.placed.to_stage(point)[0].tolist()
            return (x, y), True
    aims = [_aimed_at(one, session, unit) for one in pictures if one.kind == "exposure"]
    known = [aim for aim in aims if aim is not None]
    if known:
        x, y = np.mean(known, axis=0).tolist()
        return (x, y), True
    stages = [picture.stage_um for picture in pictures if picture.stage_um]
    return (stages[-1] if stages else None), False


def _aimed_at(shot: Picture, session: EpuSession, unit: complex | None) -> Shift | None:
    """The hole's centre that a shot was aimed at: stage, and beam shift, less the template's offset."""
    beam = beam_shift_um(shot.record.beam_shift, unit) if shot.record else None
    offset = session.offsets_um.get((shot.files.area_id if shot.files else None) or "")
    if shot.stage_um is None or beam is None or offset is None:
        return None
    return shot.stage_um[0] + beam[0] - offset[0], shot.stage_um[1] + beam[1] - offset[1]
