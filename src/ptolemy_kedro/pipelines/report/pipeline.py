"""The graph of ``report``."""

from kedro.pipeline import Node, Pipeline

from ptolemy_kedro.pipelines.report import nodes


def create_pipeline() -> Pipeline:
    """Draw what was found and measured, and write one page of it."""
    figures = [f"{name}_figure" for name in nodes.SQUARES]
    return Pipeline(
        [
            Node(nodes.draw_ranking, "square_metrics", "ranking_figure", name="draw_ranking"),
            Node(nodes.draw_training, "square_cnn", "curve_figure", name="draw_training"),
            Node(
                nodes.draw_tile,
                ["chosen_archives", "images", "squares", "square_scores", "square_metrics", "params:segment"],
                ["tile_figure", "mixture_figure"],
                name="draw_tile",
            ),
            Node(
                nodes.draw_gallery,
                ["square_crops", "square_scores", "square_metrics"],
                "gallery_figure",
                name="draw_gallery",
            ),
            Node(
                nodes.write_page,
                ["square_metrics", "square_challenger", "sessions", "squares", "set_aside", *figures],
                "report_page",
                name="write_page",
            ),
        ]
    )
