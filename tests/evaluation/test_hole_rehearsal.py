import pandas as pd
import pytest

from ptolemy_kedro.evaluation.hole_rehearsal import TRUTH, truth_of

TRUE = pd.DataFrame(
    {
        "row_px": [10.0, 10.0, 50.0, 50.0],
        "col_px": [10.0, 50.0, 10.0, 50.0],
        "radius_px": 5.0,
        "open": [True, True, True, False],
        "ice_nm": [40.0, 20.0, 60.0, 10.0],
        "bar_um": [2.0, 1.0, 0.5, -0.5],
        "dirt": [0.0, 0.1, 0.0, 0.0],
        "around": 0.0,
        "state": ["iced", "cracked", "iced", "barred"],
        "want": [-1.0, -3.0, -2.0, -5.0],
    }
)


def test_a_found_hole_gets_the_truth_of_the_one_it_is():
    found = pd.DataFrame({"row_px": [51.0, 9.0], "col_px": [10.0, 51.0]})

    so = truth_of(found, TRUE, pixel_um=0.1)

    assert list(so.columns) == list(TRUTH)
    assert so["state"].tolist() == ["iced", "cracked"] and so["want"].tolist() == [-2.0, -3.0]
    assert so["rank"].to_numpy() == pytest.approx([2 / 3, 0.0])
    assert so["bar"].to_numpy() == pytest.approx([1.0, 2.0])  # in radii of half a micrometre


def test_a_find_that_is_no_hole_has_no_truth():
    found = pd.DataFrame({"row_px": [30.0], "col_px": [30.0]})

    so = truth_of(found, TRUE, pixel_um=0.1)

    assert len(so) == 1 and so.isna().to_numpy().all()


def test_no_find_and_no_hole_are_no_rows_and_no_truth():
    found = pd.DataFrame({"row_px": [30.0], "col_px": [30.0]})

    assert len(truth_of(found.iloc[:0], TRUE, 0.1)) == 0
    assert truth_of(found, TRUE.iloc[:0], 0.1)["want"].isna().all()
