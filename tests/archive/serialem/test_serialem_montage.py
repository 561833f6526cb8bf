"""Montages put together from pieces, by the metadata or the file's own header; large ones are reduced."""

import struct

import mrcfile
import numpy as np
import pytest

from ptolemy_kedro.archive.serialem import montage as montages
from ptolemy_kedro.archive.serialem.importer import SerialEM
from ptolemy_kedro.archive.serialem.loose_montages import fit_stage_map
from ptolemy_kedro.archive.serialem.mdoc import read_mdoc
from ptolemy_kedro.archive.serialem.montage import find_montage
from ptolemy_kedro.archive.serialem.stack import Stack, open_stack
from ptolemy_kedro.errors import ImageError, VendorFileError

WHOLE = np.arange(60 * 50, dtype=np.int16).reshape(60, 50)
CORNERS = [(0, 0), (0, 28), (24, 0), (24, 28)]  # x, y of pieces of 32 rows and 26 columns
SHAPE = (32, 26)


def _write(tmp_path, corners=CORNERS, in_header=False, z=0):
    pieces = np.stack([WHOLE[y : y + SHAPE[0], x : x + SHAPE[1]] for x, y in CORNERS])
    path = tmp_path / "m.st"
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(pieces)
        file.set_image_stack()
        if in_header:
            extended = b"".join(struct.pack("<4h", 0, x, y, z) for x, y in corners)
            file.set_extended_header(np.frombuffer(extended, "V1"))
    if in_header:
        data = bytearray(path.read_bytes())
        struct.pack_into("<2h", data, 128, 8, 1 | 2)  # bytes a section; tilt angles and piece coordinates
        path.write_bytes(data)
        return open_stack(path), None
    sections = [f"[ZValue = {n}]\nPieceCoordinates = {x} {y} {z}\n" for n, (x, y) in enumerate(corners)]
    (tmp_path / "m.st.mdoc").write_text("ImageFile = m.st\n" + "\n".join(sections))
    return open_stack(path), read_mdoc(tmp_path / "m.st.mdoc")


@pytest.mark.parametrize("in_header", [False, True])
def test_pieces_make_the_whole(tmp_path, in_header):
    montage = find_montage(*_write(tmp_path, in_header=in_header), 0)

    assert montage.shape == (60, 50)
    assert np.array_equal(montage.assemble(), WHOLE)
    assert montage.assemble().dtype == np.int16


def test_where_no_piece_lies_is_their_mean(tmp_path):
    stack, mdoc = _write(tmp_path, corners=[(x * 2, y) for x, y in CORNERS])

    whole = find_montage(stack, mdoc, 0).assemble()

    covered = np.ones(whole.shape, bool)
    covered[:, 26:48] = False
    assert (whole[~covered] == round(float(whole[covered].mean()))).all()


def test_a_large_montage_is_reduced_by_a_whole_factor(tmp_path, monkeypatch):
    monkeypatch.setattr(montages, "MAX_EDGE_PX", 32)
    montage = find_montage(*_write(tmp_path), 0)

    reduced = montage.assemble()

    assert (montage.reduction, montage.shape) == (2, (30, 25))
    assert np.abs(reduced - WHOLE.reshape(30, 2, 25, 2).mean(axis=(1, 3))).max() <= 0.5


@pytest.mark.parametrize(
    ("corners", "section", "said"),
    [
        (CORNERS, 3, "no pieces of the montage 3"),
        ([*CORNERS, (0, 0)], 0, "fewer than its metadata says"),
        ([(0, 0), (10**6, 0), (0, 0), (0, 10**6 * 2)], 0, "absurd"),
    ],
)
def test_coordinates_that_do_not_fit_are_refused(tmp_path, corners, section, said):
    with pytest.raises(VendorFileError, match=said):
        find_montage(*_write(tmp_path, corners=corners), section)


def test_a_montage_without_coordinates_asks_for_its_metadata(tmp_path):
    stack, _ = _write(tmp_path)

    with pytest.raises(VendorFileError, match=r"Put its \.mdoc file beside it"):
        find_montage(stack, None, 0)


def test_a_truncated_stack_is_refused(tmp_path):
    _write(tmp_path)
    path = tmp_path / "m.st"
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(ImageError, match="truncated"):
        open_stack(path)


@pytest.mark.parametrize("name", ["gm.mrc.mdoc", "montage_section.mdoc", "montage_section_multiple.mdoc"])
def test_positions_of_real_pieces_make_a_stage_map(real_data, name):
    mdoc = read_mdoc(real_data / "formats" / "serialem" / name)
    width, height = mdoc.data.ImageSize
    pieces = [piece for piece in mdoc.of_kind("ZValue") if piece.data.PieceCoordinates[2] == 0]
    stack = Stack(real_data, name, (height, width), len(mdoc.sections), None, True)
    montage = find_montage(stack, mdoc, 0)

    stage_map = fit_stage_map(pieces, montage)

    step_a = np.sqrt(abs(np.linalg.det(stage_map.matrix))) * 1e4
    assert step_a == pytest.approx(pieces[0].data.PixelSpacing, rel=0.15)  # one was taken far from focus
    centres = [
        (piece.y + (height - 1) / 2, piece.x + (width - 1) / 2)
        for piece in sorted(montage.pieces, key=lambda piece: piece.section)
    ]
    stage = [piece.data.StagePosition for piece in pieces]
    apart_px = np.abs(stage_map.to_stage(np.array(centres)) - stage).max() / (step_a * 1e-4)
    assert apart_px < 2.5


def test_a_montage_that_no_navigator_names_lies_where_its_pieces_lay(tmp_path):
    _write(tmp_path)
    matrix, offset = np.array([[0.0, 0.4], [0.4, 0.0]]), np.array([7.0, -3.0])
    lines = ["ImageFile = m.st"]
    for number, (x, y) in enumerate(CORNERS):
        at = matrix @ (y + (SHAPE[0] - 1) / 2, x + (SHAPE[1] - 1) / 2) + offset
        lines += [f"[ZValue = {number}]", f"PieceCoordinates = {x} {y} 0"]
        lines += [f"StagePosition = {at[0]:.5f} {at[1]:.5f}", "PixelSpacing = 4000"]
    (tmp_path / "m.st.mdoc").write_text("\n".join(lines) + "\n")

    (found,) = SerialEM().sessions(tmp_path)
    imported = found.load()

    row = imported.tables["images"].iloc[0]
    assert (row["rows_px"], row["cols_px"], row["pixel_size_a"]) == (60, 50, 4000)
    assert (row["x_um_per_row"], row["y_um_per_row"]) == (pytest.approx(0, abs=1e-5), pytest.approx(0.4))
    assert (row["x_at_origin_um"], row["y_at_origin_um"]) == (pytest.approx(7.0), pytest.approx(-3.0))
    assert np.array_equal(imported.files[row["file"]](), WHOLE)


def test_a_montage_by_image_shift_has_no_stage_map(tmp_path):
    stack, mdoc = _write(tmp_path)
    for piece in mdoc.sections:
        piece.data.StagePosition = (5.0, 5.0)

    assert fit_stage_map(list(mdoc.sections), find_montage(stack, mdoc, 0)) is None
