"""What must hold between the rows of a session: references, positions, calibrations."""

import numpy as np
import pandas as pd

from ptolemy_kedro.archive.csv_tables import Place, without
from ptolemy_kedro.archive.findings import Findings
from ptolemy_kedro.geometry import STAGE_COLUMNS

# Table, column, the table it names a row of, and that row's column; in an order in which a row that is left
# out takes with it the rows that hang on it.
REFERENCES = (
    ("images", "grid_id", "grids", "grid_id"),
    ("images", "parent_id", "images", "image_id"),
    ("images", "pixels_of", "images", "image_id"),
    ("targets", "image_id", "images", "image_id"),
    ("exposures", "target_id", "targets", "target_id"),
    ("exposures", "image_id", "images", "image_id"),
    ("outcomes", "exposure_id", "exposures", "exposure_id"),
)
_OPTIONAL = (("images", "parent_id"), ("images", "pixels_of"), ("exposures", "image_id"))


def hold_together(
    tables: dict[str, pd.DataFrame], places: dict[str, Place], findings: Findings
) -> dict[str, pd.DataFrame]:
    """Check the tables of a session against each other; rows and values that break a rule are left out.

    Args:
        tables: The raw tables by name, of the declared types.
        places: How the rows of each table are called in messages.
        findings: Takes what is wrong.
    """
    tables = dict(tables)
    tables["images"] = _without_broken_maps(tables["images"], places["images"], findings)
    for name, column, other, key in REFERENCES:
        if (name, column) == ("exposures", "target_id"):
            tables["targets"] = _inside(tables["targets"], tables["images"], places["targets"], findings)
        ids = tables[other][key]
        tables[name] = _referring(name, column, tables[name], other, ids, places[name], findings)
    tables["images"] = _without_circles(tables["images"], places["images"], findings)
    _say_targets_in_unviewed(tables["targets"], tables["images"], places["targets"], findings)
    return tables


def _referring(
    name: str,
    column: str,
    table: pd.DataFrame,
    other: str,
    ids: pd.Series,
    place: Place,
    findings: Findings,
) -> pd.DataFrame:
    optional = (name, column) in _OPTIONAL
    known = set(ids)
    named = table[column].dropna()
    dangling = {row: stated for row, stated in zip(named.index, named, strict=True) if stated not in known}
    for row, stated in dangling.items():
        findings.tolerate(
            f"{place(row)}: {column} is {stated!r}, which no row of its table has. "
            "Correct it, or add the row.",
            "It was left empty." if optional else "The row was left out.",
            follows=findings.is_lost(other, str(stated)),
        )
    if not optional:
        return without(name, table, dangling, findings)
    table = table.copy()
    table.loc[list(dangling), column] = pd.NA
    return table


def _inside(targets: pd.DataFrame, images: pd.DataFrame, place: Place, findings: Findings) -> pd.DataFrame:
    """Leave out targets outside their image, which covers -0.5 .. rows - 0.5."""
    shapes = images.set_index("image_id")[["rows_px", "cols_px"]].astype(float)
    rows, cols = (targets["image_id"].map(shapes[edge]).astype(float) for edge in ("rows_px", "cols_px"))
    fits = targets["row_px"].between(-0.5, rows - 0.5) & targets["col_px"].between(-0.5, cols - 0.5)
    outside = targets.index[~fits & rows.notna()]
    for row in outside:
        at = f"({targets.loc[row, 'row_px']:g}, {targets.loc[row, 'col_px']:g})"
        findings.tolerate(
            f"{place(row)}: the target at (row, col) {at} lies outside its image of {rows[row]:.0f} x "
            f"{cols[row]:.0f} pixels. Correct the position, or the image it belongs to.",
            "The row was left out.",
        )
    return without("targets", targets, outside, findings)


def _without_broken_maps(images: pd.DataFrame, place: Place, findings: Findings) -> pd.DataFrame:
    """Empty the pixel-to-stage maps that are incomplete or cannot be inverted."""
    entries = images[list(STAGE_COLUMNS)].to_numpy(dtype=float)
    stated = np.isfinite(entries)
    matrices = entries[:, :4]
    determinants = matrices[:, 0] * matrices[:, 3] - matrices[:, 1] * matrices[:, 2]
    partial = stated.any(axis=1) & ~stated.all(axis=1)
    singular = stated.all(axis=1) & (np.abs(determinants) < 1e-18)
    images = images.copy()
    for row, is_partial in zip(images.index[partial | singular], partial[partial | singular], strict=True):
        fault = "is given in part" if is_partial else "cannot be inverted"
        findings.tolerate(
            f"{place(row)}: the pixel-to-stage map ({STAGE_COLUMNS[0]} .. {STAGE_COLUMNS[-1]}) {fault}. "
            "Give all six entries, or none.",
            "It was left empty.",
        )
        images.loc[row, list(STAGE_COLUMNS)] = np.nan
    return images


def _without_circles(images: pd.DataFrame, place: Place, findings: Findings) -> pd.DataFrame:
    """Empty the parents of images that are among their own ancestors."""
    parents = dict(zip(images["image_id"], images["parent_id"], strict=True))
    settled: set[str] = set()
    circular = set()
    for image in parents:
        path: dict[str, None] = {}
        while isinstance(image, str) and image not in settled and image not in path:
            path[image] = None
            image = parents.get(image)
        if isinstance(image, str) and image in path:
            circular.add(image)
        settled.update(path)
    rows = images.index[images["image_id"].isin(circular)]
    for row in rows:
        findings.tolerate(
            f"{place(row)}: parent_id leads back to the image itself. Correct it.", "It was left empty."
        )
    images = images.copy()
    images.loc[rows, "parent_id"] = pd.NA
    return images


def _say_targets_in_unviewed(
    targets: pd.DataFrame, images: pd.DataFrame, place: Place, findings: Findings
) -> None:
    viewed = targets["image_id"].map(images.set_index("image_id")["viewed"]).astype("boolean").fillna(True)
    judged = (targets["source"] == "operator") & (targets["decision"] != "not_considered")
    for row in targets.index[judged & ~viewed.to_numpy(dtype=bool)]:
        findings.warn(
            f"{place(row)}: an operator judged a target in the image {targets.loc[row, 'image_id']!r}, whose "
            "viewed is false."
        )
