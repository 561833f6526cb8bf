"""Small sessions to write, and archives to break."""

import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from ptolemy_kedro import archive

SESSION = "23jan05b"
SHAPE = (24, 20)


def small_tables(images: int = 2) -> dict[str, pd.DataFrame]:
    """A session of tiles, a target in each, a shot of each target, two facts of each shot."""
    ids = range(images)
    started = pd.Timestamp("2026-01-05T08:30:00.123456Z")
    rows = {
        "sessions": [
            {"origin": "simulated", "microscope": "Krios, 2", "voltage_kv": 300.0, "started_at": started}
        ],
        "grids": [{"grid_id": "g1", "foil_material": "gold", "mesh": 300, "hole_diameter_um": 1.2}],
        "images": [
            {"image_id": f"i{k}", "grid_id": "g1", "kind": "tile", "file": f"i{k}.mrc", "rows_px": SHAPE[0],
             "cols_px": SHAPE[1], "pixel_size_a": 400.0 / 3, "viewed": k % 2 == 0}
            for k in ids
        ],
        "targets": [
            {"target_id": f"t{k}", "image_id": f"i{k}", "kind": "square", "row_px": 3.1 + k, "col_px": 1 / 3,
             "source": "vendor", "decision": "selected", "order": k}
            for k in ids
        ],
        "exposures": [{"exposure_id": f"e{k}", "target_id": f"t{k}"} for k in ids],
        "outcomes": [
            {"exposure_id": f"e{k}", "quantity": quantity, "value": 3.3 + k, "unit": "A"}
            for k in ids
            for quantity in ("ctf_resolution", "motion")
        ],
    }  # fmt: skip
    return {
        name: pd.DataFrame([{"session_id": SESSION, **row} for row in given]) for name, given in rows.items()
    }


def small_images(tables: dict[str, pd.DataFrame], dtype: str = "int16"):
    """Noise for each image of a session."""
    rng = np.random.default_rng(7)
    for row in tables["images"].itertuples():
        shape = (int(row.rows_px), int(row.cols_px))
        yield row.file, rng.integers(0, 100, shape).astype(dtype), float(row.pixel_size_a)


def small_archive(to: Path, container: str = "folder", images: int = 2) -> Path:
    """Put the small session's archive into a folder; it is written once a test run, and copied."""
    files = _written(container, images)
    for name, data in files.items():
        place = to / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return to / next(iter(files)).split("/")[0]


def write_small(to: Path, container: str = "folder", images: int = 2) -> Path:
    """Write the small session."""
    tables = small_tables(images)
    return archive.write_session(to / "small", tables, small_images(tables), container)


@cache
def _written(container: str, images: int) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = write_small(Path(folder), container, images)
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def forget_digests(folder: Path) -> None:
    """Take the files' digests out of ``session.json``, as an importer that gives none would."""
    place = folder / "session.json"
    text = place.read_text()
    if text.startswith("{"):
        place.write_text(
            json.dumps({key: value for key, value in json.loads(text).items() if key != "files"})
        )


def edit(folder: Path, file: str, before: str, after: str) -> Path:
    """Replace a text in a file of an archive's folder."""
    place = folder / file
    text = place.read_text()
    assert before in text, (before, text)
    place.write_text(text.replace(before, after, 1))
    forget_digests(folder)
    return folder
