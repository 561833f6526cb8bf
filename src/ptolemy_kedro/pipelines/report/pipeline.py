"""The graph of ``report``."""

from kedro.pipeline import Node, Pipeline

from ptolemy_kedro.pipelines.report import hole_nodes, nodes, square_nodes


def create_pipeline() -> Pipeline:
    """Draw what was found and measured, and write one page of it."""
    return squares() + holes() + page()


def squares() -> Pipeline:
    """Draw squares and the models that rank them."""
    shown = ["square_metrics", "chosen_archives", "images", "squares", "square_scores", "params:segment"]
    return Pipeline(
        [
            Node(square_nodes.draw_ranking, "square_metrics", "ranking_figure", name="draw_ranking"),
            Node(square_nodes.draw_training, "square_cnn", "curve_figure", name="draw_training"),
            Node(square_nodes.draw_tile, shown, ["tile_figure", "mixture_figure"], name="draw_tile"),
            Node(
                square_nodes.draw_gallery,
                ["square_metrics", "square_crops", "square_scores"],
                ["gallery_figure", "mistakes_figure"],
                name="draw_gallery",
            ),
            Node(
                square_nodes.draw_calibration,
                ["square_metrics", "square_scores"],
                "calibration_figure",
                name="draw_calibration",
            ),
            Node(square_nodes.draw_leakage, "square_metrics", "leakage_figure", name="draw_leakage"),
        ]
    )


def holes() -> Pipeline:
    """Draw holes and the models that locate and judge them."""
    shown = ["hole_metrics", "chosen_archives", "images", "holes"]
    return Pipeline(
        [
            Node(
                hole_nodes.draw_hole_measures,
                "hole_metrics",
                "hole_measures_figure",
                name="draw_hole_measures",
            ),
            Node(
                hole_nodes.draw_hole_training,
                "hole_metrics",
                ["sigma_figure", "hole_curves_figure"],
                name="draw_hole_training",
            ),
            Node(hole_nodes.draw_holes, [*shown, "hole_scores"], "holes_figure", name="draw_holes"),
            Node(
                hole_nodes.draw_hole_failures,
                [*shown, "targets", "hole_detections"],
                "hole_failures_figure",
                name="draw_hole_failures",
            ),
            Node(
                hole_nodes.draw_judged_holes,
                ["hole_metrics", "hole_crops", "hole_scores"],
                ["hole_gallery_figure", "hole_mistakes_figure"],
                name="draw_judged_holes",
            ),
        ]
    )


def page() -> Pipeline:
    """Put tables and figures on one page."""
    measured = ["square_metrics", "square_challenger"]
    measured += ["hole_metrics", "localiser_challenger", "hole_challenger"]
    figures = [f"{name}_figure" for name in (*square_nodes.FIGURES, *hole_nodes.FIGURES)]
    return Pipeline(
        [
            Node(
                nodes.write_page,
                [*measured, "sessions", "squares", "holes", "set_aside", *figures],
                "report_page",
                name="write_page",
            )
        ]
    )
