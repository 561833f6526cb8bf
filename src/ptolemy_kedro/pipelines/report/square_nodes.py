"""The nodes of ``report`` that draw squares."""

from pathlib import Path
from typing import Any

from ptolemy_kedro.partitions import BySession, SessionTable, whole
from ptolemy_kedro.pipelines.report.shows import shows
from ptolemy_kedro.squares.segmentation import SegmentOptions

FIGURES = ("ranking", "curve", "calibration", "leakage", "tile", "gallery", "mistakes", "mixture")
"""In the order in which ``write_page`` takes them."""


@shows("low2med")
def draw_ranking(metrics: dict[str, Any]) -> Any:
    """Draw how well each model ranks."""
    from ptolemy_kedro.figures.ranking import measures_of_models

    return measures_of_models(metrics)


@shows("low2med")
def draw_training(cnn: Any) -> Any:
    """Draw the training of the network."""
    from ptolemy_kedro.figures.ranking import training_curve

    return training_curve(cnn.curve)


@shows("low2med", figures=2)
def draw_tile(
    metrics: dict[str, Any],
    archives: BySession[Path],
    images: SessionTable,
    squares: SessionTable,
    scores: SessionTable,
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


@shows("low2med")
def draw_calibration(metrics: dict[str, Any], scores: SessionTable) -> Any:
    """Draw the share selected over the score on the test sessions."""
    from ptolemy_kedro.evaluation.sheets import rankings_of
    from ptolemy_kedro.figures.calibration import calibration_curves

    rankings = rankings_of(whole(scores.only(metrics["sessions"]["test"])), metrics["models"])
    bins = {name: ranking.calibration() for name, ranking in rankings.items()}
    return calibration_curves(bins, f"Calibration on the test sessions, {metrics['origin']}")


@shows("low2med")
def draw_leakage(metrics: dict[str, Any]) -> Any:
    """Draw the models' measures under both splits, where both were computed."""
    from ptolemy_kedro.figures.absent import nothing_yet
    from ptolemy_kedro.figures.leakage import AT_RANDOM, leakage_between_squares

    return leakage_between_squares(metrics) if AT_RANDOM in metrics else nothing_yet("low2med")


@shows("low2med", figures=2)
def draw_gallery(
    metrics: dict[str, Any], square_crops: SessionTable, scores: SessionTable
) -> tuple[Any, Any]:
    """Draw crops of the test sessions' squares from the best to the worst, and those scored worst."""
    from ptolemy_kedro.figures.crop_mistakes import worst_mistakes
    from ptolemy_kedro.figures.examples import scored_crops
    from ptolemy_kedro.figures.gallery import crops_by_score

    test, best = metrics["sessions"]["test"], metrics["best"]
    of_best = whole(scores.only(test)).query("model == @best")
    scored = scored_crops(whole(square_crops.only(test)), of_best)
    title = f"{best}, {metrics['origin']}"
    return crops_by_score(*scored, title), worst_mistakes(*scored, title)
