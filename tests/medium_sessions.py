"""Session archives of medium images alone, with clicks: what the flow of holes needs, and small."""

from pathlib import Path

import numpy as np
import pandas as pd

from ptolemy_kedro import archive
from ptolemy_kedro.simulation.medium import MediumExample, simulate_example

SHAPE = (224, 288)
RADIUS_PX = 9.0


def write_medium_sessions(
    folder: Path, sessions: int = 5, images: int = 2, first: int = 10_500, kind: str = "medium"
) -> list[Path]:
    """Write archives called m0, m1, ..; each holds a few simulated images and their clicks."""
    return [
        write_medium_session(
            folder / f"m{number}", range(first + images * number, first + images * (number + 1)), kind
        )
        for number in range(sessions)
    ]


def write_medium_session(to: Path, seeds: range, kind: str = "medium") -> Path:
    """Write an archive of one image a seed."""
    examples = {f"i{seed}": simulate_example(seed, shape=SHAPE, radius_px=RADIUS_PX) for seed in seeds}
    tables = medium_tables(to.name, examples)
    tables |= {"images": _frame(to.name, [_image(name, kind, example) for name, example in examples.items()])}
    pixels = (
        (_file(name, example), example.image, example.pixel_size_a) for name, example in examples.items()
    )
    return archive.write_session(to, tables, pixels)


def medium_tables(session_id: str, examples: dict[str, MediumExample]) -> dict[str, pd.DataFrame]:
    """Make the raw tables of a session but for its images; every third hole that was selected is exposed."""
    targets = [row for name, example in examples.items() for row in _targets(name, example)]
    exposures = [
        {"exposure_id": f"e_{row['target_id']}", "target_id": row["target_id"]}
        for row in [row for row in targets if row["decision"] == "selected"][::3]
    ]
    rows = {
        "sessions": [{"origin": "real"}],
        "grids": [{"grid_id": "g1", "foil_material": "carbon"}],
        "targets": targets,
        "exposures": exposures,
    }
    return {name: _frame(session_id, given) for name, given in rows.items()}


def _image(name: str, kind: str, example: MediumExample) -> dict[str, object]:
    rows, cols = example.image.shape
    row = {"image_id": name, "grid_id": "g1", "kind": kind, "file": _file(name, example)}
    row |= {"viewed": example.viewed}
    return row | {"rows_px": rows, "cols_px": cols, "pixel_size_a": example.pixel_size_a}


def _file(name: str, example: MediumExample) -> str:
    return name + (".png" if example.image.dtype == np.uint8 else ".mrc")


def _targets(name: str, example: MediumExample) -> list[dict[str, object]]:
    kinds = {"selected": example.clicks, "rejected": example.rejected}
    return [
        {
            "target_id": f"{name}_{decision}{number}",
            "image_id": name,
            "kind": "hole",
            "row_px": row,
            "col_px": col,
            "size_px": example.click_size_px,
            "source": "operator",
            "decision": decision,
        }
        for decision, points in kinds.items()
        for number, (row, col) in enumerate(points)
    ]


def _frame(session_id: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame([{"session_id": session_id, **row} for row in rows])
