"""A small world whose squares and holes are known: what images of it show, and where.

Six squares of 70 um, 100 um apart, each brighter than the one before; in the third one round holes of 1 um,
2 um apart. The stage's axes are turned by 20 degrees against the images and mirrored.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import center_of_mass, label

from ptolemy_kedro import archive, tables
from ptolemy_kedro.geometry import StageMap, stage_columns
from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.targeting import RankedHoles

SQUARES_UM = np.array([(x, y) for y in (0.0, 100.0) for x in (0.0, 100.0, 200.0)])
EDGE_UM, SPACING_UM, HOLE_UM = 70.0, 2.0, 0.5
THIRD = SQUARES_UM[2]
TURN = np.deg2rad(20.0)
FRAME = np.array([[np.cos(TURN), -np.sin(TURN)], [np.sin(TURN), np.cos(TURN)]]) @ np.diag([1.0, -1.0])
"""Stage (x, y) of the world's (right, up)."""


def place(shape: tuple[int, int], size_um: float, centre_world_um: np.ndarray) -> StageMap:
    """The stage map of an image whose columns run to the right and whose rows run down in the world."""
    matrix = FRAME @ np.array([[0.0, size_um], [-size_um, 0.0]])
    middle = (np.array(shape) - 1) / 2
    return StageMap(matrix, FRAME @ np.asarray(centre_world_um, float) - matrix @ middle)


def world_of(
    shape: tuple[int, int], size_um: float, centre_world_um: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Right and up [um] of each pixel."""
    rows, cols = np.indices(shape, float)
    return (
        centre_world_um[0] + (cols - (shape[1] - 1) / 2) * size_um,
        centre_world_um[1] - (rows - (shape[0] - 1) / 2) * size_um,
    )


def level(number: int) -> float:
    """Intensity of a square."""
    return 300.0 + 40 * number


def low_mag(shape: tuple[int, int], size_um: float, centre: np.ndarray, seed: int = 0) -> np.ndarray:
    """Bright squares on dark bars."""
    right, up = world_of(shape, size_um, centre)
    image = np.full(shape, 30.0)
    for number, (x, y) in enumerate(SQUARES_UM):
        inside = (abs(right - x) < EDGE_UM / 2) & (abs(up - y) < EDGE_UM / 2)
        image[inside] = level(number)
    return np.random.default_rng(seed).poisson(image).astype(np.int16)


def medium(shape: tuple[int, int], size_um: float, centre: np.ndarray) -> np.ndarray:
    """Holes on the whole world's lattice, brighter to the right."""
    right, up = world_of(shape, size_um, centre)
    across, along = ((at + SPACING_UM / 2) % SPACING_UM - SPACING_UM / 2 for at in (right, up))
    return np.where(np.hypot(across, along) < HOLE_UM, 200 + right - THIRD[0], 100).astype(np.float32)


def hole_finder(image, localiser, classifier, pixel_size_a=None, spacing_um=None, diameter_um=None):
    """What ``rank_holes`` gives, without networks: regions over 150, the brightest first."""
    regions, count = label(image > 150)
    if not count:
        return RankedHoles(FoundHoles(localiser="finder 1"), np.zeros(0), "judge 2")
    numbers = np.arange(1, count + 1)
    centres = np.array(center_of_mass(regions > 0, regions, numbers)).reshape(-1, 2)
    level = np.array([image[regions == number].mean() for number in numbers])
    scores = np.clip((level - 150) / 100, 0, 1)
    order = np.argsort(-scores, kind="stable")
    none = np.full(count, -1)
    found = FoundHoles(
        centres,
        np.full(count, 8.0),
        np.full(count, 0.9),
        none > 0,
        none,
        np.zeros((count, 2), int),
        localiser="finder 1",
    )
    return RankedHoles(found[order], scores[order], "judge 2")


def without_networks(patch, module, finder=None) -> None:
    """Let a module rank holes by ``hole_finder``, whatever the models."""
    patch.setattr(module, "rank_holes", finder or hole_finder)
    for name in ("hole_localiser", "hole_classifier"):
        patch.setattr(module, name, lambda stored: stored)


TILE = ((400, 500), 0.6)
ATLAS = ((200, 260), 1.6)
MEDIUM = ((256, 320), 0.04)
VIEWS = {
    "atlas": ("atlas", *ATLAS, np.array([100.0, 50.0])),
    "left": ("tile", *TILE, np.array([60.0, 50.0])),
    "right": ("tile", *TILE, np.array([170.0, 50.0])),
    "m1": ("medium", *MEDIUM, THIRD + np.array([0.3, 0.4])),
    "m2": ("medium", *MEDIUM, THIRD + np.array([6.3, 2.4])),
}
"""Kind, shape, pixel [um] and centre in the world of each image; the medium ones share half their field."""


def pixels(name: str) -> np.ndarray:
    kind, shape, size_um, centre = VIEWS[name]
    return (medium if kind == "medium" else low_mag)(shape, size_um, centre)


def image_rows(views=VIEWS, placed: bool = True) -> pd.DataFrame:
    rows = []
    for name, (kind, shape, size_um, centre) in views.items():
        row = {"session_id": "s1", "image_id": name, "grid_id": "g1", "kind": kind, "file": f"{name}.mrc"}
        row |= {"rows_px": shape[0], "cols_px": shape[1], "pixel_size_a": size_um * 1e4, "viewed": False}
        rows.append(row | (stage_columns(place(shape, size_um, centre)) if placed else {}))
    return pd.DataFrame(rows)


def write_archive(to: Path, views=VIEWS, placed: bool = True, container: str = "folder") -> Path:
    """The session as an archive."""
    raw = {
        "sessions": pd.DataFrame([{"session_id": "s1", "origin": "real"}]),
        "grids": pd.DataFrame(
            [{"session_id": "s1", "grid_id": "g1", "foil_material": "gold", "hole_spacing_um": SPACING_UM}]
        ),
        "images": tables.validate(tables.Images, image_rows(views, placed), "images"),
    }
    files = ((f"{name}.mrc", pixels(name), views[name][2] * 1e4) for name in views)
    return archive.write_session(to, raw, files, container=container)


def world_to_stage(points: np.ndarray) -> np.ndarray:
    return np.asarray(points, float) @ FRAME.T
