"""A user's mistakes at ``kedro run``: each one line, and exit status 1."""

import pytest
from kedro.config import MissingConfigException
from tests.flows import Project

from ptolemy_kedro.cli import one_line


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nodes=find_square"], "does not contain nodes named ['find_square']"),
        (["--env=production"], "conf/production"),
        (["--pipeline=ingest", "--params=segmnt.min_fill=0.5"], "There is no parameter 'segmnt'"),
        (["--pipeline=ingest", "--params=simulate.tiles=0"], "'simulate': tiles"),
        (["--pipeline=report"], "Run `kedro run --pipeline=ingest` first"),
    ],
)
def test_a_users_mistake_ends_in_one_line(project, words, said):
    done = project.run(*words)

    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == 1
    assert len(lines) == 1 and said in lines[0], done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Pipeline contains no nodes after applying\nall provided filters."),
        ValueError("Async data loading and saving does not work with nodes wrapping generator functions."),
        AttributeError("module 'kedro.runner' has no attribute 'FastRunner'"),
        MissingConfigException("Given configuration path does not exist: conf/production"),
    ],
)
def test_what_kedro_says_of_a_mistake_is_said_in_one_line(error):
    line = one_line(error)

    assert line is not None and "\n" not in line


def test_a_fault_of_the_program_is_not_passed_off_as_a_users_mistake():
    assert one_line(ValueError("operands could not be broadcast together")) is None
