"""Real EPU sessions: what their files say is what the tables say."""

import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro import archive, tables
from ptolemy_kedro.archive.epu.geometry import fit_map
from ptolemy_kedro.archive.epu.grid_square import read_grid_square
from ptolemy_kedro.archive.epu.importer import Epu
from ptolemy_kedro.archive.epu.microscope_image import read_image_record
from ptolemy_kedro.archive.importing.frame import Imported
from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.errors import VendorFileError
from ptolemy_kedro.geometry import StageMap

HOLE_A_UM = 1.34
"""Diameter of the holes of session a, by its EpuSession.dm."""


@pytest.fixture(scope="module")
def epu(real_data):
    return real_data / "formats" / "epu"


@pytest.fixture(scope="module")
def session_a(epu) -> Imported:
    return imported(epu / "session_a")


@pytest.fixture(scope="module")
def session_b(epu) -> Imported:
    return imported(epu / "session_b")


def imported(folder) -> Imported:
    (found,) = Epu(permissive=True).sessions(folder)
    return found.load()


def stage_map(images: pd.DataFrame, image_id: str) -> StageMap:
    row = images.set_index("image_id").loc[image_id]
    matrix = [[row.x_um_per_row, row.x_um_per_col], [row.y_um_per_row, row.y_um_per_col]]
    return StageMap(np.array(matrix), np.array([row.x_at_origin_um, row.y_at_origin_um]))


def test_session_b_has_its_570_holes_each_with_its_decision(session_b):
    holes = session_b.tables["targets"].query("kind == 'hole'")
    assert len(holes) == 570
    assert (holes["decision"] == "selected").sum() == 276
    assert (holes["state"] == "completed").sum() == 217
    assert (holes["state"] == "in_progress").sum() == 1
    assert (holes["reason"] == "near_grid_bar").sum() == 291
    assert (holes.query("reason == 'near_grid_bar'")["decision"] == "not_considered").all()
    refused = holes.query("decision == 'rejected'")
    assert len(refused) == 570 - 276 - 291
    assert set(refused["source"]) == {"operator"}
    assert holes.query("state in ('completed', 'in_progress')")["order"].notna().all()


def test_holes_of_session_b_lie_where_epu_says_to_a_hundredth_of_a_micrometre(epu, session_b):
    path = epu / "session_b" / "Metadata" / "GridSquare_4590776.dm"
    square = read_grid_square(path, path.name)
    holes = session_b.tables["targets"].query("kind == 'hole'").set_index("target_id")
    image_id = square.image_name
    placed = stage_map(session_b.tables["images"], image_id)
    points = holes.loc[[hole.hole_id for hole in square.holes], ["row_px", "col_px"]].to_numpy()
    stage = np.array([hole.stage_um for hole in square.holes])
    distances = np.linalg.norm(placed.to_stage(points) - stage, axis=1)
    assert np.sqrt(np.mean(distances**2)) <= 0.01
    assert fit_map(points, stage)[1] <= 0.01


def test_the_fitted_map_takes_the_middle_of_the_image_to_its_stage_position(session_b):
    images = session_b.tables["images"].query("kind == 'square'")
    (row,) = images.itertuples()
    middle = stage_map(images, row.image_id).to_stage(
        np.array([[(row.rows_px - 1) / 2, (row.cols_px - 1) / 2]])
    )
    np.testing.assert_allclose(middle[0], [row.stage_x_um, row.stage_y_um], atol=0.01)


def test_session_b_has_the_222_squares_of_its_atlas_with_positions(session_b):
    squares = session_b.tables["targets"].query("kind == 'square' and image_id == 'Atlas_4590151'")
    assert len(squares) == 222
    assert squares[["row_px", "col_px"]].notna().all().all()
    (chosen,) = squares.query("decision == 'selected'").itertuples()
    assert (chosen.target_id, chosen.state, chosen.source) == ("square_4590776", "in_progress", "operator")
    placed = stage_map(session_b.tables["images"], "Atlas_4590151")
    at = placed.to_stage(np.array([[chosen.row_px, chosen.col_px]]))[0]
    np.testing.assert_allclose(at, [-49.194, -561.968], atol=5)  # the square's own Position


def test_the_atlas_and_its_tiles_lie_in_the_frame_of_the_session(session_b):
    """The square's image, taken in the session, shows the square where the atlas says it is."""
    targets = session_b.tables["targets"].set_index("target_id")
    outline, on_atlas = targets.loc["square_4590776_outline"], targets.loc["square_4590776"]
    at = [
        stage_map(session_b.tables["images"], row.image_id).to_stage(np.array([[row.row_px, row.col_px]]))[0]
        for row in (outline, on_atlas)
    ]
    assert np.linalg.norm(at[0] - at[1]) < 15  # of a square of 45 um; the stage is no better


def test_session_b_lists_four_shots_a_completed_hole(session_b):
    exposures = session_b.tables["exposures"]
    assert len(exposures) == 4 * 217
    of_hole = exposures[exposures["target_id"] == "5665438"]
    lengths = np.hypot(of_hole["offset_x_um"], of_hole["offset_y_um"])
    np.testing.assert_allclose(sorted(lengths), [0.659, 0.700, 0.767, 0.772], atol=0.001)


def test_every_image_of_session_a_has_the_pixel_size_of_its_file_as_stored(epu, session_a):
    images = session_a.tables["images"].set_index("image_id")
    records = sorted((epu / "session_a").rglob("*_*_*.xml"))
    assert len(images) == len(records) == 8
    for path in records:
        record, row = read_image_record(path, path.name), images.loc[path.stem]
        width = 512 if path.with_suffix(".jpg").exists() else 2880
        assert row["cols_px"] == width
        assert row["readout_cols_px"] == 2880
        assert row["readout_rows_px"] == 2046
        assert row["pixel_size_a"] == pytest.approx(record.pixel_size_a * 2880 / width, rel=1e-3)
        assert [row["stage_x_um"], row["stage_y_um"], row["stage_z_um"]] == pytest.approx(record.stage_um)


def test_every_image_of_session_a_has_its_beam_shift(session_a):
    images = session_a.tables["images"]
    assert images[["beam_shift_x_um", "beam_shift_y_um"]].notna().all().all()
    shifted = np.hypot(images["beam_shift_x_um"], images["beam_shift_y_um"]) > 0
    assert set(images.loc[shifted, "kind"]) == {"exposure"}
    assert shifted.sum() == 2


def test_hole_images_of_session_a_have_their_hole_as_epu_found_it(session_a):
    targets = session_a.tables["targets"]
    found = targets[targets["target_id"].str.endswith("_centre")].set_index("image_id")
    assert len(found) == 4
    thumbnail = found.loc["FoilHole_9015889_20250108_154715"]  # 2880 x 2046 read out, 512 x 364 stored
    expected = (1275.29517 * 364 / 2046 - 0.5, 1495.524 * 512 / 2880 - 0.5, 772.894165 * 512 / 2880)
    assert (thumbnail["row_px"], thumbnail["col_px"], thumbnail["size_px"]) == pytest.approx(expected)
    whole = found.loc["FoilHole_9028276_20250109_061722"]  # no file: as read out
    assert (whole["row_px"], whole["col_px"]) == pytest.approx((1006.63751 - 0.5, 1446.00244 - 0.5))


def test_a_hole_centred_twice_lies_at_one_place_of_the_stage(session_a):
    """The second image was taken after the stage had moved to the hole; the stage is good to .1 um."""
    targets = session_a.tables["targets"].set_index("target_id")
    for pair in ("9015889_20250108_1547", "9028276_20250109_0617"):
        seen = targets[targets.index.str.startswith(f"FoilHole_{pair}")]
        places = [
            stage_map(session_a.tables["images"], row.image_id).to_stage(
                np.array([[row.row_px, row.col_px]])
            )[0]
            for row in seen.itertuples()
        ]
        assert len(places) == 2
        assert np.linalg.norm(places[0] - places[1]) < 0.1


def test_the_two_shots_of_hole_9015883_are_two_exposures_of_it(session_a):
    shots = session_a.tables["exposures"]
    assert list(shots["target_id"]) == ["9015883", "9015883"]
    assert list(shots["image_id"]) == list(shots["exposure_id"])
    offsets = shots[["offset_x_um", "offset_y_um"]].to_numpy()
    assert np.linalg.norm(offsets[0] - offsets[1]) > 0.5
    assert (np.linalg.norm(offsets, axis=1) < HOLE_A_UM / 2).all()


def test_beam_shift_and_template_agree_on_how_far_two_shots_are_apart(session_a):
    """Two ways to the same vector: the template's areas, and the beam shifts by the presets' calibration."""
    images = session_a.tables["images"].set_index("image_id")
    shots = session_a.tables["exposures"]
    by_beam = images.loc[shots["image_id"], ["beam_shift_x_um", "beam_shift_y_um"]].diff().to_numpy()[1]
    by_template = shots[["offset_x_um", "offset_y_um"]].diff().to_numpy()[1]
    np.testing.assert_allclose(by_beam, by_template, atol=0.01)


def test_hole_9015883_is_a_neighbour_of_the_hole_that_the_stage_stood_at(session_a):
    """Found by beam shift alone, it lies one diagonal of the lattice, 3.75 um, from hole 9015889."""
    targets = session_a.tables["targets"].set_index("target_id")
    pixel_um = 2337.0e-4
    apart = targets.loc["9015883", ["row_px", "col_px"]] - targets.loc["9015889", ["row_px", "col_px"]]
    assert np.hypot(*apart.astype(float)) * pixel_um == pytest.approx(2.6514 * np.sqrt(2), abs=HOLE_A_UM / 4)


def test_strict_reading_refuses_missing_pixels_in_one_line(epu):
    (found,) = Epu().sessions(epu / "session_b")
    with pytest.raises(VendorFileError, match=r"pixels of 37 of 37 images are not .* --permissive"):
        found.load()


def test_sessions_side_by_side_do_not_take_each_other_s_atlas(epu):
    loaded = {found.session_id: found.load() for found in Epu(permissive=True).sessions(epu)}
    assert len(loaded) == 2
    kinds = {name: set(one.tables["images"]["kind"]) for name, one in loaded.items()}
    assert ["atlas" in of_session for of_session in kinds.values()] == [False, True]


@pytest.mark.parametrize("name", ["session_a", "session_b"])
def test_a_real_session_becomes_an_archive_that_opens_without_a_fault(epu, name, tmp_path):
    (summary,) = import_sessions(Epu(permissive=True).sessions(epu / name), tmp_path)
    assert summary.status == "imported", summary.said
    report = archive.check(tmp_path / summary.session_id)
    assert report.problems == []
    with archive.open_session(tmp_path / summary.session_id) as session:
        for file in session.tables["images"]["file"].dropna():
            assert session.pixels.read(file).shape == (364, 512)
        assert set(session.tables) == set(tables.RAW)
    (again,) = import_sessions(Epu(permissive=True).sessions(epu / name), tmp_path)
    assert again.status == "current"
