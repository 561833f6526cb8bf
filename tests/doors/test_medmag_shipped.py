"""``ptolemy-medmag`` with the models that the package ships: a drawn image to JSON, nothing replaced."""

import json

import mrcfile
import numpy as np
import pytest
from tests.holes.discs import draw_discs, square_lattice

from ptolemy_kedro import champions, shipped
from ptolemy_kedro.doors.medmag import main
from ptolemy_kedro.home import find_home
from ptolemy_kedro.metrics.detection import match_points

SHAPE, SPACING_PX, RADIUS_PX = (300, 420), 60, 14


@pytest.fixture
def shipped_models(monkeypatch, tmp_path):
    monkeypatch.setenv("PTOLEMY_HOME", str(tmp_path / "home"))
    for name in ("hole-localiser", "hole-classifier"):
        champions.export(find_home(), name, 1, shipped.folder(name))


def test_the_holes_drawn_are_in_the_json_and_no_others(shipped_models, tmp_path, capsys):
    drawn = square_lattice(SPACING_PX, SHAPE)
    with mrcfile.new(tmp_path / "m1.mrc") as file:
        file.set_data(draw_discs(drawn, RADIUS_PX, SHAPE))

    assert main([str(tmp_path / "m1.mrc")]) == 0
    holes = json.loads(capsys.readouterr().out)

    centres = np.array([hole["center"][::-1] for hole in holes], float)
    whole = ((drawn > RADIUS_PX) & (drawn < np.array(SHAPE) - RADIUS_PX)).all(axis=1)
    assert len(match_points(centres, drawn[whole], 3.0)) == whole.sum() > 20
    assert len(match_points(centres, drawn, RADIUS_PX)) == len(holes)
    assert np.median([hole["radius"] for hole in holes]) == pytest.approx(RADIUS_PX, rel=0.15)
    scores = [hole["score"] for hole in holes]
    assert scores == sorted(scores, reverse=True) and 0 < scores[-1] <= scores[0] < 1
