"""The images of a session as rows of ``tables.Images``."""

from ptolemy_kedro.archive.leginon.grids import Grids
from ptolemy_kedro.archive.leginon.reading import Reading, Rows
from ptolemy_kedro.archive.leginon.stored import Stored
from ptolemy_kedro.geometry import stage_columns


def image_rows(reading: Reading, grids: Grids, viewed: set[int]) -> Rows:
    """List the images that are kept; ``viewed`` are those in which someone targeted, by row."""
    rows = []
    for row_id, image in reading.images.items():
        aim = reading.targets.of(image.taken.target)
        parent = None if aim is None else reading.ids.get(aim.image)
        own = {"image_id": reading.ids[row_id], "grid_id": grids.of(image.taken), "parent_id": parent}
        rows.append({**own, **_described(image), **_placed(reading, image), "viewed": row_id in viewed})
    return rows


def _described(image: Stored) -> dict[str, object]:
    taken = image.taken
    read_out = taken.shape or image.shape
    return {
        "kind": taken.kind,
        "file": None if image.path is None else image.path.name,
        "rows_px": image.shape[0],
        "cols_px": image.shape[1],
        "readout_rows_px": read_out[0],
        "readout_cols_px": read_out[1],
        "binning": taken.binning[1] if taken.binning[1] > 0 else None,
        "pixel_size_a": image.pixel_size_a,
        **dict(zip(("stage_x_um", "stage_y_um", "stage_z_um"), taken.stage_um, strict=True)),
        **dict(zip(("image_shift_x_um", "image_shift_y_um"), taken.image_shift_um, strict=True)),
        **dict(zip(("beam_shift_x_um", "beam_shift_y_um"), taken.beam_shift_um, strict=True)),
        **dict(zip(("tilt_alpha_deg", "tilt_beta_deg"), taken.tilt_deg, strict=True)),
        "defocus_um": taken.defocus_um,
        "taken_at": taken.at,
    }


def _placed(reading: Reading, image: Stored) -> dict[str, float]:
    return stage_columns(image.map(reading.places.maps.get(image.taken.row_id)))
