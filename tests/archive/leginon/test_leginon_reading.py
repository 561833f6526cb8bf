"""What of a Leginon database becomes what: targets and their versions, shots, calibrations, names, times."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from tests.archive.leginon.handmade import NOON

from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.archive.leginon.importer import Leginon
from ptolemy_kedro.archive.leginon.names import kind_of, parse
from ptolemy_kedro.archive.leginon.sessions import sessions
from ptolemy_kedro.archive.leginon.source import LeginonOptions
from ptolemy_kedro.errors import VendorFileError


def read(made, **options):
    return next(sessions(made.path, options=LeginonOptions(**options))).load()


def by_id(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(table.columns[0])


# Targets


def test_a_target_lies_its_delta_from_the_middle_of_its_image(made):
    tile = made.image("s_00001gr", shape=(64, 48))
    made.target(tile, 10.5, -4)
    row = read(made).tables["targets"].iloc[0]
    assert (row.row_px, row.col_px) == (64 / 2 + 10.5, 48 / 2 - 4)
    assert (row.kind, row.source, row.decision, row.state) == ("square", "operator", "selected", "new")


def test_of_a_targets_versions_the_latest_counts_in_its_last_state(made):
    tile = made.image("s_00001gr")
    made.target(tile, 1, 1, status="done")
    made.target(tile, 2, 2, version=1)
    made.target(tile, 2, 2, version=1, status="aborted")
    made.target(tile, 9, 9, number=2)
    imported = read(made)
    targets = imported.tables["targets"]
    assert targets["row_px"].tolist() == [34, 41]
    assert targets["state"].tolist() == ["aborted", "new"]
    assert [left.why for left in imported.left_out] == ["a later version replaces them"]


def test_a_target_moved_onto_a_retaken_image_counts_there(made):
    first = made.image("s_00001gr_00001sq_v01", 2700)
    old = made.target(first, 5, 5)
    again = made.image("s_00001gr_00001sq_v02", 2700)
    made.target(again, 6, 7, version=1, **{"REF|AcquisitionImageTargetData|fromtarget": old})
    made.image("s_00001gr_00001sq_v01_00001en", 105_000, target=old, shape=(40, 40))
    tables = read(made).tables
    assert tables["targets"][["image_id", "row_px", "col_px"]].values.tolist() == [
        ["s_00001gr_00001sq_v02", 38, 31]
    ]
    assert (
        by_id(tables["images"]).loc["s_00001gr_00001sq_v01_00001en", "parent_id"] == "s_00001gr_00001sq_v02"
    )
    assert len(tables["exposures"]) == 1


def test_focus_targets_are_kept_and_images_taken_to_focus_are_not(made):
    square = made.image("s_00001gr_00001sq", 2700)
    focus = made.target(square, 3, 3, type="focus")
    made.image("s_00001gr_00001sq_00001foc", 105_000, target=focus)
    imported = read(made)
    assert imported.tables["targets"]["kind"].tolist() == ["focus"]
    assert imported.tables["images"]["image_id"].tolist() == ["s_00001gr_00001sq"]
    assert "exposures" not in imported.tables
    assert [left.why for left in imported.left_out] == ["image taken to focus"]


def test_targets_outside_their_image_or_of_another_type_are_left_out(made):
    tile = made.image("s_00001gr")
    made.target(tile, 1000, 0)
    made.target(tile, 0, 0, number=2, type="preview")
    imported = read(made)
    assert "targets" not in imported.tables
    assert {left.why for left in imported.left_out} == {"target outside its image", "of the type preview"}


def test_an_image_is_viewed_where_someone_targeted_or_was_asked_to(made):
    targeted, asked, never = (made.image(f"s_0000{number}gr") for number in (1, 2, 3))
    made.target(targeted, 0, 0)
    listed = {"REF|SessionData|session": made.session_id, "REF|AcquisitionImageData|image": asked}
    made.add("ImageTargetListData", listed)
    assert read(made).tables["images"]["viewed"].tolist() == [True, True, False]
    assert never


def test_targets_are_numbered_in_the_order_of_their_first_images(made):
    tile = made.image("s_00001gr")
    late, early, _ = (made.target(tile, 0, number, number) for number in (1, 2, 3))
    made.image("s_00001gr_00002sq", 2700, target=early)
    made.image("s_00001gr_00001sq", 2700, target=late)
    assert read(made).tables["targets"]["order"].fillna(-1).tolist() == [1, 0, -1]


def test_holes_the_finder_proposed_are_candidates_told_apart_from_the_chosen(made):
    patch = made.image("s_00001gr_00001hl", 2700, shape=(100, 80))
    made.target(patch, 10, 10)  # row 60, column 50
    inside = {"REF|SessionData|session": made.session_id}
    for holes in ([(5, 5, 1)], [(60, 51, 1), (20, 20, 1), (30, 30, 0), (500, 5, 1)]):  # found anew
        prefs = made.add("HoleFinderPrefsData", {**inside, "REF|AcquisitionImageData|image": patch})
        for row, col, good in holes:
            facts = {"REF|HoleFinderPrefsData|prefs": prefs, "row": row, "column": col, "good": good}
            made.add("HoleStatsData", inside | facts)
    targets = read(made).tables["targets"]
    assert targets[["row_px", "col_px", "source", "decision"]].values.tolist() == [
        [60, 50, "operator", "selected"],
        [20, 20, "vendor", "not_considered"],
        [30, 30, "vendor", "rejected"],
    ]
    assert targets["reason"].notna().tolist() == [False, False, True]


# Shots


def shots_of_one_hole(made, shifts, calibrated):
    patch = made.image("s_00001gr_00001sq_00001hl", 2700, shape=(512, 512))
    hole = made.target(patch, 20, 10)
    if calibrated:
        for magnification, size_m in ((2700, 10e-9), (105_000, 1e-10)):
            stage = [[0, -size_m], [size_m, 0]]  # x along +col, y along -row
            made.matrix(magnification, "stage position", stage)
            made.matrix(magnification, "image shift", [[size_m, 0], [0, size_m]])
    for number, shift in enumerate(shifts):
        name = f"s_00001gr_00001sq_00001hl_0000{number}en"
        made.image(name, 105_000, target=hole, shift_um=shift, shape=(40, 40))
    return read(made)


def test_shots_of_one_hole_stay_apart_about_their_middle_where_image_shift_is_not_calibrated(made):
    imported = shots_of_one_hole(made, [(0.1, 0.2), (0.3, 0.2), (0.2, 0.5)], calibrated=False)
    exposures = imported.tables["exposures"]
    assert exposures["target_id"].nunique() == 1 and exposures["exposure_id"].nunique() == 3
    offsets = exposures[["offset_x_um", "offset_y_um"]].to_numpy()
    np.testing.assert_allclose(offsets, [[-0.1, -0.1], [0.1, -0.1], [0, 0.2]], atol=1e-9)
    assert any("image shift is not calibrated" in warning for warning in imported.warnings)


def test_a_single_shot_without_calibration_has_no_known_offset(made):
    imported = shots_of_one_hole(made, [(0.1, 0.2)], calibrated=False)
    assert imported.tables["exposures"]["offset_x_um"].isna().all()


def test_offsets_follow_from_the_matrices_where_image_shift_is_calibrated(made):
    # A feature 20 rows down and 10 columns right of the middle comes there when the stage moves by
    # -stage @ (20, 10) px = (10, -20) px of 10 nm = (0.1, -0.2) um. An image shift (x, y) has the effect of
    # the stage move stage @ inv(shift matrix) @ (x, y) = (-y, x).
    imported = shots_of_one_hole(made, [(-0.2, -0.1), (-0.2, -0.4)], calibrated=True)
    offsets = imported.tables["exposures"][["offset_x_um", "offset_y_um"]].to_numpy()
    np.testing.assert_allclose(offsets, [[0, 0], [0.3, 0]], atol=0.0051)  # half a pixel of the patch


def test_processed_copies_of_an_image_are_one_shot_and_their_facts_are_its_facts(made):
    patch = made.image("s_00001gr_00001hl", 2700)
    hole = made.target(patch, 0, 0)
    raw = made.image("s_00001gr_00001hl_00001en", 105_000, target=hole)
    copy = made.image("s_00001gr_00001hl_00001en-a", 105_000, target=hole)
    made.add("ApCtfData", {"REF|AcquisitionImageData|image": copy, "resolution_50_percent": 4.0})
    made.add("ObjIceThicknessData", {"REF|AcquisitionImageData|image": raw, "thickness": 55e-9})
    tables = read(made).tables
    assert tables["exposures"]["exposure_id"].tolist() == ["s_00001gr_00001hl_00001en"]
    assert tables["exposures"]["image_id"].tolist() == ["s_00001gr_00001hl_00001en"]
    facts = tables["outcomes"][["exposure_id", "quantity", "unit"]].values.tolist()
    assert facts == [
        ["s_00001gr_00001hl_00001en", "ice_thickness", "nm"],
        ["s_00001gr_00001hl_00001en", "ctf_resolution", "A"],
    ]
    assert tables["outcomes"]["value"].tolist() == pytest.approx([55, 4])


def test_targets_spread_closely_around_one_are_shots_of_it_and_far_ones_are_not(made):
    patch = made.image("s_00001gr_00001hl", 2700, shape=(512, 512))  # 10 nm a pixel
    hole = made.target(patch, 0, 0)
    for number, col in ((2, 30), (3, 200)):
        made_from = {"REF|AcquisitionImageTargetData|fromtarget": hole}
        point = made.target(patch, 0, col, number, **made_from)
        made.image(f"s_00001gr_00001hl_0000{number}en", 105_000, target=point)
    tables = read(made).tables
    assert tables["targets"]["col_px"].tolist() == [
        256,
        456,
    ]  # 30 px = .3 um is the hole's, 200 px = 2 um is not
    assert tables["exposures"]["target_id"].tolist() == tables["targets"]["target_id"].tolist()


# Calibrations and positions


def test_the_pixel_size_is_the_latest_calibration_before_the_image_times_the_binning(made):
    made.pixel_size(210, 500e-9, NOON + timedelta(minutes=2, seconds=30))
    made.pixel_size(210, 600e-9, NOON + timedelta(days=1))
    for number in (1, 2, 3):  # at one, two and three minutes past noon
        made.image(f"s_0000{number}gr", binning=2)
    sizes = read(made).tables["images"]["pixel_size_a"]
    np.testing.assert_allclose(sizes, [8000, 8000, 10_000])


def test_calibrations_of_another_camera_do_not_count_and_later_ones_are_said(made):
    made.ccd = made.add("InstrumentData", {"name": "Falcon"})
    made.image("s_00001gr")
    assert any("without a pixel size" in warning for warning in read(made).warnings)
    made.pixel_size(210, 700e-9, NOON + timedelta(days=9))
    imported = read(made)
    assert imported.tables["images"]["pixel_size_a"].tolist() == pytest.approx([7000])
    assert any("only after" in warning for warning in imported.warnings)


def test_without_a_stage_matrix_images_are_taken_as_unrotated_with_a_warning(made):
    made.image("s_00001gr", stage_um=(100, 50), shape=(64, 48))
    imported = read(made)
    row = imported.tables["images"].iloc[0]
    assert (row.x_um_per_col, row.y_um_per_row) == pytest.approx((0.4, -0.4))
    assert row.x_at_origin_um == pytest.approx(100 - 0.4 * 23.5)
    assert any("not rotated" in warning for warning in imported.warnings)


def test_a_stage_matrix_turns_mirrors_and_leans_the_map(made):
    # Leginon moves to (row, col) from the middle by -matrix @ (row, col) x binning, y over cos(tilt).
    made.matrix(210, "stage position", [[3e-7, 1e-7], [1e-7, -3e-7]])
    made.image("s_00001gr", stage_um=(10, 20), binning=2, tilt_rad=np.deg2rad(60), shape=(64, 48))
    row = read(made).tables["images"].iloc[0]
    entries = [row.x_um_per_row, row.x_um_per_col, row.y_um_per_row, row.y_um_per_col]
    assert entries == pytest.approx([-0.6, -0.2, -0.4, 1.2])
    middle = np.array(entries).reshape(2, 2) @ [31.5, 23.5] + [row.x_at_origin_um, row.y_at_origin_um]
    assert middle == pytest.approx([10, 20])
    assert row.tilt_alpha_deg == pytest.approx(60)


def test_a_stored_thumbnail_keeps_positions_and_tells_the_readout(made):
    made.image("s_00001gr", shape=(64, 48), stage_um=(0, 0), written=False)
    (made.images / "s_00001gr.mrc").write_bytes(encode("a.mrc", np.zeros((32, 24), dtype=np.int16)))
    made.target(1, 10, 0)
    tables = read(made).tables
    row = tables["images"].iloc[0]
    assert (row.rows_px, row.cols_px, row.readout_rows_px, row.readout_cols_px) == (32, 24, 64, 48)
    assert row.pixel_size_a == pytest.approx(8000)
    # Row 42 as read out is the middle of rows 21 and 20.5 as stored: (42 + .5) / 2 - .5.
    target = tables["targets"].iloc[0]
    assert target.row_px == pytest.approx(20.75)
    place = row.y_um_per_row * target.row_px + row.y_um_per_col * target.col_px + row.y_at_origin_um
    assert place == pytest.approx(-0.4 * 10.5)  # from the field's middle at row 31.5


# Names, grids, times, sessions


@pytest.mark.parametrize(
    ("name", "kind", "grid", "shot"),
    [
        ("21mar02c_grid1_00010gr", "tile", "grid1", "21mar02c_grid1_00010gr"),
        ("21mar02c_grid1c_00019gr_00023sq_v01", "square", "grid1c", None),
        ("21mar02c_grid1c_00019gr_00023sq_v01_00006hl_v01", "medium", "grid1c", None),
        (
            "21mar02c_grid1c_00019gr_00023sq_v01_00006hl_v01_00005en-a", "exposure", "grid1c",
            "21mar02c_grid1c_00019gr_00023sq_v01_00006hl_v01_00005en",
        ),
        ("21mar02c_00019gr_00001foc", "focus", "", None),
        ("21mar02c_00019gr_00001en-a-DW", "exposure", "", "21mar02c_00019gr_00001en"),
        ("my-grid-image-b", "exposure", "", "my-grid-image-b"),
    ],
)  # fmt: skip
def test_names_tell_kind_grid_and_shot(name, kind, grid, shot):
    parts = parse(name, "21mar02c")
    assert (kind_of(parts, "", None), parts.grid, parts.shot) == (kind, grid, shot or name)


def test_a_small_field_shows_one_hole():
    assert kind_of(parse("s_00001gr_00001hl", "s"), "hl", 2.5) == "hole"
    assert kind_of(parse("s_00001gr_00001hl", "s"), "hl", 12.0) == "medium"


def test_grids_are_told_by_their_rows_and_else_by_the_names(made):
    emgrid = made.add("EMGridData", {"name": "gold 300"})
    rows = [
        made.add("GridData", {"grid ID": 4, "insertion": insertion, "REF|EMGridData|emgrid": emgrid})
        for insertion in (1, 2)
    ]
    made.image("26mar01a_00001gr", **{"REF|GridData|grid": rows[0]})
    made.image("26mar01a_00002gr", **{"REF|GridData|grid": rows[1]})
    made.image("26mar01a_b_00003gr")
    tables = read(made).tables
    assert tables["images"]["grid_id"].tolist() == ["gold 300-1", "gold 300-2", "b"]
    assert tables["grids"]["sample"].tolist()[:2] == ["gold 300"] * 2


def test_a_clock_kept_in_local_time_is_told_so(made):
    made.image("s_00001gr")
    utc = read(made).tables["images"]["taken_at"][0]
    assert utc == pd.Timestamp(NOON + timedelta(minutes=1), tz="UTC")
    local = read(made, zone=ZoneInfo("America/New_York")).tables["images"]["taken_at"][0]
    assert local - utc == pd.Timedelta(hours=5)


def test_two_sessions_of_one_name_are_two_archives(made, tmp_path):
    made.image("s_00001gr")
    second = made.start_session("26mar01a")
    made.image("s_00002gr")
    summaries = import_sessions(sessions(made.path), tmp_path / "to")
    assert [(s.session_id, s.status) for s in summaries] == [
        ("26mar01a", "imported"),
        (f"26mar01a-{second}", "imported"),
    ]


def test_a_session_without_images_is_no_session(made):
    assert list(sessions(made.path)) == []


def test_missing_broken_and_foreign_files_are_left_out_and_the_rows_stay(made, tmp_path):
    for number in (1, 2, 3):
        made.image(f"s_0000{number}gr", written=number == 1)
    (made.images / "s_00002gr.mrc").write_bytes(b"no image")
    outside = tmp_path / "secret.mrc"
    (made.images / "s_00001gr.mrc").rename(outside)
    (made.images / "s_00001gr.mrc").symlink_to(outside)
    with pytest.raises(VendorFileError, match=r"s_00002gr\.mrc"):
        read(made)
    imported = read(made, permissive=True)
    assert imported.files == {}
    assert imported.tables["images"]["file"].isna().all()
    whys = [left.why for left in imported.left_out]
    assert whys[0] == "it is a link that leads out of the image path"
    assert whys[2] == "there is no such file in the image path"
    (summary,) = import_sessions(Leginon(permissive=True).sessions(made.path), tmp_path / "to")
    assert summary.status == "imported"


def test_images_are_found_below_a_folder_that_is_named(made, tmp_path):
    made.image("s_00001gr")
    elsewhere = tmp_path / "mounted" / "26mar01a"
    elsewhere.mkdir(parents=True)
    made.images.rename(elsewhere / "rawdata")
    made.change("UPDATE SessionData SET \"image path\" = '/data/leginon/26mar01a/rawdata'")
    with pytest.raises(VendorFileError, match="its image path /data/leginon/26mar01a/rawdata is not there"):
        read(made)
    assert read(made, permissive=True).files == {}
    found = read(made, images=tmp_path / "mounted").files
    assert found == {"s_00001gr.mrc": elsewhere / "rawdata" / "s_00001gr.mrc"}


def test_images_of_tilt_series_are_left_out(made):
    made.image("s_00001gr", **{"REF|TiltSeriesData|tilt series": 1})
    imported = read(made)
    assert [left.why for left in imported.left_out] == ["image of a tilt series"]
