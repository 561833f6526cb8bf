"""Medium images of a session: tables, pixels and truth hold together, and with the low magnification."""

import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro import tables
from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation import SimulateOptions, simulate_session

OPTIONS = SimulateOptions(
    tiles=2, tile_px=256, atlas_px=0, visited_squares=5, patches_a_square=2, holes_a_patch=6, medium_images=7,
    medium_px=256, medium_twins=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def session():
    return simulate_session(10_003, OPTIONS)


@pytest.fixture(scope="module")
def pixels(session):
    return {file: image for file, image, _ in session.images}


def medium(session):
    images = session.tables["images"]
    with_file = images[(images["kind"] == "medium") & images["file"].notna()]
    return with_file[~with_file["image_id"].isin(images["pixels_of"].dropna())]


def test_the_tables_keep_their_schemas(session):
    for name, schema in tables.RAW.items():
        tables.validate(schema, session.tables[name], name)


def test_as_many_medium_images_have_a_file_as_asked_for(session, pixels):
    assert len(medium(session)) == 7
    assert set(session.tables["images"]["file"].dropna()) == set(pixels)
    for row in medium(session).itertuples():
        assert pixels[row.file].shape == (row.rows_px, row.cols_px) == (182, 256)


def test_a_twin_holds_the_same_field_unbinned(session, pixels):
    images = session.tables["images"].set_index("image_id")
    row = images[images["pixels_of"].notna()].iloc[0]
    twin = images.loc[row.pixels_of]
    factor = int(row.binning)
    assert (twin.rows_px, twin.cols_px) == (row.rows_px * factor, row.cols_px * factor)
    assert twin.pixel_size_a == pytest.approx(row.pixel_size_a / factor)
    corners = np.array([[-0.5, -0.5], [row.rows_px - 0.5, row.cols_px - 0.5]])
    finer = np.array([[-0.5, -0.5], [twin.rows_px - 0.5, twin.cols_px - 0.5]])
    np.testing.assert_allclose(_map(row).to_stage(corners), _map(twin).to_stage(finer), atol=1e-6)
    small = pixels[row.file].astype(float)
    binned = (
        pixels[twin.file].astype(float).reshape(row.rows_px, factor, row.cols_px, factor).mean(axis=(1, 3))
    )
    assert np.corrcoef(small.ravel(), binned.ravel())[0, 1] > 0.7


def _map(image):
    matrix = [[image.x_um_per_row, image.x_um_per_col], [image.y_um_per_row, image.y_um_per_col]]
    return StageMap(np.array(matrix), np.array([image.x_at_origin_um, image.y_at_origin_um]))


def test_every_selected_hole_is_a_click_beside_it(session):
    holes, targets = session.truth["holes"], session.tables["targets"]
    for row in medium(session).itertuples():
        clicks = targets[(targets["image_id"] == row.image_id) & (targets["decision"] == "selected")]
        chosen = holes[(holes["image_id"] == row.image_id) & holes["selected"]]
        assert len(clicks) == len(chosen)
        if not len(clicks):
            continue
        off = clicks[["row_px", "col_px"]].to_numpy()[:, None] - chosen[["row_px", "col_px"]].to_numpy(float)
        away = np.linalg.norm(off, axis=2).min(axis=1)
        assert (away < 1.2 * chosen["radius_px"].max() + 1).all()


def test_targets_lie_in_their_images_and_only_where_someone_looked(session):
    targets = session.tables["targets"].query("kind == 'hole'")
    images = session.tables["images"].set_index("image_id").loc[targets["image_id"]]
    points = targets[["row_px", "col_px"]].to_numpy()
    assert (points >= 0).all() and (points <= images[["rows_px", "cols_px"]].to_numpy() - 1).all()
    assert images["viewed"].all()


def test_at_most_so_many_holes_are_exposed_and_each_has_an_outcome(session):
    shots = session.tables["exposures"][["target_id"]].merge(session.tables["targets"], on="target_id")
    assert shots.groupby("image_id").size().max() <= OPTIONS.holes_a_patch
    assert set(session.tables["outcomes"]["exposure_id"]) == set(session.tables["exposures"]["exposure_id"])
    assert (shots["decision"] == "selected").all()


def test_holes_lie_in_the_square_that_led_there(session):
    holes = session.truth["holes"].query("open")
    squares = session.truth["squares"].set_index("true_id").loc[holes["square_id"]]
    away = np.hypot(holes["x_um"].to_numpy() - squares["x_um"], holes["y_um"].to_numpy() - squares["y_um"])
    assert away.median() < 60  # half a 200-mesh opening and a stage's error


def test_a_hole_in_two_images_is_at_one_place_of_the_stage(session):
    holes = session.truth["holes"]
    spread = holes.groupby("true_id")[["x_um", "y_um"]].agg(np.ptp).max().max()
    assert spread < 1e-3
    where = session.tables["images"].set_index("image_id")
    for _, seen in holes[holes.duplicated("true_id", keep=False)].groupby("true_id"):
        recorded = [
            _map(where.loc[row.image_id]).to_stage(np.array([[row.row_px, row.col_px]], dtype=float))[0]
            for row in seen.itertuples()
        ]
        assert np.ptp(recorded, axis=0).max() < 12  # two stage errors of 1.5 um an axis


def test_the_truth_holds_the_operator_and_the_digest(session):
    (operator,) = session.truth["hole_operators"].itertuples()
    (person,) = session.truth["operators"].itertuples()
    assert operator.family == person.family  # one person, one manner
    assert len(operator.digest) == 64


def test_medium_images_leave_the_low_magnification_as_it_is():
    without = simulate_session(10_003, SimulateOptions(tiles=1, tile_px=128, atlas_px=0, visited_squares=2))
    with_some = simulate_session(
        10_003,
        SimulateOptions(tiles=1, tile_px=128, atlas_px=0, visited_squares=2, medium_images=2, medium_px=128),
    )
    np.testing.assert_array_equal(next(without.images)[1], next(with_some.images)[1])
    pd.testing.assert_frame_equal(without.truth["squares"], with_some.truth["squares"])


def test_a_session_without_medium_images_has_none_in_its_truth():
    session = simulate_session(10_003, SimulateOptions(tiles=1, tile_px=128, atlas_px=0))
    assert len(session.truth["holes"]) == 0 and "image_id" in session.truth["holes"]
