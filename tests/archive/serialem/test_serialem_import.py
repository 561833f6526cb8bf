"""SerialEM sessions imported: simulated ones come back as they were, real ones as they are known to be."""

import shutil
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import mrcfile
import numpy as np
import pytest

from ptolemy_kedro import archive
from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.archive.serialem.importer import SerialEM
from ptolemy_kedro.archive.serialem.navigator import read_navigator
from ptolemy_kedro.errors import VendorFileError
from ptolemy_kedro.simulation import SimulateOptions, simulate_session
from ptolemy_kedro.simulation.export.serialem import export_serialem

MATRIX = ["x_um_per_row", "x_um_per_col", "y_um_per_row", "y_um_per_col"]
STAGE = ["stage_x_um", "stage_y_um", "x_at_origin_um", "y_at_origin_um"]


@pytest.fixture(scope="module")
def simulated():
    options = SimulateOptions(tiles=2, tile_px=128, atlas_px=96, visited_squares=2, holes_a_patch=3)
    return simulate_session(20_005, options)


@pytest.fixture(scope="module")
def exported(simulated, tmp_path_factory):
    return export_serialem(simulated, tmp_path_factory.mktemp("serialem") / "monday")


def _imported(source, to, **options):
    (summary,) = import_sessions(SerialEM(**options).sessions(source), to)
    assert summary.status == "imported", summary.said
    return to / summary.session_id


@pytest.mark.parametrize("xml", [False, True])
def test_a_simulated_session_comes_back(simulated, tmp_path, xml):
    source = export_serialem(simulated, tmp_path / "monday", xml=xml)

    place = _imported(source, tmp_path / "archives", permissive=True)

    assert archive.check(place).problems == []
    with archive.open_session(place) as session:
        images = session.tables["images"].set_index("image_id")
        given = simulated.tables["images"].set_index("image_id")
        assert set(images.index) == set(given.index)
        images = images.loc[given.index]
        assert list(images["kind"]) == list(given["kind"])
        assert np.abs(images[STAGE].astype(float) - given[STAGE].astype(float)).max(axis=None) < 0.1
        assert np.allclose(images[MATRIX].astype(float), given[MATRIX].astype(float), rtol=1e-6)
        assert np.allclose(images["pixel_size_a"].astype(float), given["pixel_size_a"].astype(float))
        stored = given["file"].notna()
        assert (images["taken_at"] == given["taken_at"])[stored].all()
        for file, pixels, _ in simulated.images:
            (image_id,) = given.index[given["file"] == file]
            assert np.array_equal(session.pixels.read(images.loc[image_id, "file"]), pixels)
        targets = session.tables["targets"].set_index("target_id")
        wanted = simulated.tables["targets"].set_index("target_id")
        assert set(targets.index) == set(wanted.index)
        targets = targets.loc[wanted.index]
        apart = targets[["row_px", "col_px"]] - wanted[["row_px", "col_px"]]
        assert np.abs(apart).max(axis=None) < 0.5
        chosen = wanted["decision"] == "selected"
        assert (targets["decision"] == np.where(chosen, "selected", "not_considered")).all()
        assert set(session.tables["exposures"]["target_id"]) == set(
            simulated.tables["exposures"]["target_id"]
        )
        assert list(session.tables["sessions"]["origin"]) == ["simulated"]


def test_the_real_navigator_becomes_maps_and_sites(real_data, tmp_path):
    source = tmp_path / "navtest"
    source.mkdir()
    shutil.copy(real_data / "formats" / "serialem" / "semmatch.nav", source / "semmatch.nav")

    (found,) = SerialEM(permissive=True).sessions(source)
    imported = found.load()

    images, targets = imported.tables["images"], imported.tables["targets"]
    assert images["kind"].value_counts().to_dict() == {"square": 31, "atlas": 2}
    assert len(targets) == 1612 + 22
    no_map = [left for left in imported.left_out if "not in the navigator" in left.why]
    assert len(no_map) == 1616 - 1612
    # 280 were marked; 31 squares were taken at points of the atlas that are no longer marked.
    holes, squares = targets[targets["kind"] == "hole"], targets[targets["kind"] == "square"]
    assert (holes["decision"] == "selected").sum() == 280
    assert (squares["decision"] == "selected").sum() == 31
    assert (squares.loc[squares["decision"] == "selected", "state"] == "acquired").all()
    assert (targets["decision"] == "rejected").sum() == 0
    assert images.set_index("image_id").loc["10-A", "parent_id"] == "8"


def test_the_stage_of_each_point_follows_from_its_pixel(real_data):
    (found,) = SerialEM(permissive=True).sessions(real_data / "formats" / "serialem" / "semmatch.nav")
    imported = found.load()
    images = imported.tables["images"].set_index("image_id")
    sites = imported.tables["targets"].join(images[MATRIX + STAGE[2:]], on="image_id")

    items = read_navigator(real_data / "formats" / "serialem" / "semmatch.nav").items
    stage = {item.label: item.stage_um[:2] for item in items if item.kind == "point"}
    points = sites[sites["size_px"].isna() & sites["target_id"].isin(stage)]
    x = points["x_um_per_row"] * points["row_px"] + points["x_um_per_col"] * points["col_px"]
    y = points["y_um_per_row"] * points["row_px"] + points["y_um_per_col"] * points["col_px"]
    there = np.column_stack([x + points["x_at_origin_um"], y + points["y_at_origin_um"]])

    assert len(points) == 1612
    assert np.abs(there - np.array([stage[label] for label in points["target_id"]])).max() < 0.01


def test_what_is_missing_refuses_a_session_unless_one_lives_with_it(exported, tmp_path):
    source = tmp_path / "monday"
    shutil.copytree(exported, source)
    (source / "g1_t001.mrc").unlink()
    for item in source.glob("g1_sq*"):
        item.unlink()

    (strict,) = import_sessions(SerialEM().sessions(source), tmp_path / "strict")
    place = _imported(source, tmp_path / "permissive", permissive=True)

    assert strict.status == "broken"
    assert "g1.nav line" in strict.said and "--permissive" in strict.said
    with archive.open_session(place) as session:
        files = session.tables["images"].set_index("image_id")["file"]
        assert files.isna()["g1_t001"] and files.notna()["g1_t000"]


def test_a_broken_navigator_is_one_line(exported, tmp_path):
    source = tmp_path / "monday"
    shutil.copytree(exported, source)
    (source / "g1.nav").write_text("[Item = 1\n")

    (summary,) = import_sessions(SerialEM().sessions(source), tmp_path / "archives")

    assert (summary.status, "\n" in summary.said) == ("broken", False)
    assert "g1.nav line 1" in summary.said
    assert not (tmp_path / "archives" / "monday").exists()


def test_labels_that_repeat_stay_apart(exported, tmp_path):
    source = tmp_path / "monday"
    shutil.copytree(exported, source)
    navigator = source / "g1.nav"
    written = navigator.read_text().replace("[Item = g1_sq0001]", "[Item = g1_sq0000]")
    navigator.write_text(written)

    (found,) = SerialEM(permissive=True).sessions(source)
    targets = found.load().tables["targets"]

    assert targets["target_id"].is_unique
    assert targets["target_id"].str.startswith("g1_sq0000_1").sum() >= 1


def test_one_image_of_a_stack_and_a_tiff_are_maps(exported, tmp_path):
    import tifffile

    source = tmp_path / "monday"
    shutil.copytree(exported, source)
    pixels = mrcfile.read(source / "g1_t000.mrc")
    with mrcfile.new(source / "g1_t000.mrc", overwrite=True) as file:
        file.set_data(np.stack([pixels * 0, pixels]))
        file.set_image_stack()
    (source / "g1_t000.mrc.mdoc").unlink()
    (source / "g1_t001.mrc").unlink()
    tifffile.imwrite(source / "g1_t001.tif", pixels[::-1])
    navigator = source / "g1.nav"
    text = navigator.read_text().replace("g1_t001.mrc", "g1_t001.tif")
    first, second = text.split("[Item = g1_t000]")
    navigator.write_text(first + "[Item = g1_t000]" + second.replace("MapSection = 0", "MapSection = 1", 1))

    place = _imported(source, tmp_path / "archives", permissive=True)
    with archive.open_session(place) as session:
        images = session.tables["images"].set_index("image_id")
        assert np.array_equal(session.pixels.read(images.loc["g1_t000", "file"]), pixels)
        assert images.loc["g1_t001", "file"] == "g1_t001.tif"
        # The same field stored upside down: x changes with the rows in the other direction.
        as_mrc = _row(exported, "g1_t001")
        assert images.loc["g1_t001", "x_um_per_row"] == pytest.approx(-as_mrc["x_um_per_row"])
        assert images.loc["g1_t001", "x_um_per_col"] == pytest.approx(as_mrc["x_um_per_col"])


def _row(exported, image_id):
    (found,) = SerialEM(permissive=True).sessions(exported)
    return found.load().tables["images"].set_index("image_id").loc[image_id]


def test_a_clock_of_another_zone_is_taken_to_utc(exported):
    def first(zone):
        (found,) = SerialEM(permissive=True, zone=zone).sessions(exported)
        return found.load().tables["sessions"]["started_at"].iloc[0]

    assert (first(UTC) - first(ZoneInfo("Asia/Tokyo"))).total_seconds() == 9 * 3600


def test_only_what_changed_since_is_found(exported):
    assert list(SerialEM().sessions(exported, datetime(2999, 1, 1, tzinfo=UTC))) == []
    assert len(list(SerialEM().sessions(exported, datetime(2000, 1, 1, tzinfo=UTC)))) == 1


def test_each_folder_with_a_navigator_is_a_session(exported, tmp_path):
    for name in ("2025/monday", "2025/tuesday"):
        shutil.copytree(exported, tmp_path / "all" / name)
    (tmp_path / "all" / "notes.txt").write_text("nothing")

    found = list(SerialEM().sessions(tmp_path / "all"))

    assert [one.session_id for one in found] == ["2025-monday", "2025-tuesday"]
    assert found[0].stamp != found[1].stamp


def test_a_folder_without_serialem_is_refused(tmp_path):
    with pytest.raises(VendorFileError, match="holds no"):
        list(SerialEM().sessions(tmp_path))


def test_metadata_alone_make_a_session(real_data, tmp_path):
    for name in ("frame_set_single.mdoc", "tilt_series.mdoc", "gm.mrc.mdoc"):
        shutil.copy(real_data / "formats" / "serialem" / name, tmp_path / name)

    place = _imported(tmp_path, tmp_path / "archives")

    with archive.open_session(place) as session:
        (row,) = session.tables["images"].to_dict("records")
        (said,) = session.tables["sessions"].to_dict("records")
    assert (row["kind"], row["rows_px"], row["cols_px"]) == ("exposure", 2046, 2880)
    assert (row["stage_x_um"], row["image_shift_x_um"]) == (-142.82, 2.69654)
    assert row["pixel_size_a"] == 1.2827
    assert said["microscope"].startswith("UMass_Krios Camera")
    assert said["voltage_kv"] == 300


def test_a_file_of_the_same_name_that_is_not_the_map_is_refused(exported, tmp_path):
    source = tmp_path / "monday"
    shutil.copytree(exported, source)
    (source / "g1_t000.mrc").write_bytes(encode("g1_t000.mrc", np.zeros((128, 64), np.int16)))

    (summary,) = import_sessions(SerialEM(permissive=False).sessions(source / "g1.nav"), tmp_path / "to")

    assert summary.status == "broken"
    assert "is it another file of this name?" in summary.said
