"""Montages that no navigator names: their pieces' own stage positions say where they lie."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ptolemy_kedro.archive.importing.frame import LeftOut
from ptolemy_kedro.archive.serialem import kinds
from ptolemy_kedro.archive.serialem.folder import SessionFolder
from ptolemy_kedro.archive.serialem.maps import described_by, reduced_map, whole_binning
from ptolemy_kedro.archive.serialem.mdoc import Mdoc, MdocSection, taken_in
from ptolemy_kedro.archive.serialem.montage import Montage, find_montage
from ptolemy_kedro.archive.serialem.shots import Targets, image_beside, parent_of
from ptolemy_kedro.errors import ImageError, VendorFileError
from ptolemy_kedro.geometry import StageMap, stage_columns

if TYPE_CHECKING:
    from ptolemy_kedro.archive.serialem.session import Draft

_MISFIT = 0.02
_FLAT = 1e-6


def add_montages(
    mdocs: list[tuple[Path, Mdoc]], targets: Targets, grid_id: str, folder: SessionFolder, draft: "Draft"
) -> list[LeftOut]:
    """Add montages as images; one image a z of the pieces.

    Args:
        mdocs: Of montages, with their paths.
        targets: By label.
        grid_id: Of images that were taken at no target.
        folder: The session's files.
        draft: Takes the images.

    Returns:
        Those whose pixels are not there.
    """
    left_out = []
    for path, mdoc in mdocs:
        try:
            stack = image_beside(path)
            if stack is None:
                left_out.append(LeftOut(mdoc.file, "a montage that no navigator names, without its image"))
                continue
            by_z = _by_z(mdoc)
            for z, pieces in by_z.items():
                name = stack.path.stem if len(by_z) == 1 else f"{stack.path.stem}_{z}"
                row = _row(find_montage(stack, mdoc, z), pieces, folder)
                row |= {"image_id": draft.image_id(name), "grid_id": grid_id, "viewed": False}
                row |= parent_of(pieces[0], targets, draft)
                row["file"] = draft.add_file(row["image_id"], row.pop("assemble"))
                draft.images[row["image_id"]] = row
        except (VendorFileError, ImageError) as failure:
            folder.give_up(mdoc.file, failure)
    return left_out


def fit_stage_map(pieces: list[MdocSection], montage: Montage) -> StageMap | None:
    """Fit the stage positions of a montage's pieces to the centres of the pieces.

    Args:
        pieces: Of one montage.
        montage: Of the same.

    Returns:
        The map of the montage at the stack's pixels; None where the stage did not move between pieces (image
        shift did), or where the positions do not fit: by more than 2 % of a piece.
    """
    by_section = {piece.section: piece for piece in montage.pieces}
    placed = [
        (by_section[said.data.ZValue or 0], said.data.StagePosition)
        for said in pieces
        if said.data.StagePosition is not None and (said.data.ZValue or 0) in by_section
    ]
    if len(placed) < 3:
        return None
    rows, cols = montage.stack.shape
    centres = np.array([(piece.y + (rows - 1) / 2, piece.x + (cols - 1) / 2, 1.0) for piece, _ in placed])
    stage = np.array([position for _, position in placed])
    if np.linalg.matrix_rank(centres) < 3 or not np.isfinite(stage).all() or np.abs(stage).max() > 1e6:
        return None
    solved = np.linalg.lstsq(centres, stage)[0]
    matrix, offset = solved[:2].T, solved[2]
    piece_um = np.sqrt(abs(np.linalg.det(matrix))) * min(rows, cols)
    misfit_um = np.abs(centres @ solved - stage).max()
    return StageMap(matrix, offset) if piece_um > _FLAT and misfit_um < _MISFIT * piece_um else None


def _by_z(mdoc: Mdoc) -> dict[int, list[MdocSection]]:
    by_z: dict[int, list[MdocSection]] = {}
    for piece in mdoc.of_kind("ZValue"):
        if piece.data.PieceCoordinates is not None:
            by_z.setdefault(int(piece.data.PieceCoordinates[2]), []).append(piece)
    return by_z


def _row(montage: Montage, pieces: list[MdocSection], folder: SessionFolder) -> dict[str, Any]:
    fitted = fit_stage_map(pieces, montage)
    stage_map = reduced_map(fitted, montage.full_shape, montage.shape) if fitted else None
    data = pieces[0].data
    spacing = data.PixelSpacing if data.PixelSpacing and np.isfinite(data.PixelSpacing) else None
    by_map = float(np.sqrt(abs(np.linalg.det(stage_map.matrix)))) * 1e4 if stage_map else None
    size = spacing * montage.reduction if spacing and spacing > 0 else by_map
    if size is None:
        raise pieces[0].section.fault("the montage has neither PixelSpacing nor positions of its pieces")
    row: dict[str, Any] = {
        "assemble": montage.assemble,
        "kind": kinds.image_kind(montage.shape, size, is_montage=True),
        "rows_px": montage.shape[0],
        "cols_px": montage.shape[1],
        "readout_rows_px": montage.full_shape[0],
        "readout_cols_px": montage.full_shape[1],
        "binning": whole_binning(data.Binning, montage.reduction),
        "pixel_size_a": size,
        "stage_z_um": data.StageZ,
        "taken_at": taken_in(pieces[0].section, folder.reading.zone),
        **described_by(pieces[0]),
    }
    if stage_map:
        centre = stage_map.to_stage((np.array([montage.shape]) - 1) / 2)[0]
        row |= {**stage_columns(stage_map), "stage_x_um": centre[0], "stage_y_um": centre[1]}
    return row
