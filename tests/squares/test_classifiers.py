import numpy as np
import pytest
from tests.models import labelled_squares

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.squares.classifiers import (
    PORTABLE,
    PUBLISHED,
    ForestOptions,
    LogregOptions,
    fit_forest,
    fit_logreg,
)
from ptolemy_kedro.squares.ranker import SquareRanker


def columns(squares):
    return {name: squares[name].to_numpy() for name in (*PORTABLE, *PUBLISHED)}


FITS = pytest.mark.parametrize("fit", [fit_logreg, fit_forest])


@FITS
def test_it_learns_what_tells_and_ranks_other_sessions_by_it(fit):
    ranker = SquareRanker.of(fit(labelled_squares(seed=1, each=200)))
    others = labelled_squares(seed=2, each=200)

    scores = ranker.score(columns(others))

    told = roc_auc(others[PUBLISHED[0]], others["label"] == "selected")  # the best any ranker can do
    assert told - 0.05 < roc_auc(scores, others["label"] == "selected") < told + 0.01
    assert ((scores >= 0) & (scores <= 1)).all()


def test_the_saved_network_scores_as_scikit_learn_does():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    squares = labelled_squares(seed=1)
    values = squares[list(PUBLISHED)].to_numpy(np.float32)
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(values, squares["label"] == "selected")

    scores = SquareRanker.of(fit_logreg(squares)).score(columns(squares))

    np.testing.assert_allclose(scores, fitted.predict_proba(values)[:, 1], atol=1e-5)


def test_a_score_is_a_probability_so_that_its_mean_is_the_base_rate():
    squares = labelled_squares(seed=1)
    trained = fit_logreg(squares)

    prior = (squares["label"] == "selected").mean()
    assert trained.config["class_prior"] == pytest.approx(prior)
    assert SquareRanker.of(trained).score(columns(squares)).mean() == pytest.approx(prior, abs=1e-4)


@FITS
def test_unknown_squares_teach_nothing(fit):
    squares = labelled_squares(seed=1)
    unknown = labelled_squares(seed=2).assign(label="unknown", session_id="late")

    import pandas as pd

    with_unknown = fit(pd.concat([squares, unknown]))

    assert with_unknown.onnx == fit(squares).onnx
    assert "late" not in with_unknown.sessions


def test_the_published_descriptors_can_be_asked_for():
    trained = fit_logreg(labelled_squares(), LogregOptions(descriptors=PUBLISHED))

    assert tuple(trained.config["descriptors"]) == PUBLISHED


@FITS
@pytest.mark.parametrize("label", ["selected", "rejected", "unknown"])
def test_squares_of_one_kind_teach_nothing_and_it_says_so(fit, label):
    with pytest.raises(TableError, match="none is"):
        fit(labelled_squares().assign(label=label))


def test_a_forest_likes_the_middle_where_operators_do_and_a_line_cannot():
    def squares(seed):
        table = labelled_squares(seed, each=300)
        return table.assign(label=np.where(table["crop_mean"].abs() < 0.7, "selected", "rejected"))

    forest, line = (SquareRanker.of(fit(squares(1))) for fit in (fit_forest, fit_logreg))
    others = squares(2)

    assert roc_auc(forest.score(columns(others)), others["label"] == "selected") > 0.95
    assert roc_auc(line.score(columns(others)), others["label"] == "selected") < 0.65


def test_the_saved_forest_scores_as_scikit_learn_does():
    from sklearn.ensemble import RandomForestClassifier

    squares = labelled_squares(seed=1, each=200)
    values = squares[list(PUBLISHED)].to_numpy(np.float32)
    forest = RandomForestClassifier(20, max_leaf_nodes=8, min_samples_leaf=15, random_state=3)
    forest.fit(values, squares["label"] == "selected")

    scores = SquareRanker.of(fit_forest(squares, ForestOptions(20, 8, seed=3))).score(columns(squares))

    np.testing.assert_allclose(scores, forest.predict_proba(values)[:, 1], atol=1e-5)


def test_a_forest_is_bounded_in_size_and_the_same_for_the_same_seed():
    squares, few = labelled_squares(seed=1, each=500), ForestOptions(trees=10)

    forest = fit_forest(squares, few)

    assert len(forest.onnx) < 10 * 48 * 100  # trees, leaves, some hundred bytes a leaf
    assert fit_forest(squares, few).onnx == forest.onnx
    assert fit_forest(squares, ForestOptions(trees=10, seed=1)).onnx != forest.onnx
    assert sum(forest.config["importance"].values()) == pytest.approx(1)
