"""`ptolemy models`: compare, promote, take back, and what was done when and why."""

import pytest
from kedro.io import DataCatalog, MemoryDataset
from tests.planted import planted_crops, planted_ranker, planted_split, planted_squares

from ptolemy_kedro import champions, registry
from ptolemy_kedro.doors import models
from ptolemy_kedro.errors import SettingsError
from ptolemy_kedro.evaluation.contest import PromoteOptions
from ptolemy_kedro.home import find_home
from ptolemy_kedro.training.model import write_model

NAME = "square-ranker"
OPENED = models._catalog


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A good champion and a better challenger."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PTOLEMY_HOME", str(folder))
        for worth in ("good", "better"):
            made = tmp_path_factory.mktemp(worth)
            write_model(made, planted_ranker(worth), {}, name=NAME, origin="simulated", data_digest="d" * 64)
            registry.register(find_home(), NAME, made)
        registry.promote(find_home(), NAME, 1, "the first")
        yield find_home()


@pytest.fixture(autouse=True)
def planted(home, monkeypatch):
    """A project whose held-out sessions are planted."""
    monkeypatch.setenv("PTOLEMY_HOME", str(home.path))
    held = {
        "session_split": planted_split(),
        "squares": planted_squares(),
        "square_crops": planted_crops(),
        "params:promote": PromoteOptions(draws=100),
    }
    catalog = DataCatalog({name: MemoryDataset(content) for name, content in held.items()})
    monkeypatch.setattr(models, "_catalog", lambda project, env: catalog)


def test_a_comparison_shows_both_and_the_gain_promotes_nothing_and_counts_as_a_look(ptolemy, home):
    code, out, _ = ptolemy("models", "compare", NAME)

    assert code == 0
    assert "champion (version 1)" in out and "challenger (version 2)" in out and "gain" in out
    assert "ROC AUC within session (decides)" in out and "calibration error (guarded)" in out
    assert "Would be promoted" in out
    assert registry.champion_version(home, NAME) == 1
    assert len(registry.earlier_looks(home, NAME)) == 1

    code, out, _ = ptolemy("models", "compare", NAME, "2", "1")
    assert "Would not be promoted" in out and "looked at once before" in out


def test_a_promotion_and_its_rollback_stand_in_the_history_with_their_reasons(ptolemy, home):
    code, _, _ = ptolemy("models", "promote", NAME, "2", "--reason", "better by far")
    assert code == 0
    code, out, _ = ptolemy("models", "rollback", NAME, "--reason", "clicks beside the squares")
    assert code == 0 and "version 1 is the champion again, in place of 2" in out
    assert champions.read(home, NAME).version == 1

    _, out, _ = ptolemy("models", "history", NAME)
    assert out.index("the first") < out.index("better by far") < out.index("clicks beside the squares")

    code, _, err = ptolemy("models", "rollback", NAME)
    assert code == 1 and err.count("\n") == 1 and "before version 1" in err


def test_what_cannot_be_compared_is_one_line(ptolemy):
    for words, said in (
        ((NAME, "1", "1"), "No second version"),
        ((NAME, "1", "9"), "no version 9"),
        (("exposure-planner",), "are not compared"),
    ):
        code, _, err = ptolemy("models", "compare", *words)
        assert code == 1 and err.count("\n") == 1 and said in err


def test_a_folder_that_is_no_project_is_one_line(tmp_path):
    with pytest.raises(SettingsError, match="is no Kedro project"):
        OPENED(tmp_path, None)
