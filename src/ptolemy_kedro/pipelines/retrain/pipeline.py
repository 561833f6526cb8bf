"""The graph of ``retrain``, after those that train."""

from kedro.pipeline import Node, Pipeline

from ptolemy_kedro.evaluation.sheets import KINDS
from ptolemy_kedro.pipelines.retrain import nodes
from ptolemy_kedro.tracking import TRAINS

CONTESTS = {"square": "square-ranker", "localiser": "hole-localiser", "hole": "hole-classifier"}
"""Registered names by what begins the names of their datasets."""


def create_pipeline() -> Pipeline:
    """Compare each challenger with its champion, and promote it if it is better beyond chance."""
    return sum((contest(kind, name) for kind, name in CONTESTS.items()), Pipeline([]))


def contest(kind: str, name: str) -> Pipeline:
    """Compare and decide on one registered name."""
    judged_by = [f"{kind}_challenger", f"{kind}_contest", "session_split", "params:promote"]
    return Pipeline(
        [
            Node(
                nodes.compare_models,
                [*judged_by, *KINDS[name].tables],
                f"{kind}_comparison",
                name=f"compare_{kind}_models",
                tags=TRAINS,
            ),
            Node(
                nodes.decide,
                [f"{kind}_comparison", "params:promote"],
                f"{kind}_promotion",
                name=f"decide_on_{kind}_challenger",
                tags=TRAINS,
            ),
        ]
    )
