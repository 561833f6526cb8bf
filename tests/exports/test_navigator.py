"""What is written for SerialEM is read back by the importer of SerialEM's files, pixel for pixel."""

import mrcfile
import numpy as np
import pytest
import tifffile

from ptolemy_kedro.archive.serialem.importer import SerialEM
from ptolemy_kedro.archive.serialem.navigator import read_navigator
from ptolemy_kedro.exports.navigator import ChartedImage, Stop, navigator
from ptolemy_kedro.geometry import StageMap, stage_map

SHAPE = (120, 160)
TURNED = StageMap(np.array([[0.013, 0.041], [0.04, -0.012]]), np.array([-310.5, 87.25]))


def image(folder, suffix):
    """An image of a turned and mirrored field, its first row the lowest one or the uppermost."""
    path = folder / f"field{suffix}"
    pixels = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    if suffix == ".mrc":
        with mrcfile.new(path) as file:
            file.set_data(pixels)
            file.voxel_size = 430.0
    else:
        tifffile.imwrite(path, pixels)
    return ChartedImage("field", str(path), SHAPE, TURNED, suffix == ".mrc", 12.5)


def stops():
    points = np.array([(10.0, 20.0), (100.5, 3.25), (60.0, 150.0)])
    places = TURNED.to_stage(points)
    return points, [
        Stop(f"h{i}", (float(x), float(y)), "field", f"P {0.9 - i / 10:.1f}", group=1)
        for i, (x, y) in enumerate(places)
    ]


@pytest.fixture(params=[".mrc", ".tif"])
def read_back(request, tmp_path):
    charted, (points, wanted) = image(tmp_path, request.param), stops()
    (tmp_path / "plan.nav").write_text(navigator("plan.nav", [charted], wanted))
    (found,) = SerialEM().sessions(tmp_path)
    return points, wanted, found.load()


def test_the_image_comes_back_where_it_was(read_back):
    _, _, imported = read_back
    (row,) = imported.tables["images"].to_dict("records")

    np.testing.assert_allclose(stage_map(row).matrix, TURNED.matrix, rtol=1e-6)
    np.testing.assert_allclose(stage_map(row).offset, TURNED.offset, rtol=1e-6)
    assert (row["rows_px"], row["cols_px"], row["stage_z_um"]) == (*SHAPE, 12.5)


def test_the_points_come_back_selected_at_their_pixels_in_their_order(read_back):
    points, wanted, imported = read_back
    targets = imported.tables["targets"]

    np.testing.assert_allclose(targets[["row_px", "col_px"]].to_numpy(float), points, atol=1e-4)
    assert targets["decision"].tolist() == ["selected"] * 3
    assert targets["target_id"].tolist() == [stop.label for stop in wanted]
    assert targets["reason"].tolist() == [stop.note for stop in wanted]
    assert set(targets["image_id"]) == {"field"}
    assert not imported.left_out


def test_items_have_what_serialem_asks_for(tmp_path):
    """Source: SerialEM's manual, "Navigator Files": the entries that every item, map and drawn point has."""
    charted, (_, wanted) = image(tmp_path, ".mrc"), stops()
    (tmp_path / "plan.nav").write_text(navigator("plan.nav", [charted], wanted))

    read = read_navigator(tmp_path / "plan.nav")

    (shown,), points = read.of_kind("map"), read.of_kind("point")
    for item in read.items:
        assert {"Color", "StageXYZ", "NumPts", "Regis", "Type", "PtsX", "PtsY", "MapID"} <= set(
            item.section.values
        )
    maps = {"MapFile", "MapMontage", "MapSection", "MapBinning", "MapMagInd", "MapCamera", "MapScaleMat"}
    assert maps | {"MapWidthHeight", "MontBinning"} <= set(shown.section.values)
    assert {point.drawn_on for point in points} == {shown.item_id}
    assert all(point.acquire and point.group == 1 for point in points)
    ids = [item.item_id for item in read.items]
    assert len(set(ids)) == len(ids) and all(0 < number < 2**31 for number in ids)
    assert (tmp_path / "plan.nav").read_text().startswith("AdocVersion = 2.00\n")


def test_the_corners_of_a_map_are_its_images(tmp_path):
    (tmp_path / "plan.nav").write_text(navigator("plan.nav", [image(tmp_path, ".mrc")], []))

    outline = read_navigator(tmp_path / "plan.nav").items[0].outline_um

    corners = np.array([(-0.5, -0.5), (-0.5, 159.5), (119.5, 159.5), (119.5, -0.5)])
    np.testing.assert_allclose(outline[:4], TURNED.to_stage(corners), rtol=1e-6)
    np.testing.assert_allclose(outline[0], outline[4])


def test_labels_and_notes_cannot_break_the_file(tmp_path):
    odd = Stop("a]b\n[Item = x", (1.0, 2.0), None, "line\nbreak = 3")
    (tmp_path / "plan.nav").write_text(navigator("plan.nav", [], [odd]))

    (item,) = read_navigator(tmp_path / "plan.nav").items

    assert item.note == "line break = 3"
    assert item.stage_um == (1.0, 2.0, 0.0)


def test_a_point_on_a_map_that_is_not_there_says_nothing_of_it(tmp_path):
    (tmp_path / "plan.nav").write_text(navigator("plan.nav", [], [Stop("1", (1.0, 2.0), "gone")]))

    (item,) = read_navigator(tmp_path / "plan.nav").items

    assert item.drawn_on is None and item.acquire


def test_the_same_plan_gives_the_same_file(tmp_path):
    charted, (_, wanted) = image(tmp_path, ".mrc"), stops()

    assert navigator("n", [charted], wanted) == navigator("n", [charted], wanted)
