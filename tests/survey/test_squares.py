import numpy as np
import pytest
from tests.survey import scene

from ptolemy_kedro import tables
from ptolemy_kedro.errors import ImageError
from ptolemy_kedro.survey.newcomer import meet
from ptolemy_kedro.survey.options import SurveyOptions
from ptolemy_kedro.survey.squares import survey_squares


def met(folder):
    return meet(folder, SurveyOptions())


def test_the_table_keeps_its_schema(squares):
    tables.validate(tables.TargetSquares, squares, "squares")


def test_each_square_of_the_world_stands_once_whatever_it_is_seen_in(squares):
    stand = squares[squares["stands"]]

    assert len(stand) == len(scene.SQUARES_UM)
    assert squares["physical_id"].nunique() == len(scene.SQUARES_UM)
    assert len(squares) > len(stand)
    places = stand[["stage_x_um", "stage_y_um"]].to_numpy(float)
    wanted = scene.world_to_stage(scene.SQUARES_UM)
    distances = np.linalg.norm(places[:, None] - wanted[None], axis=2).min(axis=1)
    assert distances.max() < 2.0


def test_what_stands_is_the_whole_square_seen_finest(squares):
    stand = squares[squares["stands"]]

    assert set(stand["image_id"]) == {"left", "right"}
    assert not stand["cut"].any()
    assert set(stand["pixel_size_a"]) == {scene.TILE[1] * 1e4}


def test_ranks_count_squares_from_the_best(squares):
    stand = squares[squares["stands"]].sort_values("rank")

    assert stand["rank"].tolist() == list(range(1, len(stand) + 1))
    assert (np.diff(stand["score"]) <= 0).all()
    assert squares.groupby("physical_id")["rank"].nunique().max() == 1


def test_without_stage_positions_each_sighting_is_a_square_of_its_own(tmp_path, ranker):
    squares = survey_squares(met(scene.write_archive(tmp_path / "s", placed=False)), ranker)

    assert squares["stands"].all()
    assert squares["stage_x_um"].isna().all()


def test_a_session_without_tiles_has_no_squares(tmp_path, ranker):
    views = {"m1": scene.VIEWS["m1"]}

    squares = survey_squares(met(scene.write_archive(tmp_path / "s", views)), ranker)

    assert len(squares) == 0
    tables.validate(tables.TargetSquares, squares, "squares")


def test_an_image_that_is_damaged_is_named(tmp_path, ranker):
    folder = scene.write_archive(tmp_path / "s")
    file = folder / "images" / "left.mrc"
    content = bytearray(file.read_bytes())
    content[-10] ^= 255
    file.write_bytes(content)

    with pytest.raises(ImageError) as failure:
        survey_squares(met(folder), ranker)
    assert "left" in failure.value.line() and "\n" not in failure.value.line()
