import pandas as pd
import pytest

from ptolemy_kedro import tables
from ptolemy_kedro.errors import TableError
from ptolemy_kedro.evaluation.comparison import EvaluateOptions
from ptolemy_kedro.evaluation.locating import compare_with_clicks, judge_locating

OPTIONS = EvaluateOptions(draws=20)


def holes_at(*places, image_id="i1", found_by="network", radius_px=10.0):
    rows = [{"image_id": image_id, "row_px": row, "col_px": col} for row, col in places]
    return pd.DataFrame(rows).assign(session_id="s", radius_px=radius_px, found_by=found_by)


def clicks_at(*places, image_id="i1", decision="selected", kind="hole"):
    rows = [{"image_id": image_id, "row_px": row, "col_px": col} for row, col in places]
    return pd.DataFrame(rows).assign(session_id="s", decision=decision, kind=kind, source="operator")


IMAGES = pd.DataFrame(
    {"image_id": ["i1", "i2", "i3"], "kind": "medium", "file": ["i1.mrc", "i2.mrc", None], "pixels_of": None}
)


def counted(holes, targets, method="network + lattice"):
    table = tables.validate(
        tables.HoleDetections, compare_with_clicks(holes, targets, IMAGES), "hole_detections"
    )
    return table[table["method"] == method].set_index("image_id")[["found", "clicked", "hits"]]


def test_a_click_beside_the_centre_counts_within_the_hole_and_no_further():
    found = counted(holes_at((50, 50), (50, 100)), clicks_at((50, 59), (50, 111)))

    assert found.loc["i1"].tolist() == [2, 2, 1]


def test_two_clicks_in_one_hole_count_once():
    assert counted(holes_at((50, 50)), clicks_at((50, 48), (50, 53))).loc["i1", "hits"] == 1


def test_the_lattices_own_holes_count_only_in_its_way():
    holes = pd.concat([holes_at((50, 50)), holes_at((50, 100), found_by="lattice")])
    clicks = clicks_at((50, 50), (50, 100))

    assert counted(holes, clicks).loc["i1"].tolist() == [2, 2, 2]
    assert counted(holes, clicks, "network").loc["i1"].tolist() == [1, 2, 1]


def test_only_images_with_pixels_in_which_holes_were_chosen_are_measured():
    rejected, unseen = clicks_at((9, 9), image_id="i2", decision="rejected"), clicks_at((9, 9), image_id="i3")
    targets = pd.concat([clicks_at((50, 50)), rejected, unseen])

    assert list(counted(holes_at((50, 50)), targets).index) == ["i1"]


def test_an_image_where_nothing_was_found_is_measured_too():
    assert counted(holes_at((1, 1), image_id="i2"), clicks_at((50, 50))).loc["i1"].tolist() == [0, 1, 0]


def split(**parts):
    return pd.DataFrame({"session_id": list(parts), "part": list(parts.values())})


def test_each_part_is_measured_apart():
    rows = pd.DataFrame(
        {
            "session_id": ["a", "b"],
            "image_id": "i",
            "method": "network",
            "found": 4,
            "clicked": 4,
            "hits": [4, 2],
        }
    )

    judged = judge_locating(rows, split(a="validation", b="test"), OPTIONS)["network"]

    assert (judged["validation"]["recall"]["value"], judged["test"]["recall"]["value"]) == (1.0, 0.5)


def test_without_a_click_in_the_test_sessions_nothing_can_be_said():
    rows = tables.empty(tables.HoleDetections)

    with pytest.raises(TableError, match="No hole was clicked in the images of the test sessions"):
        judge_locating(rows, split(a="validation", b="test"), OPTIONS)
