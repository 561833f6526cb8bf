import pytest
from tests.models import small_ranker
from tests.survey import scene

from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.survey import holes
from ptolemy_kedro.survey.options import SurveyOptions
from ptolemy_kedro.survey.squares import survey_squares


@pytest.fixture(scope="session")
def session(tmp_path_factory):
    return scene.write_archive(tmp_path_factory.mktemp("new") / "s1")


@pytest.fixture(scope="session")
def ranker():
    return SquareRanker.of(small_ranker())


@pytest.fixture(scope="session")
def squares(session, ranker):
    return survey_squares(session, SurveyOptions(), ranker)


@pytest.fixture(scope="session")
def found(session, squares):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(holes, "rank_holes", scene.hole_finder)
        return holes.survey_holes(session, squares, SurveyOptions(), None, None)
