"""The graph of ``low2med``."""

from kedro.pipeline import Node, Pipeline

from ptolemy_kedro.pipelines.low2med import nodes
from ptolemy_kedro.tracking import TRAINS


def create_pipeline() -> Pipeline:
    """Find the squares, train the rankers on some sessions, judge them on others, register the best."""
    return finding() + learning()


def finding() -> Pipeline:
    """Tiles to squares, crops and labels."""
    return Pipeline(
        [
            Node(
                nodes.find_squares,
                ["chosen_archives", "images", "params:segment", "params:crop", "params:parallel"],
                ["squares_found", "square_crops"],
                name="find_squares",
            ),
            Node(
                nodes.label_squares, ["squares_found", "targets", "images"], "squares", name="label_squares"
            ),
        ]
    )


def learning() -> Pipeline:
    """Squares and crops to a registered challenger."""
    learn_from = ["squares", "sessions", "session_split", "params:segment", "params:crop"]
    models = ["square_logreg", "square_forest", "square_cnn", "square_ranker"]
    at_random = ["squares", "params:logreg", "params:forest"]
    return Pipeline(
        [
            Node(
                nodes.train_logreg,
                [*learn_from, "params:logreg"],
                "square_logreg",
                name="train_logreg",
                tags=TRAINS,
            ),
            Node(
                nodes.train_forest,
                [*learn_from, "params:forest"],
                "square_forest",
                name="train_forest",
                tags=TRAINS,
            ),
            Node(
                nodes.train_ranker,
                [*learn_from, "params:ranker", "square_crops"],
                "square_ranker",
                name="train_ranker",
                tags=TRAINS,
            ),
            Node(
                nodes.train_cnn,
                [*learn_from, "params:cnn", "square_crops"],
                "square_cnn",
                name="train_cnn",
                tags=TRAINS,
            ),
            Node(
                nodes.score_squares,
                ["squares", "square_crops", "session_split", *models],
                "square_scores",
                name="score_squares",
            ),
            Node(
                nodes.evaluate_models,
                ["square_scores", "sessions", "session_split", "params:evaluate", *at_random, *models],
                "square_metrics",
                name="evaluate_models",
            ),
            Node(
                nodes.choose_challenger,
                ["square_metrics", *models],
                "square_challenger",
                name="choose_challenger",
            ),
        ]
    )
