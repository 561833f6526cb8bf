"""What happens around every run."""

import pytest

from ptolemy_kedro.errors import StorageError
from ptolemy_kedro.hooks import OneFlowHook


@pytest.fixture
def two(tmp_path):
    """Two flows of one project."""
    hooks = OneFlowHook(), OneFlowHook()
    for hook in hooks:
        hook.folder = tmp_path / "data"
    return hooks


def test_a_second_flow_is_refused_until_the_first_ends_well_or_badly(two):
    first, second = two
    for ends in (first.after_pipeline_run, first.on_pipeline_error):
        first.before_pipeline_run()
        with pytest.raises(StorageError, match=r"The data in .*data is in use by process \d+ on") as refused:
            second.before_pipeline_run()
        assert "\n" not in refused.value.line()
        ends()
        second.before_pipeline_run()
        second.after_pipeline_run()


def test_a_flow_that_could_not_start_does_not_stand_in_its_own_way(two):
    first, _ = two
    first.before_pipeline_run()
    first.before_pipeline_run()
