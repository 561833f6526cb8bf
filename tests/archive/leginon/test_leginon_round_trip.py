"""What the simulator exports as Leginon's is imported as it was."""

import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro import archive
from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.archive.leginon.sessions import sessions
from ptolemy_kedro.simulation import SimulateOptions, simulate_session
from ptolemy_kedro.simulation.export.leginon import export_leginon, leginon_names

SMALL = SimulateOptions(
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


def imported_from(source, to):
    summaries = import_sessions(sessions(source), to)
    assert [summary.status for summary in summaries] == ["imported"], summaries
    return to / summaries[0].session_id


def check_same(simulated, place):
    """The bars of the round trip: images, targets within .5 px, stage positions within .1 um."""
    names = leginon_names(simulated)
    raw = {name: table.copy() for name, table in simulated.tables.items()}
    with archive.open_session(place) as session:
        found = session.tables
        images = raw["images"][raw["images"]["image_id"].isin(names)]
        matched = found["images"].set_index("image_id").loc[images["image_id"].map(names)]
        assert (matched["kind"].to_numpy() == images["kind"].to_numpy()).all()
        assert (matched["viewed"].to_numpy() == images["viewed"].to_numpy()).all()
        maps = [f"{a}_um_per_{b}" for a in "xy" for b in ("row", "col")]
        for column in (
            "stage_x_um",
            "stage_y_um",
            "x_at_origin_um",
            "y_at_origin_um",
            "tilt_alpha_deg",
            *maps,
        ):
            away = np.abs(matched[column].to_numpy(float) - images[column].to_numpy(float))
            assert away.max() < 0.1 if "per" not in column else away.max() < 1e-6, column
        np.testing.assert_allclose(matched["pixel_size_a"], images["pixel_size_a"], rtol=1e-9)
        check_targets(raw, found, names)
        check_shots(raw, found)
        check_pixels(simulated, names, session)


def check_targets(raw, found, names):
    chosen = raw["targets"].query("decision == 'selected'")
    assert len(found["targets"]) == len(chosen)
    for image, targets in chosen.groupby("image_id"):
        here = found["targets"][found["targets"]["image_id"] == names[image]]
        np.testing.assert_allclose(
            here[["row_px", "col_px"]].to_numpy(), targets[["row_px", "col_px"]].to_numpy(), atol=0.5
        )
        assert here["kind"].tolist() == targets["kind"].tolist()
        assert here["order"].isna().tolist() == targets["order"].isna().tolist()


def check_shots(raw, found):
    assert len(found["exposures"]) == len(raw["exposures"])
    for axis in ("offset_x_um", "offset_y_um"):
        np.testing.assert_allclose(found["exposures"][axis], raw["exposures"][axis], atol=1e-3)
    np.testing.assert_allclose(found["outcomes"]["value"], raw["outcomes"]["value"])
    assert found["outcomes"]["exposure_id"].tolist() == found["exposures"]["exposure_id"].tolist()


def check_pixels(simulated, names, session):
    files = {row.file: names.get(row.image_id) for row in simulated.tables["images"].itertuples()}
    for file, pixels, _ in simulated.images:
        if files[file]:
            np.testing.assert_array_equal(session.pixels.read(f"{files[file]}.mrc"), pixels)


def test_a_simulated_session_comes_back_as_it_was(simulated, tmp_path):
    source = export_leginon(simulated, tmp_path / "leginon")
    place = imported_from(source, tmp_path / "sessions")

    check_same(simulated, place)
    assert archive.check(place).problems == []
    with archive.open_session(place) as session:
        row = session.tables["sessions"].iloc[0]
        assert (row.origin, row.software) == ("simulated", "Leginon")
        assert row.voltage_kv == simulated.tables["sessions"]["voltage_kv"].iloc[0]


def test_several_sessions_share_a_database_and_only_changed_ones_are_imported_again(tmp_path):
    tiny = SimulateOptions(
        tiles=1, tile_px=64, atlas_px=0, visited_squares=1, patches_a_square=1, holes_a_patch=2
    )
    for seed in (SEED, SEED + 1):
        source = export_leginon(simulate_session(seed, tiny), tmp_path / "leginon")
    assert [s.status for s in import_sessions(sessions(source), tmp_path / "to")] == ["imported"] * 2
    assert [s.status for s in import_sessions(sessions(source), tmp_path / "to")] == ["current"] * 2

    export_leginon(simulate_session(SEED + 2, tiny), tmp_path / "leginon")
    statuses = [s.status for s in import_sessions(sessions(source), tmp_path / "to")]
    assert statuses == ["current", "current", "imported"]


def test_since_passes_over_what_did_not_change(simulated, tmp_path):
    source = export_leginon(simulated, tmp_path / "leginon")
    last = simulated.tables["outcomes"]["measured_at"].max()
    day = pd.Timedelta(days=1)
    assert len(list(sessions(source, since=(last - day).to_pydatetime()))) == 1
    assert len(list(sessions(source, since=(last + day).to_pydatetime()))) == 0
