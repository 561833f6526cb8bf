import numpy as np
import pandas as pd
import pytest
from tests.squares.drawing import draw_grid

from ptolemy_kedro import tables
from ptolemy_kedro.geometry import STAGE_COLUMNS, StageMap, stage_columns
from ptolemy_kedro.squares.descriptors import describe
from ptolemy_kedro.squares.labels import squares_at
from ptolemy_kedro.squares.segmentation import find_squares
from ptolemy_kedro.squares.table import join_sightings, squares_table

PIXEL_SIZE_A = 5000.0


def image_row(image_id, pixels, centre_um=(0.0, 0.0), viewed=False, rotation_deg=0.0, mapped=True):
    stage = StageMap.centred(pixels.shape, PIXEL_SIZE_A, centre_um, rotation_deg)
    row = {"image_id": image_id, "grid_id": "g", "pixel_size_a": PIXEL_SIZE_A, "viewed": viewed}
    return row | (stage_columns(stage) if mapped else dict.fromkeys(STAGE_COLUMNS, np.nan))


def target(image_id, point, decision="selected", kind="square", source="operator"):
    row, col = point
    return {
        "image_id": image_id,
        "kind": kind,
        "source": source,
        "decision": decision,
        "row_px": row,
        "col_px": col,
    }


def joined(images, targets=()):
    """Segment (row, pixels) pairs and join their sightings."""
    parts = []
    for row, pixels in images:
        squares = find_squares(pixels)
        parts.append(squares_table("s", row, squares, describe(pixels, squares, PIXEL_SIZE_A)))
    columns = list(target("", (0, 0)))
    rows = pd.DataFrame([row for row, _ in images])
    table = join_sightings(pd.concat(parts), pd.DataFrame(list(targets), columns=columns), rows)
    return tables.validate(tables.Squares, table, "squares")


@pytest.fixture(scope="module")
def overlapping():
    """Two tiles of one grid that share a strip of 200 px, the second shifted by 300 px along the columns."""
    pixels, middles = draw_grid((400, 700), edge=60, angle_deg=15)
    left, right = pixels[:, :500], pixels[:, 300:]
    shift_um = 300 * PIXEL_SIZE_A * 1e-4
    right_centre = (shift_um + (right.shape[1] - left.shape[1]) / 2 * PIXEL_SIZE_A * 1e-4, 0.0)
    return (left, (0.0, 0.0)), (right, right_centre), middles


def test_a_square_seen_in_two_tiles_is_one(overlapping):
    (left, at_left), (right, at_right), _ = overlapping

    table = joined([(image_row("a", left, at_left), left), (image_row("b", right, at_right), right)])

    whole = find_squares(np.concatenate([left, right[:, 200:]], axis=1))
    assert table["physical_id"].nunique() == len(whole)
    assert not table.duplicated(["physical_id", "image_id"]).any()


def test_a_retaken_turned_atlas_shows_the_same_squares():
    pixels, _ = draw_grid((500, 500), edge=40, angle_deg=12)
    turned = np.rot90(pixels)
    images = [(image_row("a", pixels), pixels), (image_row("b", turned, rotation_deg=-90), turned)]

    table = joined(images)

    stage = table.groupby("physical_id")[["stage_x_um", "stage_y_um"]].agg(np.ptp)
    assert table["physical_id"].nunique() == len(table) / 2
    assert stage.to_numpy().max() < 10 * PIXEL_SIZE_A * 1e-4


def test_without_a_stage_map_squares_stay_apart():
    pixels, _ = draw_grid()
    images = [(image_row(name, pixels, mapped=False), pixels) for name in "ab"]

    table = joined(images)

    assert table["physical_id"].tolist() == table["square_id"].tolist()
    assert table["square_id"].is_unique


def test_ids_survive_a_run_on_slightly_other_pixels():
    pixels, _ = draw_grid()
    noisy = pixels + np.random.default_rng(0).normal(0, 0.5, pixels.shape)

    one, other = (joined([(image_row("a", p), p)])["square_id"] for p in (pixels, noisy))

    assert len(set(one) & set(other)) > 0.8 * len(one)


def test_a_click_in_one_tile_selects_the_square_in_both(overlapping):
    (left, at_left), (right, at_right), middles = overlapping
    shared = next(m for m in middles if 340 < m[1] < 460)
    images = [(image_row("a", left, at_left, viewed=True), left), (image_row("b", right, at_right), right)]

    table = joined(images, [target("a", shared + np.array([5, -8]))])

    selected = table[table["label"] == "selected"]
    assert selected["physical_id"].nunique() == 1
    assert set(selected["image_id"]) == {"a", "b"}
    assert (table.loc[table["image_id"] == "a", "label"] != "unknown").all(), (
        "the others of a viewed image are left"
    )
    only_b = ~table["physical_id"].isin(table.loc[table["image_id"] == "a", "physical_id"])
    assert (table.loc[only_b, "label"] == "unknown").all()


def test_an_image_that_nobody_viewed_says_nothing():
    pixels, _ = draw_grid()

    assert (joined([(image_row("a", pixels), pixels)])["label"] == "unknown").all()


@pytest.mark.parametrize(("decision", "label"), [("rejected", "rejected"), ("not_considered", "unknown")])
def test_only_decisions_label(decision, label):
    pixels, middles = draw_grid()

    table = joined([(image_row("a", pixels), pixels)], [target("a", middles[0], decision)])

    nearest = np.hypot(table["row_px"] - middles[0][0], table["col_px"] - middles[0][1]).idxmin()
    assert table.loc[nearest, "label"] == label


@pytest.mark.parametrize(("source", "label"), [("vendor", "selected"), ("model", "unknown")])
def test_a_square_that_no_operator_put_forward_is_not_left_where_it_was_taken(source, label):
    pixels, middles = draw_grid()

    table = joined([(image_row("a", pixels, viewed=True), pixels)], [target("a", middles[0], source=source)])

    nearest = np.hypot(table["row_px"] - middles[0][0], table["col_px"] - middles[0][1]).idxmin()
    assert table.loc[nearest, "label"] == label
    assert (table.loc[table.index != nearest, "label"] == "rejected").all()


def test_a_point_between_squares_lies_in_none():
    square = np.array([[[0.0, 0], [0, 10], [10, 10], [10, 0]]])

    owners = squares_at(square, np.array([[5.0, 5], [0, 0], [11, 5], [12, 5], [30, 30]]))

    assert owners.tolist() == [0, 0, 0, -1, -1]
