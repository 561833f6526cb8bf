"""What a promised judge of holes is named by."""

import pandas as pd
import pytest

from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions, PublishedHoleOptions
from ptolemy_kedro.holes.crops import HoleCropOptions
from ptolemy_kedro.holes.finding import LocateOptions
from ptolemy_kedro.holes.sight import HoleSight
from ptolemy_kedro.partitions import BySession, Part
from ptolemy_kedro.pipelines.med2high import judging_nodes


def key_under(node, options, sight, monkeypatch):
    """Name what a node promises while the package ships a sight."""
    monkeypatch.setattr(judging_nodes, "shipped_sight", lambda: HoleSight(b"", sight))
    rows = pd.DataFrame({"session_id": ["a"], "origin": ["real"], "part": ["train"]})
    table = BySession([Part("a", "a", lambda: rows)])
    return node(table, table, table, rows, LocateOptions(), HoleCropOptions(), options).key


@pytest.mark.parametrize(
    ("node", "options", "follows"),
    [
        (judging_nodes.train_hole_classifier, HoleClassifierOptions(), True),
        (judging_nodes.train_padding, PublishedHoleOptions(), False),
    ],
)
def test_a_judge_that_is_shown_what_the_sight_sees_is_trained_again_with_another(
    node, options, follows, monkeypatch
):
    one, again, other = (key_under(node, options, sight, monkeypatch) for sight in ("1", "1", "2"))

    assert one == again and (one != other) == follows
