"""``ptolemy import leginon``: a database with its images elsewhere, and a table of CTF results."""

import sys

import pytest

from ptolemy_kedro import archive
from ptolemy_kedro.doors.ptolemy import main
from ptolemy_kedro.simulation import SimulateOptions, simulate_session
from ptolemy_kedro.simulation.export.leginon import export_leginon


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A database, and the folder its images were moved to."""
    options = SimulateOptions(
        tiles=1,
        tile_px=96,
        squares_a_tile=8,
        atlas_px=0,
        visited_squares=1,
        patches_a_square=1,
        holes_a_patch=2,
    )
    folder = tmp_path_factory.mktemp("leginon")
    database = export_leginon(simulate_session(20_008, options), folder)
    elsewhere = tmp_path_factory.mktemp("mounted")
    (folder / "sim20008").rename(elsewhere / "sim20008")
    return database, elsewhere


@pytest.fixture
def imported(monkeypatch, capsys, source, tmp_path):
    """Run the command; gives exit status, and stdout and stderr together."""

    def run(*arguments):
        words = ["ptolemy", "import", "leginon", source[0], "--to", tmp_path / "to", *arguments]
        monkeypatch.setattr(sys, "argv", [str(word) for word in words])
        with pytest.raises(SystemExit) as ended:
            main()
            sys.exit(0)
        answer = capsys.readouterr()
        return ended.value.code or 0, answer.out + answer.err

    return run


def test_images_elsewhere_a_clock_and_ctf_results_are_named_by_options(imported, source, tmp_path):
    code, said = imported()
    assert code == 1 and "Mount it, name its folder by --images" in said

    table = tmp_path / "ctf.csv"
    table.write_text("sim20008_g1_00001gr_00002hl_00001en.mrc,4.25\n")
    code, said = imported("--images", source[1], "--timezone", "Asia/Tokyo", "--ctf", table)
    assert code == 0, said
    with archive.open_session(tmp_path / "to" / "sim20008") as session:
        assert session.tables["images"]["file"].notna().sum() == 1
        assert session.tables["outcomes"]["value"].tolist().count(4.25) == 1
        assert session.tables["images"]["taken_at"].dt.hour.iloc[0] == 15  # midnight in Tokyo


def test_no_database_is_one_line(imported):
    code, said = imported("--appion", "there_is_none.sqlite", "--permissive")
    assert code == 1 and "there_is_none.sqlite is no file" in said
