"""A simulated session holds together: tables, images, truth, seeds."""

import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro import tables
from ptolemy_kedro.errors import PtolemyError
from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation import SimulateOptions, simulate_session, write

SMALL = SimulateOptions(
    tiles=4,
    tile_px=256,
    squares_a_tile=12,
    atlas_px=128,
    visited_squares=3,
    patches_a_square=2,
    holes_a_patch=4,
)


@pytest.fixture(scope="module")
def session():
    return simulate_session(10_003, SMALL)


def recorded_map(image: pd.Series) -> StageMap:
    matrix = [[image.x_um_per_row, image.x_um_per_col], [image.y_um_per_row, image.y_um_per_col]]
    return StageMap(np.array(matrix), np.array([image.x_at_origin_um, image.y_at_origin_um]))


def test_every_raw_table_keeps_its_schema(session):
    for name, schema in tables.RAW.items():
        assert len(tables.validate(schema, session.tables[name], name)) == len(session.tables[name])
    assert set(session.tables) == set(tables.RAW)
    assert (session.tables["sessions"]["origin"] == "simulated").all()


def test_every_reference_of_a_raw_table_is_met(session):
    raw = session.tables
    assert set(raw["images"]["grid_id"]) <= set(raw["grids"]["grid_id"])
    assert set(raw["images"]["parent_id"].dropna()) <= set(raw["images"]["image_id"])
    assert set(raw["targets"]["image_id"]) <= set(raw["images"]["image_id"])
    assert set(raw["exposures"]["target_id"]) <= set(raw["targets"]["target_id"])
    assert set(raw["outcomes"]["exposure_id"]) == set(raw["exposures"]["exposure_id"])


def test_each_session_has_a_sample_of_its_own(session):
    """So that splits by sample and by session mean the same."""
    other = simulate_session(10_004, SMALL)

    samples = [set(made.tables["grids"]["sample"]) for made in (session, other)]

    assert len(samples[0]) == len(samples[1]) == 1 and samples[0] != samples[1]


def test_images_come_one_by_one_as_the_table_says(session):
    images = session.tables["images"].dropna(subset="file").set_index("file")
    rendered = session.images
    assert iter(rendered) is rendered  # an iterator, not a list: one image in memory at a time
    for file, pixels, pixel_size_a in rendered:
        row = images.loc[file]
        assert pixels.shape == (row.rows_px, row.cols_px)
        assert pixel_size_a == pytest.approx(row.pixel_size_a)
        images = images.drop(file)
    assert images.empty


def test_a_seed_makes_the_same_session_again_and_another_seed_another(session):
    again, other = simulate_session(10_003, SMALL), simulate_session(10_004, SMALL)
    for name, table in session.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    for (file, pixels, _), (file_again, pixels_again, _) in zip(session.images, again.images, strict=True):
        assert file == file_again
        np.testing.assert_array_equal(pixels, pixels_again)
    assert not session.truth["squares"].equals(other.truth["squares"])


def test_targets_lie_in_their_images_and_in_the_selected_squares(session):
    raw, squares = session.tables, session.truth["squares"].query("selected")
    targets = raw["targets"].query("kind == 'square' and decision == 'selected'")
    images = raw["images"].set_index("image_id").loc[targets["image_id"]]
    assert len(targets) == len(squares) > 0
    points = targets[["row_px", "col_px"]].to_numpy()
    assert (points >= 0).all()
    assert (points < images[["rows_px", "cols_px"]].to_numpy()).all()
    centres = squares[["x_um", "y_um"]].to_numpy()
    for point, (_, image) in zip(points, images.iterrows(), strict=True):
        away = np.hypot(*(centres - recorded_map(image).to_stage(point[None])).T)
        assert away.min() < 25  # within an opening, clicks and stage errors included


def test_targets_are_only_in_images_that_count_as_viewed(session):
    images = session.tables["images"].set_index("image_id")
    assert images.loc[session.tables["targets"]["image_id"], "viewed"].all()


def test_one_square_in_two_tiles_has_one_place_on_the_stage():
    session = simulate_session(10_007, SimulateOptions(tiles=4, overlap=0.3, atlas_px=0, visited_squares=0))
    images = session.tables["images"].set_index("image_id")
    outlines = session.truth["outlines"].query("share_in_view > 0.9")
    twice = outlines[outlines.duplicated("true_id", keep=False)]
    assert len(twice) > 0
    for _, views in twice.groupby("true_id"):
        stage = [
            recorded_map(images.loc[view.image_id]).to_stage(np.array([[view.row_px, view.col_px]]))[0]
            for view in views.itertuples()
        ]
        assert np.ptp(stage, axis=0).max() < 12  # two stage errors of 1.5 um an axis, and the calibration's


def test_squares_are_bright_and_bars_dark_where_the_truth_says(session):
    outlines, squares = session.truth["outlines"], session.truth["squares"].set_index("true_id")
    ids = {row.file: row.image_id for row in session.tables["images"].dropna(subset="file").itertuples()}
    brighter = []
    for file, pixels, _ in session.images:
        here = outlines[(outlines["image_id"] == ids[file]) & (outlines["share_in_view"] > 0.95)]
        here = here[squares.loc[here["true_id"], "state"].isin(["normal", "dry", "empty"]).to_numpy()]
        at = here[["row_px", "col_px"]].round().astype(int).to_numpy()
        brighter += list(pixels[tuple(at.T)] > pixels.mean())
    assert np.mean(brighter) > 0.9


def test_exposures_are_as_many_as_asked_for(session):
    visited = session.tables["targets"]["order"][session.tables["targets"]["kind"] == "square"].notna().sum()
    assert visited == min(SMALL.visited_squares, session.truth["squares"]["selected"].sum())
    assert len(session.tables["exposures"]) == visited * SMALL.patches_a_square * SMALL.holes_a_patch


def test_a_written_session_is_read_back_and_the_truth_lies_elsewhere(session, tmp_path):
    archive = pytest.importorskip("ptolemy_kedro.archive")
    to = write(session, tmp_path / "sessions" / "sim10003", tmp_path / "truth" / "sim10003")

    assert not any("truth" in path.name for path in to.rglob("*"))
    assert len(pd.read_parquet(tmp_path / "truth" / "sim10003" / "squares.parquet")) == len(
        session.truth["squares"]
    )
    with archive.open_session(to) as opened:
        for name in tables.RAW:
            assert len(opened.tables[name]) == len(session.tables[name])
        file, pixels, _ = next(session.images)
        np.testing.assert_array_equal(opened.pixels.read(file), pixels)


@pytest.mark.parametrize(
    "wrong", [{"tiles": 0}, {"overlap": 0.7}, {"tile_px": "wide"}, {"optics": "best"}, {"seed": -1}]
)
def test_a_wrong_option_is_refused(wrong):
    with pytest.raises((ValueError, PtolemyError)):
        SimulateOptions(**wrong)
