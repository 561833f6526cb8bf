import shutil

import mrcfile
import numpy as np
import pytest
from tests.survey import scene

from ptolemy_kedro import tables
from ptolemy_kedro.errors import ArchiveError, ImageError, PtolemyError
from ptolemy_kedro.geometry import stage_map
from ptolemy_kedro.survey.newcomer import FINDS_HOLES, meet, session_id_of
from ptolemy_kedro.survey.options import SurveyOptions


def write_mrc(path, pixels, size_a=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path) as file:
        file.set_data(pixels)
        if size_a:
            file.voxel_size = size_a


def write_mdoc(path, size_a=None, stage_um=None):
    lines = [f"ImageFile = {path.name}", "", "[ZValue = 0]"]
    lines += [f"PixelSpacing = {size_a}"] if size_a else []
    lines += [f"StagePosition = {stage_um[0]} {stage_um[1]}", "StageZ = 12.5"] if stage_um else []
    path.with_name(f"{path.name}.mdoc").write_text("\n".join(lines) + "\n")


@pytest.fixture
def folder(tmp_path):
    """Two images as a microscope's software leaves them: a tile and a medium image with its metadata."""
    folder = tmp_path / "monday"
    write_mrc(folder / "low" / "tile.mrc", np.ones((300, 400), np.int16), 6000.0)
    write_mrc(folder / "square.mrc", np.ones((256, 320), np.int16))
    write_mdoc(folder / "square.mrc", 400.0, (10.0, -20.0))
    return folder


@pytest.mark.parametrize("container", ["folder", "zip", "tar", "tar.zst"])
def test_an_archive_in_any_container_is_a_session(tmp_path, container):
    path = scene.write_archive(tmp_path / "s", container=container)

    newcomer = meet(path, SurveyOptions())
    assert (newcomer.session_id, newcomer.origin) == ("s1", "real")
    assert newcomer.bottom_first("m1.mrc")
    with newcomer.opened() as read:
        assert read("m1.mrc").shape == scene.MEDIUM[0]
    assert session_id_of(path) == "s1"


def test_a_plain_folder_is_a_session_whose_kinds_its_metadata_tell(folder):
    newcomer = meet(folder, SurveyOptions())
    tables.validate(tables.Images, newcomer.images, "images")
    rows = newcomer.images.set_index("file")
    assert rows["kind"].to_dict() == {"low/tile.mrc": "tile", "square.mrc": "medium"}
    assert rows.loc["square.mrc", "pixel_size_a"] == 400.0
    np.testing.assert_allclose(
        stage_map(rows.loc["square.mrc"]).to_stage(np.array([[127.5, 159.5]])), [[10.0, -20.0]]
    )
    assert stage_map(rows.loc["low/tile.mrc"]) is None
    assert session_id_of(folder) == "monday"


def test_an_image_in_mrc_is_placed_as_it_is_displayed_its_last_row_up(folder):
    newcomer = meet(folder, SurveyOptions())
    to_stage = stage_map(newcomer.images.set_index("file").loc["square.mrc"])

    np.testing.assert_allclose(to_stage.matrix, [[0.0, 0.04], [0.04, 0.0]], atol=1e-12)


def test_what_is_not_known_of_a_folder_is_said(folder):
    newcomer = meet(folder, SurveyOptions())
    said = " ".join(newcomer.warnings)
    assert "1 of 2 images have no known stage position" in said
    assert "not rotated" in said


def test_kinds_and_pixel_sizes_can_be_said(tmp_path):
    folder = tmp_path / "new"
    for name in ("a_gr.mrc", "a_hl.mrc", "whole.mrc"):
        write_mrc(folder / name, np.ones((100, 120), np.int16))
    options = SurveyOptions(atlas="WHOLE", tiles="_gr.", medium="sq h?.mrc", medium_pixel_size_a=90.0)

    newcomer = meet(folder, options)
    rows = newcomer.images.set_index("file")
    assert rows["kind"].to_dict() == {"a_gr.mrc": "tile", "a_hl.mrc": "medium", "whole.mrc": "atlas"}
    assert rows["pixel_size_a"].fillna(0).to_dict() == {"a_gr.mrc": 0, "a_hl.mrc": 90.0, "whole.mrc": 0}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("08mar_00010gr.mrc", "tile"),
        ("08mar_00010gr_00004sq_v02_00003hl.mrc", "medium"),
        ("grid1/hl3.mrc", "medium"),
        ("gr/image3.mrc", "tile"),
    ],
)
def test_the_last_word_of_a_name_tells_the_kind(tmp_path, name, kind):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    write_mrc(tmp_path / name, np.ones((100, 120), np.int16))

    newcomer = meet(tmp_path, SurveyOptions(tiles="gr", medium="hl"))

    assert newcomer.images["kind"].tolist() == [kind]


def test_a_kind_that_cannot_be_told_is_asked_for(tmp_path):
    write_mrc(tmp_path / "x.mrc", np.ones((100, 120), np.int16))

    with pytest.raises(ArchiveError, match=r"x\.mrc.*target\.tiles="):
        meet(tmp_path, SurveyOptions())


def test_images_of_no_use_are_said(folder):
    write_mrc(folder / "shot.mrc", np.ones((64, 64), np.int16), 1.1)

    assert (
        "Images in which nothing is looked for: 1 of kind exposure." in meet(folder, SurveyOptions()).warnings
    )


def test_an_unbinned_twin_is_not_searched_beside_its_image(tmp_path):
    views = dict(scene.VIEWS)
    folder = scene.write_archive(tmp_path / "s", views)
    newcomer = meet(folder, SurveyOptions())
    newcomer.images.loc[newcomer.images["image_id"] == "m1", "pixels_of"] = "m2"
    assert newcomer.images_of(FINDS_HOLES)["image_id"].tolist() == ["m1"]


@pytest.mark.parametrize(
    "fault", ["missing", "empty", "no image", "broken image", "only exposures", "epu", "file"]
)
def test_what_is_no_session_ends_in_one_line_that_names_it(tmp_path, folder, fault):
    path = tmp_path / "given"
    if fault == "file":
        path.write_text("no archive")
    elif fault != "missing":
        path.mkdir()
    if fault == "no image":
        (path / "notes.txt").write_text("nothing")
    elif fault == "broken image":
        (path / "x.mrc").write_bytes(b"\0" * 2000)
    elif fault == "only exposures":
        write_mrc(path / "x.mrc", np.ones((64, 64), np.int16), 1.1)
    elif fault == "epu":
        shutil.copytree(folder, path, dirs_exist_ok=True)
        (path / "EpuSession.dm").touch()

    with pytest.raises(PtolemyError) as failure:
        meet(path, SurveyOptions())
    assert "\n" not in failure.value.line()
    assert "given" in failure.value.line() or "x.mrc" in failure.value.line()


def test_a_broken_image_can_be_left_out_and_is_said(folder):
    (folder / "broken.mrc").write_bytes(b"\0" * 2000)

    with pytest.raises(ImageError, match=r"broken\.mrc"):
        meet(folder, SurveyOptions())
    newcomer = meet(folder, SurveyOptions(permissive=True))
    assert len(newcomer.images) == 2
    assert any("left out: broken.mrc" in warning for warning in newcomer.warnings)
