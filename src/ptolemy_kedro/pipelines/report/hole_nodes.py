"""The nodes of ``report`` that draw holes."""

from pathlib import Path
from typing import Any

from ptolemy_kedro.partitions import BySession, SessionTable, whole
from ptolemy_kedro.pipelines.report.shows import shows

FIGURES = ("hole_measures", "sigma", "hole_curves", "holes", "hole_failures", "hole_gallery", "hole_mistakes")
"""In the order in which ``write_page`` takes them, after those of squares."""

FAILURES, GALLERY, MISTAKES = 4, 40, 10
"""Images in which locating did worst; crops by score; mistakes of either kind."""


@shows("med2high")
def draw_hole_measures(metrics: dict[str, Any]) -> Any:
    """Draw how well holes are located and judged, the published figures beside ours."""
    from ptolemy_kedro.figures.hole_measures import measures_of_holes

    return measures_of_holes(metrics)


@shows("med2high", figures=2)
def draw_hole_training(metrics: dict[str, Any]) -> tuple[Any, Any]:
    """Draw the localiser's sigma over training, and the curves of all networks."""
    from ptolemy_kedro.figures.localiser_training import sigma_over_training
    from ptolemy_kedro.figures.training_curves import training_curves

    curves = metrics["curves"]
    located_by = metrics["localiser"]
    return sigma_over_training(curves[located_by], f"{located_by}, {metrics['origin']}"), training_curves(
        curves
    )


@shows("med2high")
def draw_holes(
    metrics: dict[str, Any],
    archives: BySession[Path],
    images: SessionTable,
    holes: SessionTable,
    scores: SessionTable,
) -> Any:
    """Draw an image of a test session: its holes by score."""
    from ptolemy_kedro.figures.hole_examples import example_image
    from ptolemy_kedro.figures.holes import holes_overlay

    best = metrics["best"]
    name = max(metrics["sessions"]["test"], key=lambda session_id: len(holes[session_id]))
    of_best = scores[name].query("model == @best")
    pixels, found, judged, title = example_image(archives[name], images[name], holes[name], of_best)
    return holes_overlay(pixels, found, judged, f"{best}, {metrics['origin']}; {title}")


@shows("med2high")
def draw_hole_failures(
    metrics: dict[str, Any],
    archives: BySession[Path],
    images: SessionTable,
    holes: SessionTable,
    targets: SessionTable,
    detections: SessionTable,
) -> Any:
    """Draw the images of the test sessions in which locating did worst."""
    from ptolemy_kedro.figures.hole_examples import located_image, worst_images
    from ptolemy_kedro.figures.hole_failures import worst_located

    of_test = whole(detections.only(metrics["sessions"]["test"]))
    worst = worst_images(of_test[of_test["method"] == metrics["default"]], FAILURES)
    places = worst[["session_id", "image_id"]].to_numpy().tolist()
    return worst_located(
        [located_image(archives[s], images[s], holes[s], targets[s], image) for s, image in places]
    )


@shows("med2high", figures=2)
def draw_judged_holes(
    metrics: dict[str, Any], hole_crops: SessionTable, scores: SessionTable
) -> tuple[Any, Any]:
    """Draw holes of the test sessions from the best to the worst score, and those judged worst."""
    from ptolemy_kedro.figures.crop_mistakes import worst_mistakes
    from ptolemy_kedro.figures.gallery import crops_by_score
    from ptolemy_kedro.figures.hole_examples import across_scores, crops_of_scored, worst_judged

    best = metrics["best"]
    of_best = whole(scores.only(metrics["sessions"]["test"])).query("model == @best")
    title = f"{best}, {metrics['origin']}"
    gallery = crops_by_score(*crops_of_scored(hole_crops, across_scores(of_best, GALLERY)), title)
    return gallery, worst_mistakes(*crops_of_scored(hole_crops, worst_judged(of_best, MISTAKES)), title)
