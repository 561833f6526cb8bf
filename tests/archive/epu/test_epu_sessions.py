"""EPU sessions as facilities leave them: moved, incomplete, still being written, or made to do harm."""

import os
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.epu.importer import Epu
from ptolemy_kedro.errors import VendorFileError
from ptolemy_kedro.simulation import SimulateOptions, simulate_session
from ptolemy_kedro.simulation.export.epu import export_epu

SMALL = SimulateOptions(
    tiles=2, tile_px=64, squares_a_tile=8, atlas_px=32, visited_squares=2, patches_a_square=1, holes_a_patch=4
)


@pytest.fixture
def folder(tmp_path):
    """A session whose every image has pixels."""
    (written,) = export_epu(simulate_session(10_004, SMALL), tmp_path / "source")
    for record in written.glob("Images-Disc1/*/GridSquare_*.xml"):
        give_pixels(record, (1024, 1440))
    return written


def give_pixels(record, shape, suffix=".mrc"):
    pixels = np.random.default_rng(0).integers(0, 200, shape).astype(np.uint8)
    stored = pixels.astype(np.int16) if suffix == ".mrc" else pixels
    record.with_suffix(suffix).write_bytes(encode(f"x{suffix}", stored, None))


def load(source, permissive=False):
    (found,) = Epu(permissive).sessions(source)
    return found.load()


def replace_in(path, old, new, count=-1):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


def one(folder, pattern):
    return sorted(folder.glob(pattern))[0]


def test_a_whole_session_is_read_strictly(folder):
    imported = load(folder)
    assert imported.left_out == ()
    assert imported.warnings == ()
    assert len(imported.files) == len(imported.tables["images"])


def test_a_record_that_is_still_being_written_is_left_out_or_refused(folder):
    record = one(folder, "Images-Disc1/*/GridSquare_*.xml")
    record.write_bytes(record.read_bytes()[:300])
    with pytest.raises(VendorFileError, match=rf"{record.name} line 2 column \d+: .*still writes it"):
        load(folder)
    imported = load(folder, permissive=True)
    assert [one.what for one in imported.left_out] == [record.relative_to(folder).as_posix()]
    row = imported.tables["images"].set_index("image_id").loc[record.stem]
    assert row["rows_px"] == 1024  # its pixels are there


def test_a_square_whose_file_is_cut_leaves_the_other_squares(folder):
    path = one(folder, "Metadata/*.dm")
    whole = load(folder)
    path.write_bytes(path.read_bytes()[:-40])
    imported = load(folder, permissive=True)
    assert path.name in imported.left_out[0].what
    kept = imported.tables["targets"].query("kind == 'hole'")
    assert 0 < len(kept) < len(whole.tables["targets"].query("kind == 'hole'"))


def test_an_image_that_came_after_its_square_s_file_keeps_its_hole(folder):
    square = one(folder, "Images-Disc1/GridSquare_*")
    record = one(square, "GridSquare_*.xml")
    data = square / "Data" / "FoilHole_777_Data_888_9_20260101_120000.xml"
    data.parent.mkdir()
    data.write_bytes(record.read_bytes())
    give_pixels(data, (1024, 1440))
    imported = load(folder)
    targets = imported.tables["targets"].set_index("target_id")
    assert targets.loc["777", "image_id"] == record.stem
    middle = [(1024 - 1) / 2, (1440 - 1) / 2]  # the shot was where the square's image was taken
    assert [targets.loc["777", "row_px"], targets.loc["777", "col_px"]] == pytest.approx(middle, abs=0.5)
    shots = imported.tables["exposures"].set_index("target_id")
    assert shots.loc["777", "exposure_id"] == data.stem


def test_a_thumbnail_has_the_pixel_size_of_its_own_pixels_and_the_map_of_the_whole(folder):
    whole = load(folder).tables["images"].set_index("image_id")
    record = one(folder, "Images-Disc1/*/GridSquare_*.xml")
    record.with_suffix(".mrc").unlink()
    give_pixels(record, (256, 360), ".jpg")
    small = load(folder).tables["images"].set_index("image_id")
    before, after = whole.loc[record.stem], small.loc[record.stem]
    assert (after["rows_px"], after["readout_rows_px"]) == (256, 1024)
    assert after["pixel_size_a"] == pytest.approx(4 * before["pixel_size_a"])
    for axis in "xy":
        assert after[f"{axis}_um_per_row"] == pytest.approx(4 * before[f"{axis}_um_per_row"])
        assert after[f"stage_{axis}_um"] == before[f"stage_{axis}_um"]
        centre = [
            row[f"{axis}_um_per_row"] * (row["rows_px"] - 1) / 2
            + row[f"{axis}_um_per_col"] * (row["cols_px"] - 1) / 2
            + row[f"{axis}_at_origin_um"]
            for row in (before, after)
        ]
        assert centre[0] == pytest.approx(centre[1], abs=1e-6)


def test_holes_of_a_thumbnail_lie_in_its_pixels(folder):
    record = one(folder, "Images-Disc1/*/GridSquare_*.xml")
    whole = load(folder).tables["targets"].query("kind == 'hole' and image_id == @record.stem")
    record.with_suffix(".mrc").unlink()
    give_pixels(record, (256, 360), ".jpg")
    small = load(folder).tables["targets"].query("kind == 'hole' and image_id == @record.stem")
    np.testing.assert_allclose(small["row_px"] + 0.5, (whole["row_px"] + 0.5) / 4)
    np.testing.assert_allclose(small["size_px"], whole["size_px"] / 4)


def test_a_file_that_shows_another_field_gets_no_pixel_size(folder):
    record = one(folder, "Images-Disc1/*/GridSquare_*.xml")
    record.with_suffix(".mrc").unlink()
    give_pixels(record, (512, 512), ".jpg")
    replace_in(one(folder, "Metadata/*.dm"), record.stem, "elsewhere")
    imported = load(folder)
    row = imported.tables["images"].set_index("image_id").loc[record.stem]
    assert row[["pixel_size_a", "x_um_per_row"]].isna().all()
    assert any("not the same field" in line for line in imported.warnings)


def test_the_image_with_most_pixels_is_taken_and_movies_are_not(folder):
    record = one(folder, "Images-Disc1/*/GridSquare_*.xml")
    give_pixels(record, (64, 90), ".jpg")
    record.with_name(f"{record.stem}_Fractions.mrc").write_bytes(b"movie")
    imported = load(folder)
    names = [path.name for path in imported.files.values()]
    assert f"{record.stem}.mrc" in names
    assert f"{record.stem}.jpg" not in names
    assert [(one.what, one.why.split()[0]) for one in imported.left_out] == [("1 movies", "movies")]


def test_images_on_a_second_disc_belong_to_the_session_of_their_folder_s_name(folder):
    first = folder / "Images-Disc1"
    squares = sorted(first.iterdir())
    elsewhere = folder.parent / "disc2" / folder.name / "Images-Disc2"
    elsewhere.mkdir(parents=True)
    whole = load(folder.parent)
    squares[0].rename(elsewhere / squares[0].name)
    moved = load(folder.parent)
    assert len(moved.tables["images"]) == len(whole.tables["images"])
    assert any(name.startswith("Images-Disc2/") for name in moved.files)


def test_an_atlas_that_was_moved_is_known_by_its_squares(folder):
    (folder / "Atlas").rename(folder.parent / "anywhere")
    imported = load(folder.parent)
    assert "atlas" in set(imported.tables["images"]["kind"])


def test_without_its_atlas_a_session_says_so(folder):
    for path in (folder / "Atlas").iterdir():
        path.unlink()
    imported = load(folder)
    assert imported.left_out[0].what == "the atlas"
    assert "atlas" not in set(imported.tables["images"]["kind"])


def test_a_damaged_atlas_is_refused_strictly_and_told_permissively(folder):
    path = folder / "Atlas" / "Atlas.dm"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(VendorFileError, match=r"Atlas/Atlas\.dm line 2"):
        load(folder)
    imported = load(folder, permissive=True)
    assert imported.left_out[0].what == "Atlas/Atlas.dm"
    assert len(imported.tables["targets"].query("kind == 'hole'")) == 8


def test_missing_pixels_are_refused_strictly_and_told_permissively(folder):
    record = one(folder, "Images-Disc1/*/GridSquare_*.xml")
    record.with_suffix(".mrc").unlink()
    with pytest.raises(
        VendorFileError, match=rf"the pixels of 1 of \d+ images .*{record.stem}.*--permissive"
    ):
        load(folder)
    imported = load(folder, permissive=True)
    row = imported.tables["images"].set_index("image_id").loc[record.stem]
    assert row["file"] is None or row["file"] != row["file"]
    assert row["rows_px"] == 1024


@pytest.mark.parametrize(
    ("stated", "hours"), [("2026-03-01T12:00:00.1234567+02:00", 10), ("2026-03-01T12:00:00", 12)]
)
def test_times_are_utc_also_where_no_zone_is_stated(folder, stated, hours):
    import re

    path = folder / "EpuSession.dm"
    path.write_text(re.sub("<StartDateTime>[^<]*", f"<StartDateTime>{stated}", path.read_text()))
    started = load(folder).tables["sessions"]["started_at"].iloc[0]
    assert started.replace(microsecond=0) == datetime(2026, 3, 1, hours, tzinfo=UTC)


def test_since_passes_over_sessions_in_which_nothing_changed(folder):
    now = datetime.now(UTC)
    assert list(Epu().sessions(folder, since=now + timedelta(hours=1))) == []
    record = one(folder, "Images-Disc1/*/GridSquare_*.xml")
    os.utime(record, (now.timestamp() + 7200,) * 2)
    assert len(list(Epu().sessions(folder, since=now + timedelta(hours=1)))) == 1


def test_a_stamp_changes_with_any_file_of_the_session(folder):
    def stamp():
        (found,) = Epu().sessions(folder)
        return found.stamp

    before = stamp()
    assert stamp() == before
    record = one(folder, "Atlas/Tile_*.mrc")
    os.utime(record, (1, 1))
    assert stamp() != before


def test_a_folder_without_sessions_is_refused(tmp_path):
    with pytest.raises(VendorFileError, match=r"no EpuSession\.dm"):
        list(Epu().sessions(tmp_path))


def test_a_damaged_session_file_is_refused_when_it_is_loaded_not_before(folder):
    (folder / "EpuSession.dm").write_text("<EpuSessionXml><Id>1</Id>")
    (found,) = Epu().sessions(folder)
    with pytest.raises(VendorFileError, match=r"EpuSession\.dm line 1"):
        found.load()


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]>',
        '<!DOCTYPE a SYSTEM "http://localhost/a.dtd">',
    ],
)
def test_no_entity_is_expanded_and_nothing_outside_is_read(folder, head):
    path = folder / "EpuSession.dm"
    path.write_text(path.read_text().replace("?>", f"?>{head}", 1))
    (found,) = Epu(permissive=True).sessions(folder)
    with pytest.raises(VendorFileError, match="declares a document type or entities"):
        found.load()


def test_no_link_leads_out_of_the_source(folder, tmp_path):
    secret = tmp_path / "secret.mrc"
    secret.write_bytes(encode("x.mrc", np.zeros((1024, 1440), np.int16), None))
    record = one(folder, "Images-Disc1/*/GridSquare_*.xml")
    record.with_suffix(".mrc").unlink()
    record.with_suffix(".mrc").symlink_to(secret)
    tile = one(folder, "Atlas/Tile_*.mrc")
    tile.unlink()
    tile.symlink_to(secret)
    imported = load(folder, permissive=True)
    taken = [path.name for path in imported.files.values()]
    assert record.with_suffix(".mrc").name not in taken
    assert tile.name not in taken


def test_names_in_files_lead_nowhere(folder):
    """A name with a path in it is looked for beside its file only, under its whole text."""
    path = folder / "Atlas" / "Atlas.dm"
    replace_in(path, "<BaseFileName>Tile", "<BaseFileName>../../Tile", 1)
    imported = load(folder, permissive=True)
    assert all(folder in path.parents for path in imported.files.values())


def test_a_number_that_is_none_names_its_file_line_and_element(folder):
    path = one(folder, "Metadata/*.dm")
    replace_in(path, "<PixelCenter><x>", "<PixelCenter><x>NaN", 1)
    with pytest.raises(VendorFileError, match=rf"{path.name} line 2 column \d+: x is 'NaN"):
        load(folder)
