"""``ptolemy import``: table, exit status, and one line for what is wrong."""

import pytest

from ptolemy_kedro.simulation import SimulateOptions, simulate_session
from ptolemy_kedro.simulation.export.serialem import export_serialem


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    options = SimulateOptions(tiles=1, tile_px=96, atlas_px=64, visited_squares=0)
    return export_serialem(simulate_session(20_007, options), tmp_path_factory.mktemp("sem") / "monday")


def test_a_session_is_imported_and_then_current(ptolemy, source, tmp_path):
    first = ptolemy("import", "serialem", source, "--to", tmp_path / "to", "--link")
    second = ptolemy("import", "serialem", source, "--to", tmp_path / "to", "--link")

    assert (first[0], second[0]) == (0, 0)
    assert "imported" in first[1] and "1 atlas, 1 tile" in first[1]
    assert "current" in second[1]
    assert ptolemy("check", tmp_path / "to" / "monday")[0] == 0


def test_a_dry_run_says_what_it_would_do(ptolemy, source, tmp_path):
    code, out, _ = ptolemy("import", "serialem", source, "--to", tmp_path / "to", "--dry-run")

    assert (code, "to import" in out, (tmp_path / "to").exists()) == (0, True, False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("{empty}",), "holds no .nav"),
        (("{empty}/nothing",), "is no folder"),
        (("{source}", "--timezone", "Mars/Olympus"), "--timezone is 'Mars/Olympus'"),
        (("{source}", "--since", "2999-01-01"), "no session of serialem"),
    ],
)
def test_a_mistake_is_one_line(ptolemy, source, tmp_path, arguments, said):
    (tmp_path / "empty").mkdir()
    told = [word.format(empty=tmp_path / "empty", source=source) for word in arguments]

    code, _, err = ptolemy("import", "serialem", *told, "--to", tmp_path / "to")

    assert code == 1
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_broken_session_ends_in_status_1_after_its_line(ptolemy, source, tmp_path):
    broken = tmp_path / "all" / "broken"
    broken.mkdir(parents=True)
    (broken / "x.nav").write_text("[Item = 3]\nType = 7\n")

    code, out, err = ptolemy("import", "serialem", tmp_path / "all", source, "--to", tmp_path / "to")

    assert code == 1
    assert "broken: broken/x.nav line 2" in out
    assert "1 of 2 sessions were not imported" in err
    assert (tmp_path / "to" / "monday").is_dir()
