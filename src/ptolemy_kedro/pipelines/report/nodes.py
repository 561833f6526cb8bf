"""The nodes of ``report``."""

from pathlib import Path
from typing import Any

from ptolemy_kedro.partitions import BySession, SessionTable, whole
from ptolemy_kedro.squares.segmentation import SegmentOptions

SQUARES = ("ranking", "curve", "tile", "gallery", "mixture")
"""Figures of squares, in the order in which ``write_page`` takes them."""


def draw_ranking(metrics: dict[str, Any]) -> Any:
    """Draw how well each model ranks."""
    from ptolemy_kedro.figures.ranking import measures_of_models

    return measures_of_models(metrics)


def draw_training(cnn: Any) -> Any:
    """Draw the training of the network."""
    from ptolemy_kedro.figures.ranking import training_curve

    return training_curve(cnn.curve)


def draw_tile(
    archives: BySession[Path],
    images: SessionTable,
    squares: SessionTable,
    scores: SessionTable,
    metrics: dict[str, Any],
    segment: SegmentOptions,
) -> tuple[Any, Any]:
    """Draw a tile of a test session: its squares by score, and how they were told from the bars."""
    from ptolemy_kedro.figures.examples import example_tile
    from ptolemy_kedro.figures.mixture import mixture_and_mask
    from ptolemy_kedro.figures.tile import tile_overlay

    name, best = metrics["sessions"]["test"][0], metrics["best"]
    tile = example_tile(archives[name], images[name], squares[name], segment)
    scored = tile.scored(scores[name].query("model == @best"))
    caption = f"{best}, {metrics['origin']}; {tile.name}"
    return tile_overlay(tile.pixels, *scored, caption), mixture_and_mask(tile.pixels, tile.squares, tile.name)


def draw_gallery(square_crops: SessionTable, scores: SessionTable, metrics: dict[str, Any]) -> Any:
    """Draw crops of the test sessions' squares from the best to the worst."""
    from ptolemy_kedro.figures.examples import scored_crops
    from ptolemy_kedro.figures.gallery import crops_by_score

    test, best = metrics["sessions"]["test"], metrics["best"]
    of_best = whole(scores.only(test)).query("model == @best")
    return crops_by_score(
        *scored_crops(whole(square_crops.only(test)), of_best), f"{best}, {metrics['origin']}"
    )


def write_page(
    square_metrics: dict[str, Any],
    square_challenger: dict[str, Any],
    sessions: SessionTable,
    squares: SessionTable,
    set_aside: dict[str, list[str]],
    *figures: bytes,
) -> str:
    """Write the report; the figures come in the order of ``SQUARES``."""
    from ptolemy_kedro.figures.report import label_counts, report_page
    from ptolemy_kedro.figures.square_sections import square_sections

    counts = label_counts(whole(squares), "squares")
    learnt = square_sections(square_metrics, dict(zip(SQUARES, figures, strict=True)))
    parts = {"squares": {name: part for part, names in square_metrics["sessions"].items() for name in names}}
    return report_page([square_challenger], learnt, whole(sessions), counts, parts, set_aside)
