"""The graph of ``med2high``."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from ptolemy_kedro.pipelines.med2high import judging_nodes, nodes
from ptolemy_kedro.tracking import TRAINS

MODELS = ["hole_padding", "hole_average_pooling", "hole_classifier"]


def create_pipeline() -> Pipeline:
    """Train a localiser, locate the holes, train models that judge them, register the best of each."""
    return locating() + judging() + registering()


def locating() -> Pipeline:
    """Clicks to a localiser, and images to holes, crops and labels."""
    raw, clicked = ["chosen_archives", "images", "grids"], ["targets", "session_split", "params:localiser"]
    return Pipeline(
        [
            Node(
                nodes.cut_patches,
                [*raw, *clicked, "params:parallel"],
                "localiser_patches",
                name="cut_patches",
            ),
            Node(
                nodes.train_localiser,
                ["localiser_patches", "sessions", "params:localiser"],
                "hole_localiser",
                name="train_localiser",
                tags=TRAINS,
            ),
            Node(
                nodes.locate_holes,
                [*raw, "hole_localiser", "params:locate", "params:hole_crop", "params:parallel"],
                ["holes_found", "hole_crops"],
                name="locate_holes",
            ),
            Node(nodes.label_holes, ["holes_found", "targets", "images"], "holes", name="label_holes"),
            Node(
                nodes.match_exposures,
                ["holes", "targets", "exposures", "images"],
                "hole_exposures",
                name="match_exposures",
            ),
            Node(
                nodes.compare_with_clicks,
                ["holes", "targets", "images", "session_split"],
                "hole_detections",
                name="compare_with_clicks",
            ),
        ]
    )


def judging() -> Pipeline:
    """Holes and crops to models that judge holes, and to scores of the sessions held out."""
    learn_from = ["holes", "hole_crops", "sessions", "session_split", "params:locate", "params:hole_crop"]
    train: dict[str, Callable[..., Any]] = {
        "hole_padding": judging_nodes.train_padding,
        "hole_average_pooling": judging_nodes.train_average_pooling,
        "hole_classifier": judging_nodes.train_hole_classifier,
    }
    training = [
        Node(work, [*learn_from, f"params:{model}"], model, name=work.__name__, tags=TRAINS)
        for model, work in train.items()
    ]
    score = Node(
        judging_nodes.score_holes,
        ["holes", "hole_crops", "session_split", *MODELS],
        "hole_scores",
        name="score_holes",
    )
    return Pipeline([*training, score])


def registering() -> Pipeline:
    """Scores to measures, and models to challengers."""
    measured = ["hole_detections", "hole_scores", "sessions", "session_split", "params:evaluate"]
    return Pipeline(
        [
            Node(
                judging_nodes.evaluate_holes,
                [*measured, "hole_localiser", *MODELS],
                "hole_metrics",
                name="evaluate_holes",
            ),
            Node(
                judging_nodes.put_localiser_forward,
                ["hole_metrics", "hole_localiser"],
                "localiser_challenger",
                name="put_localiser_forward",
            ),
            Node(
                judging_nodes.choose_hole_challenger,
                ["hole_metrics", *MODELS],
                "hole_challenger",
                name="choose_hole_challenger",
            ),
        ]
    )
