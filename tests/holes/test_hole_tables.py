from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.holes.fields import draw_field, holes_at, image_row

from ptolemy_kedro import tables
from ptolemy_kedro.geometry import STAGE_COLUMNS
from ptolemy_kedro.holes.context import describe_holes
from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.holes.identity import hole_ids
from ptolemy_kedro.holes.labels import label_holes
from ptolemy_kedro.holes.matching import match_exposures, one_to_one
from ptolemy_kedro.holes.table import found_of, holes_table

SHAPE = (300, 400)


def rows_of(found, image=None, **others):
    image = np.ones(SHAPE) if image is None else image
    return holes_table("s1", image_row(**others), found, describe_holes(image, found), SHAPE)


def target(number, at, decision="selected", kind="hole", source="operator", image_id="m1"):
    return {
        "session_id": "s1",
        "target_id": f"t{number}",
        "image_id": image_id,
        "kind": kind,
        "row_px": float(at[0]),
        "col_px": float(at[1]),
        "source": source,
        "decision": decision,
    }


def images(viewed=True, **others):
    return pd.DataFrame([{"image_id": "m1", "viewed": viewed, **others}])


def targets(*rows):
    return pd.DataFrame(rows, columns=list(target(0, (0, 0))))


def test_rows_keep_to_their_schema_and_give_the_holes_back():
    image, found, _ = draw_field()
    found.from_lattice[3] = True
    found.lattice[5] = -1

    rows = tables.validate(tables.Holes, rows_of(found, image), "holes")
    back = found_of(rows)

    assert rows["lattice"].isna().sum() == 1 and (rows["found_by"] == "lattice").sum() == 1
    assert back.centres == pytest.approx(found.centres)
    assert back.bases == pytest.approx(found.bases) and back.spacing_px == pytest.approx(40)
    on = found.lattice == 0
    assert (back.indices[on] == found.indices[on]).all() and (back.lattice == found.lattice).all()


def test_an_image_without_holes_gives_no_row():
    rows = tables.validate(tables.Holes, rows_of(FoundHoles()), "holes")

    assert len(rows) == 0 and len(found_of(rows)) == 0


@pytest.mark.parametrize(
    ("lattice", "expected"),
    [
        ([0, 1, 1, 1], 50),  # the lattice with most holes
        ([-1, -1, -1, -1], 70),  # the usual distance of neighbours
        ([-1, -1, 0, -1], 90),
    ],
)
def test_holes_read_back_have_the_spacing_they_were_found_with(lattice, expected):
    centres = np.array([[10.0, 10.0], [10.0, 80.0], [10.0, 150.0], [10.0, 220.0]])
    found = replace(
        holes_at(centres, 10),
        lattice=np.array(lattice),
        bases=np.array([[[0.0, 90.0], [90.0, 0.0]], [[0.0, 60.0], [50.0, 0.0]]]),
    )

    assert found_of(rows_of(found)).spacing_px == pytest.approx(expected)
    assert found_of(rows_of(found[:1])).spacing_px == (None if lattice[0] < 0 else 90)


def test_stage_positions_come_from_the_images_map():
    names = ("x_um_per_row", "x_um_per_col", "y_um_per_row", "y_um_per_col")
    to_stage = dict(zip(names, (0.0, 0.01, -0.01, 0.0), strict=True)) | {
        "x_at_origin_um": 5.0,
        "y_at_origin_um": 7.0,
    }

    rows = rows_of(holes_at([[100.0, 200.0]], 10), **to_stage)

    assert (rows["stage_x_um"][0], rows["stage_y_um"][0]) == pytest.approx((7.0, 6.0))


def test_ids_survive_a_finer_fit_another_basis_and_another_first_site():
    _, found, _ = draw_field()
    before = hole_ids("s1", "m1", found, SHAPE)
    change = np.array([[2, 1], [1, 1]])  # unimodular
    basis = change @ found.bases[0]
    indices = (found.indices + np.array([3, -2])) @ np.rint(np.linalg.inv(change)).astype(int)
    moved = holes_at(found.centres + 0.4, 10.3, indices, basis * 1.001)

    assert hole_ids("s1", "m1", moved, SHAPE) == before


def test_ids_are_all_different_with_and_without_a_lattice():
    _, found, _ = draw_field()
    found.lattice[::3] = -1
    same = found[np.r_[np.arange(len(found)), 0]]  # found twice

    ids = hole_ids("s1", "m1", same, SHAPE)

    assert len(set(ids)) == len(found) + 1
    assert not set(ids) & set(hole_ids("s1", "m2", found, SHAPE))


def test_a_hole_clicked_beside_its_centre_is_selected_and_the_others_of_a_viewed_image_rejected():
    found = holes_at([[50.0, 50.0], [50.0, 90.0], [50.0, 130.0]], 10)

    labels = label_holes(rows_of(found), targets(target(0, (58, 46))), images())

    assert labels.tolist() == ["selected", "rejected", "rejected"]


def test_in_an_image_nobody_viewed_only_a_rejected_hole_counts_against():
    found = holes_at([[50.0, 50.0], [50.0, 90.0]], 10)

    labels = label_holes(rows_of(found), targets(target(0, (50, 90), "rejected")), images(viewed=False))

    assert labels.tolist() == ["unknown", "rejected"]


def test_a_selected_hole_that_is_also_rejected_counts_as_selected():
    found = holes_at([[50.0, 50.0]], 10)
    both = targets(target(0, (50, 50), "rejected"), target(1, (50, 50)))

    assert label_holes(rows_of(found), both, images()).tolist() == ["selected"]


@pytest.mark.parametrize(
    ("source", "decision", "label"),
    [
        ("vendor", "selected", "selected"),  # put forward by a finder, and taken
        ("vendor", "rejected", "unknown"),  # ruled out by a finder's limits
        ("model", "selected", "unknown"),
        ("model", "rejected", "unknown"),
    ],
)
def test_a_site_that_no_operator_put_forward_counts_where_it_was_taken(source, decision, label):
    found = holes_at([[50.0, 50.0]], 10)
    site = targets(target(0, (50, 50), decision, source=source))

    assert label_holes(rows_of(found), site, images(viewed=False)).tolist() == [label]


def test_what_a_model_selected_was_not_left():
    found = holes_at([[50.0, 50.0], [50.0, 90.0]], 10)
    by_model = targets(target(0, (50, 50), source="model"))

    assert label_holes(rows_of(found), by_model, images()).tolist() == ["unknown", "rejected"]


@pytest.mark.parametrize("other", [{"kind": "focus"}, {"source": "model"}, {"decision": "not_considered"}])
def test_what_no_operator_selected_as_a_hole_selects_nothing(other):
    found = holes_at([[50.0, 50.0]], 10)

    assert label_holes(rows_of(found), targets(target(0, (50, 50), **other)), images(False))[0] == "unknown"


def shot(number, of, offset=(0.0, 0.0)):
    return {
        "session_id": "s1",
        "exposure_id": f"e{number}",
        "target_id": of,
        "image_id": pd.NA,
        "offset_x_um": offset[0],
        "offset_y_um": offset[1],
    }


def test_exposures_are_matched_one_to_one_the_nearest_first():
    found = holes_at([[50.0, 50.0], [50.0, 90.0]], 10)
    aimed = targets(target(0, (51, 50)), target(1, (50, 53)), target(2, (70, 90)))
    shots = pd.DataFrame([shot(0, "t0"), shot(1, "t1"), shot(2, "t2")])
    holes = rows_of(found)

    matched = tables.validate(tables.HoleExposures, match_exposures(holes, aimed, shots, images()), "matches")

    assert matched["exposure_id"].tolist() == ["e0"]  # e1 is farther, e2 two radii beside
    assert matched["hole_id"][0] == holes["hole_id"][0] and matched["distance_px"][0] == pytest.approx(1)


def test_an_offset_on_the_stage_moves_the_shot():
    to_stage = dict(zip(STAGE_COLUMNS, (0.0, 0.01, -0.01, 0.0, 0.0, 0.0), strict=True))
    found = holes_at([[50.0, 50.0], [50.0, 90.0]], 10)
    shots = pd.DataFrame([shot(0, "t0", (0.4, 0.0))])  # 40 px along +col

    holes = rows_of(found)
    matched = match_exposures(holes, targets(target(0, (50, 50))), shots, images(**to_stage))

    assert matched["hole_id"].tolist() == [holes["hole_id"][1]]


def test_without_exposures_or_holes_nothing_is_matched():
    none = pd.DataFrame(columns=list(shot(0, "t0")))

    assert len(match_exposures(rows_of(holes_at([[50.0, 50.0]], 10)), targets(), none, images())) == 0
    assert len(one_to_one(np.zeros((0, 2)), np.zeros(0), np.ones((3, 2)))[0]) == 0
