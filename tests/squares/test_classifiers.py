import numpy as np
import pytest
from tests.models import labelled_squares

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.squares.classifiers import PORTABLE, PUBLISHED, LogregOptions, fit_logreg
from ptolemy_kedro.squares.ranker import SquareRanker


def columns(squares):
    return {name: squares[name].to_numpy() for name in (*PORTABLE, *PUBLISHED)}


def test_it_learns_what_tells_and_ranks_other_sessions_by_it():
    ranker = SquareRanker.of(fit_logreg(labelled_squares(seed=1, each=200)))
    others = labelled_squares(seed=2, each=200)

    scores = ranker.score(columns(others))

    told = roc_auc(others[PORTABLE[0]], others["label"] == "selected")  # the best any ranker can do
    assert roc_auc(scores, others["label"] == "selected") == pytest.approx(told, abs=0.02)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_the_saved_network_scores_as_scikit_learn_does():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    squares = labelled_squares(seed=1)
    values = squares[list(PORTABLE)].to_numpy(np.float32)
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(values, squares["label"] == "selected")

    scores = SquareRanker.of(fit_logreg(squares)).score(columns(squares))

    np.testing.assert_allclose(scores, fitted.predict_proba(values)[:, 1], atol=1e-5)


def test_a_score_is_a_probability_so_that_its_mean_is_the_base_rate():
    squares = labelled_squares(seed=1)
    trained = fit_logreg(squares)

    prior = (squares["label"] == "selected").mean()
    assert trained.config["class_prior"] == pytest.approx(prior)
    assert SquareRanker.of(trained).score(columns(squares)).mean() == pytest.approx(prior, abs=1e-4)


def test_unknown_squares_teach_nothing():
    squares = labelled_squares(seed=1)
    unknown = labelled_squares(seed=2).assign(label="unknown", session_id="late")

    import pandas as pd

    with_unknown = fit_logreg(pd.concat([squares, unknown]))

    assert with_unknown.onnx == fit_logreg(squares).onnx
    assert "late" not in with_unknown.sessions


def test_the_published_descriptors_can_be_asked_for():
    trained = fit_logreg(labelled_squares(), LogregOptions(descriptors=PUBLISHED))

    assert tuple(trained.config["descriptors"]) == PUBLISHED


@pytest.mark.parametrize("label", ["selected", "rejected", "unknown"])
def test_squares_of_one_kind_teach_nothing_and_it_says_so(label):
    with pytest.raises(TableError, match="none is"):
        fit_logreg(labelled_squares().assign(label=label))
