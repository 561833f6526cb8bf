"""What the simulator exports as EPU's is imported as it was."""

import numpy as np
import pytest

from ptolemy_kedro import archive
from ptolemy_kedro.archive.epu.importer import Epu
from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.geometry import STAGE_COLUMNS
from ptolemy_kedro.simulation import SimulateOptions, simulate_session
from ptolemy_kedro.simulation.export.epu import export_epu
from ptolemy_kedro.simulation.export.epu_numbers import GridNumbers

SMALL = SimulateOptions(
    grids=2,
    tiles=4,
    tile_px=192,
    squares_a_tile=12,
    atlas_px=64,
    visited_squares=3,
    patches_a_square=2,
    holes_a_patch=4,
)
SEED = 10_003


@pytest.fixture(scope="module")
def simulated():
    return simulate_session(SEED, SMALL)


@pytest.fixture(scope="module")
def archives(simulated, tmp_path_factory):
    """The archives of the grids, by grid."""
    source, to = tmp_path_factory.mktemp("epu"), tmp_path_factory.mktemp("archives")
    export_epu(simulated, source)
    summaries = import_sessions(Epu(permissive=True).sessions(source), to, link=True)
    assert [one.status for one in summaries] == ["imported", "imported"], summaries
    return {one.session_id.rpartition("_")[2]: to / one.session_id for one in summaries}


def of_grid(simulated, grid_id):
    """Our images, targets and shots of a grid, and EPU's names for them."""
    images = simulated.tables["images"].query("grid_id == @grid_id")
    targets = simulated.tables["targets"].query("image_id in @images.image_id")
    shots = simulated.tables["exposures"].query("target_id in @targets.target_id")
    return images, targets, shots, GridNumbers(simulated, grid_id)


@pytest.mark.parametrize("grid_id", ["g1", "g2"])
def test_images_come_back_with_their_place_and_pixels(simulated, archives, grid_id):
    images, _, _, numbers = of_grid(simulated, grid_id)
    pixels = {file: made for file, made, _ in simulated.images}
    with archive.open_session(archives[grid_id]) as session:
        found = session.tables["images"].set_index("image_id")
        assert len(found) == len(images)
        for row in images.itertuples():
            back = found.loc[numbers.image_name(row.image_id)]
            assert back["kind"] == {"medium": "square"}.get(row.kind, row.kind)
            assert (back["rows_px"], back["cols_px"]) == (row.rows_px, row.cols_px)
            assert back["pixel_size_a"] == pytest.approx(row.pixel_size_a, rel=1e-6)
            assert back["taken_at"] == row.taken_at
            at = [row.stage_x_um, row.stage_y_um]
            assert [back["stage_x_um"], back["stage_y_um"]] == pytest.approx(at, abs=0.1)
            if isinstance(row.file, str):
                np.testing.assert_array_equal(session.pixels.read(back["file"]), pixels[row.file])


@pytest.mark.parametrize("grid_id", ["g1", "g2"])
def test_targets_come_back_within_half_a_pixel(simulated, archives, grid_id):
    _, targets, _, numbers = of_grid(simulated, grid_id)
    with archive.open_session(archives[grid_id]) as session:
        found = session.tables["targets"].set_index("target_id")
        assert len(found) == len(targets)
        for row in targets.itertuples():
            back = found.loc[("square_" if row.kind == "square" else "") + numbers.number[row.target_id]]
            assert back["image_id"] == numbers.image_name(row.image_id)
            assert back["kind"] == row.kind
            assert back["decision"] == row.decision
            assert [back["row_px"], back["col_px"]] == pytest.approx([row.row_px, row.col_px], abs=0.5)
            assert back["size_px"] == pytest.approx(row.size_px)


@pytest.mark.parametrize("grid_id", ["g1", "g2"])
def test_every_image_maps_to_the_stage_as_it_did(simulated, archives, grid_id):
    """Corner to corner within .1 um; a tile with few squares keeps the map of its own record."""
    images, _, _, numbers = of_grid(simulated, grid_id)
    columns = list(STAGE_COLUMNS)
    with archive.open_session(archives[grid_id]) as session:
        found = session.tables["images"].set_index("image_id")
        for row in images.itertuples():
            a, b, c, d, x, y = found.loc[numbers.image_name(row.image_id), columns].to_numpy(float)
            corner = np.array([row.rows_px - 1, row.cols_px - 1])
            for point in (np.zeros(2), corner):
                back = np.array([[a, b], [c, d]]) @ point + [x, y]
                ours = np.array([[row.x_um_per_row, row.x_um_per_col], [row.y_um_per_row, row.y_um_per_col]])
                np.testing.assert_allclose(
                    back, ours @ point + [row.x_at_origin_um, row.y_at_origin_um], atol=0.1
                )


@pytest.mark.parametrize("grid_id", ["g1", "g2"])
def test_shots_come_back_with_their_offsets(simulated, archives, grid_id):
    _, _, shots, numbers = of_grid(simulated, grid_id)
    with archive.open_session(archives[grid_id]) as session:
        found = session.tables["exposures"].set_index("exposure_id")
        assert len(found) == len(shots)
        for row in shots.itertuples():
            back = found.loc[numbers.shot_name(row.exposure_id)]
            assert back["target_id"] == numbers.number[row.target_id]
            offset = [row.offset_x_um, row.offset_y_um]
            assert [back["offset_x_um"], back["offset_y_um"]] == pytest.approx(offset, abs=1e-6)


def test_session_and_grid_come_back(simulated, archives):
    for grid in simulated.tables["grids"].itertuples():
        with archive.open_session(archives[grid.grid_id]) as session:
            found = session.tables["grids"].iloc[0]
            assert session.tables["sessions"]["origin"].iloc[0] == "simulated"
            assert (
                session.tables["sessions"]["voltage_kv"].iloc[0]
                == simulated.tables["sessions"]["voltage_kv"].iloc[0]
            )
        assert (found["slot"], found["foil_material"]) == (grid.slot, grid.foil_material)
        assert found["hole_spacing_um"] == pytest.approx(grid.hole_spacing_um, nan_ok=True)
