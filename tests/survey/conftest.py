import pytest
from tests.models import small_ranker
from tests.survey import scene

from ptolemy_kedro.champions import Champion
from ptolemy_kedro.survey import holes
from ptolemy_kedro.survey.newcomer import meet
from ptolemy_kedro.survey.options import SurveyOptions
from ptolemy_kedro.survey.squares import survey_squares


@pytest.fixture(scope="session")
def session(tmp_path_factory):
    return scene.write_archive(tmp_path_factory.mktemp("new") / "s1")


@pytest.fixture(scope="session")
def newcomer(session):
    return meet(session, SurveyOptions())


@pytest.fixture(scope="session")
def ranker():
    trained = small_ranker()
    return Champion("square-ranker", 1, trained.onnx, trained.config)


@pytest.fixture(scope="session")
def squares(newcomer, ranker):
    return survey_squares(newcomer, ranker)


@pytest.fixture
def without_networks(monkeypatch):
    """Find holes by their brightness."""
    scene.without_networks(monkeypatch, holes)


@pytest.fixture(scope="session")
def found(newcomer, squares):
    with pytest.MonkeyPatch.context() as patch:
        scene.without_networks(patch, holes)
        return holes.survey_holes(newcomer, squares, SurveyOptions(), None, None)
