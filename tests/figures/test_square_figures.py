"""What the report draws and says of models that rank squares."""

import numpy as np
import pytest

from ptolemy_kedro.evaluation import published
from ptolemy_kedro.figures.calibration import calibration_curves
from ptolemy_kedro.figures.leakage import leakage_between_squares
from ptolemy_kedro.figures.square_sections import square_sections
from ptolemy_kedro.metrics.ranking import evaluate


@pytest.fixture(scope="module")
def metrics():
    rng = np.random.default_rng(0)
    selected = rng.random(300) < 0.3
    measures = evaluate(selected * 0.2 + rng.random(300) * 0.5, selected, np.repeat(np.arange(6), 50), 0, 50)
    return {
        "models": {"forest": {"validation": measures, "test": measures}},
        "split at random": {"forest": measures},
        "published": {
            "base_rate": published.BASE_RATE,
            "split by session": published.RANKING,
            "split at random": published.RANKING_AT_RANDOM,
        },
    }


def test_a_calibrated_model_lies_on_the_diagonal_and_empty_bins_are_not_drawn():
    bins = np.array([[10, 0.1, 0.1], [0, np.nan, np.nan], [30, 0.6, 0.6]])

    diagonal, line = calibration_curves({"forest": bins}).axes[0].lines

    np.testing.assert_allclose(line.get_xydata(), [[0.1, 0.1], [0.6, 0.6]])
    assert diagonal.get_label() == "as it should be"


def test_leakage_shows_each_model_and_each_published_one_under_both_splits(metrics):
    figure = leakage_between_squares(metrics)

    names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert names == ["forest", *(f"published: {name}" for name in published.RANKING)]
    dots = [line.get_xdata()[0] for line in figure.axes[0].lines if len(line.get_xdata())]
    assert len(dots) == 2 * len(names)
    assert {0.603, 0.867} <= set(dots)  # the forest by session and at random


def test_the_table_has_every_measure_with_its_interval_and_the_published_rows_beside(metrics):
    _, (html, *_) = square_sections(metrics, {})[0]

    needed = metrics["models"]["forest"]["test"]["needed_for_hundred"]
    assert f"{needed['value']:.0f} ({needed['low']:.0f} to {needed['high']:.0f})" in html
    assert "published: random forest" in html and "0.603" in html and "0.268" in html
    assert "calibration error" in html
