import csv
import json
import re

import mrcfile
import numpy as np
import pytest
from PIL import Image
from tests.survey import scene

from ptolemy_kedro import targeting
from ptolemy_kedro.archive.serialem.importer import SerialEM


@pytest.fixture
def told(monkeypatch):
    """Replace the networks; gives the pixel sizes that they were told."""
    sizes = []

    def rank_holes(image, localiser, classifier, pixel_size_a=None):
        sizes.append(pixel_size_a)
        return scene.hole_finder(image, localiser, classifier)

    monkeypatch.setattr(targeting, "rank_holes", rank_holes)
    return sizes


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "m1.mrc"
    with mrcfile.new(path) as file:
        file.set_data(scene.pixels("m1"))
        file.voxel_size = 400.0
    return path


def test_holes_writes_table_csv_json_and_figure_each_with_the_models(ptolemy, told, image, tmp_path):
    places = {name: tmp_path / f"out.{name}" for name in ("png", "csv", "json")}
    code, out, _ = ptolemy(
        "holes", image, "--figure", places["png"], "--csv", places["csv"], "--json", places["json"]
    )

    rows = list(csv.DictReader(places["csv"].open()))
    answer = json.loads(places["json"].read_text())
    assert code == 0
    assert "Found by finder 1; scored by judge 2." in out
    assert len(rows) == len(answer["holes"]) > 20
    assert {(row["model"], row["localiser"]) for row in rows} == {("judge 2", "finder 1")}
    assert (answer["model"], answer["localiser"]) == ("judge 2", "finder 1")
    assert places["png"].read_bytes().startswith(b"\x89PNG")
    assert [int(row["rank"]) for row in rows] == list(range(1, len(rows) + 1))


def test_the_files_own_pixel_size_is_told_unless_another_is_given(ptolemy, told, image):
    ptolemy("holes", image)
    ptolemy("holes", image, "--pixel-size", "77.5")

    assert told == [400.0, 77.5]


@pytest.mark.parametrize(("given", "size"), [((), 380.0), (("--pixel-size", "77.5"), 77.5)])
def test_one_pixel_size_counts_for_all_that_a_run_gives_the_mdocs_before_the_headers(
    ptolemy, told, image, tmp_path, given, size
):
    image.with_name("m1.mrc.mdoc").write_text("PixelSpacing = 380\n[ZValue = 0]\nStagePosition = 0 0\n")
    nav, answer = tmp_path / "plan.nav", tmp_path / "out.json"

    code, _, _ = ptolemy("holes", image, *given, "--nav", nav, "--json", answer)

    (width_um,) = re.findall(r"PtsX = (\S+)", nav.read_text())[:1]
    assert code == 0 and told == [size] == [json.loads(answer.read_text())["pixel_size_a"]]
    assert abs(float(width_um)) == pytest.approx(scene.pixels("m1").shape[1] * size / 1e4 / 2)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_other_kinds_of_images_are_read_without_a_pixel_size(ptolemy, told, tmp_path, suffix):
    path = tmp_path / f"m1{suffix}"
    Image.fromarray(np.clip(scene.pixels("m1") / 2, 0, 255).astype(np.uint8)).save(path)

    code, _, _ = ptolemy("holes", path)

    assert code == 0 and told == [None]


def test_the_navigator_holds_the_image_and_its_holes_where_the_mdoc_says(ptolemy, told, image, tmp_path):
    image.with_name("m1.mrc.mdoc").write_text(
        "[ZValue = 0]\nPixelSpacing = 400\nStagePosition = 12.5 -30.25\n"
    )

    code, _, _ = ptolemy("holes", image, "--nav", tmp_path / "plan.nav", "--json", tmp_path / "out.json")

    holes = json.loads((tmp_path / "out.json").read_text())["holes"]
    (found,) = SerialEM().sessions(tmp_path / "plan.nav")
    imported = found.load()
    row = imported.tables["images"].iloc[0]
    targets = imported.tables["targets"]
    assert code == 0
    assert (row["stage_x_um"], row["stage_y_um"]) == pytest.approx((12.5, -30.25))
    centres = targets[["col_px", "row_px"]].to_numpy(float)
    np.testing.assert_allclose(centres, [hole["center"] for hole in holes], atol=0.51)
    assert set(targets["decision"]) == {"selected"}


def test_a_stage_position_can_be_given(ptolemy, told, image, tmp_path):
    code, _, err = ptolemy("holes", image, "--nav", tmp_path / "plan.nav", "--stage", "-5", "7.5")

    assert code == 0, err
    assert "StageXYZ = -5 7.5 0" in (tmp_path / "plan.nav").read_text()


def test_a_navigator_of_an_image_whose_place_is_unknown_counts_from_its_middle_and_says_so(
    ptolemy, told, image, tmp_path
):
    code, _, err = ptolemy("holes", image, "--nav", tmp_path / "plan.nav")
    text = (tmp_path / "plan.nav").read_text()

    assert code == 0
    assert "m1.mrc" in err and "--stage" in err and err.count("\n") == 1
    assert "StageXYZ = 0 0 0" in text and "Regis = 2" in text and "Regis = 1" not in text


def test_a_navigator_of_an_image_of_unknown_scale_counts_pixels_and_says_so(ptolemy, told, tmp_path):
    path = tmp_path / "m1.png"
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(path)

    code, _, err = ptolemy("holes", path, "--nav", tmp_path / "plan.nav", "--stage", "0", "0")

    assert code == 0 and "--pixel-size" in err
    assert "PtsX = -32 32 32 -32 -32" in (tmp_path / "plan.nav").read_text()  # 64 px, 1 um each


def test_a_few_pixels_that_are_not_finite_are_replaced_and_said_so_once(ptolemy, told, tmp_path):
    flawed = scene.pixels("m1").astype(np.float32)
    flawed[3, 5:7] = np.nan, np.inf
    Image.fromarray(flawed).save(tmp_path / "m1.tif")

    code, _, err = ptolemy("holes", tmp_path / "m1.tif", "--figure", tmp_path / "out.png")

    assert code == 0 and (tmp_path / "out.png").is_file()
    assert err.count("\n") == 1 and "m1.tif" in err and "2 pixels that are not finite were replaced" in err


def test_an_image_without_holes_is_a_plain_answer_everywhere(ptolemy, told, tmp_path):
    path = tmp_path / "flat.png"
    Image.fromarray(np.full((64, 64), 9, np.uint8)).save(path)
    places = {name: tmp_path / f"out.{name}" for name in ("png", "csv", "json")}

    code, out, _ = ptolemy(
        "holes", path, "--figure", places["png"], "--csv", places["csv"], "--json", places["json"]
    )

    assert code == 0 and "0 holes" in out
    assert json.loads(places["json"].read_text())["holes"] == []
    assert places["csv"].read_text().count("\n") == 1
    assert places["png"].read_bytes().startswith(b"\x89PNG")


def test_what_is_no_image_ends_in_one_line_that_names_it(ptolemy, unusable):
    code, _, err = ptolemy("holes", unusable)

    assert code == 1
    assert err.count("\n") == 1 and "input.mrc" in err


@pytest.mark.parametrize("size", ["0", "-3", "nan", "inf"])
def test_a_pixel_size_is_positive(ptolemy, image, size):
    code, _, err = ptolemy("holes", image, "--pixel-size", size)

    assert code == 1 and "--pixel-size" in err


@pytest.mark.parametrize("place", [("nan", "inf"), ("1", "nan"), ("-inf", "0")])
def test_a_place_on_the_stage_is_finite(ptolemy, told, image, tmp_path, place):
    code, _, err = ptolemy("holes", image, "--nav", tmp_path / "plan.nav", "--stage", *place)

    assert code == 1 and told == [] and not (tmp_path / "plan.nav").exists()
    assert err.count("\n") == 1 and "--stage" in err


def test_a_picture_needs_a_name_that_says_its_kind(ptolemy, told, image, tmp_path):
    code, _, err = ptolemy("holes", image, "--figure", tmp_path / "out.gif")

    assert code == 1 and told == [] and "out.gif" in err
