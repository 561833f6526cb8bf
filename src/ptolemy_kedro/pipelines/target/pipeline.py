"""The graph of ``target``."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from ptolemy_kedro.pipelines.target import nodes

MODELS = ("square_ranker_in_use", "hole_localiser_in_use", "hole_classifier_in_use")
"""The models, as notes of the exported champions."""

PICTURES = ("target_atlases", "target_tiles", "target_gallery", "target_overlays")


def after_training(trained: Sequence[str]) -> Pipeline:
    """Target with the models that training has just registered; with those in use where it registered none.

    Args:
        trained: Datasets with the notes of square ranker, hole localiser and hole classifier.
    """
    handed = [f"{name.removesuffix('_in_use')}_handed_over" for name in MODELS]
    take = Node(nodes.take_models, [*trained, *MODELS], handed, name="take_models")
    return Pipeline([take]) + Pipeline(create_pipeline(), inputs=dict(zip(MODELS, handed, strict=True)))


def create_pipeline() -> Pipeline:
    """Rank the squares of one new session, judge its holes, plan the visits, export and show them."""
    ranker, *hole_models = MODELS
    tables = [f"target_{name}" for name in nodes.TABLES]
    return Pipeline(
        [
            Node(nodes.meet_session, ["new_session", "params:target"], "newcomer", name="meet_session"),
            Node(
                nodes.rank_squares,
                ["newcomer", ranker, "params:parallel"],
                "target_squares",
                name="rank_squares",
            ),
            Node(
                nodes.judge_holes,
                ["newcomer", "target_squares", *hole_models, "params:target", "params:parallel"],
                "target_holes",
                name="judge_holes",
            ),
            Node(
                nodes.plan_visits,
                ["newcomer", "target_squares", "target_holes", "params:plan"],
                "target_plan",
                name="plan_visits",
            ),
            Node(
                nodes.write_exports,
                ["newcomer", *tables, *MODELS],
                ["target_navigator", "target_json", *(f"{table}_csv" for table in tables)],
                name="write_exports",
            ),
            Node(
                nodes.draw_survey,
                ["newcomer", "target_squares", "target_holes"],
                list(PICTURES),
                name="draw_survey",
            ),
            Node(
                nodes.write_page,
                ["new_session", *tables, "target_json", *PICTURES],
                "target_page",
                name="write_target_page",
            ),
        ]
    )
