"""What a random split gives away."""

import numpy as np
import pandas as pd

from ptolemy_kedro.evaluation.comparison import EvaluateOptions
from ptolemy_kedro.evaluation.leakage import at_random
from ptolemy_kedro.squares.classifiers import ForestOptions, LogregOptions

NAMES = ("mean", "area_px")
OPTIONS = EvaluateOptions(draws=50)


def squares_known_by_their_session(sessions: int = 6, each: int = 60) -> pd.DataFrame:
    """All that tells a square's fate is which session it is of: the odds differ, the square says nothing."""
    rng = np.random.default_rng(5)
    session = np.repeat(np.arange(sessions), each)
    selected = rng.random(len(session)) < np.where(session % 2, 0.9, 0.1)
    return pd.DataFrame(
        {
            "session_id": [f"s{number}" for number in session],
            "physical_id": [f"p{number}" for number in np.tile(np.arange(each), sessions)],
            "mean": session + rng.normal(0, 0.01, len(session)),
            "area_px": rng.random(len(session)),
            "label": np.where(selected, "selected", "rejected"),
        }
    )


def test_a_random_split_rewards_knowing_the_session():
    found = at_random(squares_known_by_their_session(), [ForestOptions(descriptors=NAMES)], OPTIONS)

    assert found["forest"]["roc_auc"]["value"] > 0.8
    assert abs(found["forest"]["roc_auc_within_session"]["value"] - 0.5) < 0.2


def test_sightings_of_one_square_stand_on_one_side():
    squares = squares_known_by_their_session()
    twice = pd.concat([squares, squares])
    options = [LogregOptions(descriptors=NAMES)]

    once, both = (at_random(table, options, OPTIONS)["logreg"]["sites"] for table in (squares, twice))

    assert once == both


def test_one_label_alone_has_nothing_to_show():
    assert (
        at_random(squares_known_by_their_session().assign(label="selected"), [LogregOptions()], OPTIONS) == {}
    )
