"""What the report shows of holes."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro.figures.absent import nothing_yet
from ptolemy_kedro.figures.crop_mistakes import worst_mistakes
from ptolemy_kedro.figures.hole_examples import across_scores, crops_of_scored, worst_images, worst_judged
from ptolemy_kedro.figures.hole_failures import LocatedImage, worst_located
from ptolemy_kedro.figures.hole_measures import measures_of_holes
from ptolemy_kedro.figures.hole_sections import hole_sections
from ptolemy_kedro.figures.localiser_training import sigma_over_training
from ptolemy_kedro.figures.training_curves import still_falls, training_curves
from ptolemy_kedro.holes.crops import HoleCrops
from ptolemy_kedro.partitions import BySession, Part

FIGURE = {"value": 0.6, "low": 0.5, "high": 0.7}
ALONE = {"value": 0.6, "low": None, "high": None}
LOCATED = {
    "sessions": 2,
    "images": 8,
    "wanted": 90,
    "found": 100,
    "precision": FIGURE,
    "recall": FIGURE,
    "f1": ALONE,
}
JUDGED = {
    "sessions": 2, "sites": 100, "base_rate": {"value": 0.72, "low": 0.6, "high": 0.8}, "accuracy": FIGURE,
    "roc_auc": FIGURE, "roc_auc_within_session": FIGURE, "roc_auc_within_image": {"value": None},
    "average_precision": FIGURE,
}  # fmt: skip
METRICS = {
    "origin": "simulated", "best": "hole-context",
    "located": {"network": {"validation": LOCATED, "test": LOCATED}},
    "judged": {"hole-context": {"test": JUDGED}},
    "published": {
        "located": {"U-Net": {"precision": 0.703, "recall": 0.984, "f1": 0.815}},
        "judged": {"CNN": {"accuracy": 0.748, "roc_auc": 0.742, "average_precision": 0.808}},
        "base_rate": 0.718,
    },
}  # fmt: skip
CURVE = [
    {
        "epoch": k,
        "sigma_px": 2 - k / 10,
        "average_precision": 0.5 + k / 10,
        "training_loss": 1.0,
        "validation_loss": v,
    }
    for k, v in enumerate((3.0, 2.0, 1.0))
]


def test_ours_stand_beside_the_published_with_base_rates_and_the_test_sessions_first():
    html = "".join("".join(parts) for _, parts in hole_sections(METRICS, {}))

    assert html.index("network, test") < html.index("network, validation") < html.index("published: U-Net")
    assert "0.600 (0.500 to 0.700)" in html and "0.720 (0.600 to 0.800)" in html
    assert "0.984" in html and "0.718" in html and "undefined" in html


def test_each_figure_stands_in_its_section_and_failures_come_last():
    figures = {"holes": b"a", "hole_failures": b"b", "sigma": b"c"}
    sections = hole_sections(METRICS, figures)

    held = {heading: sum("data:image" in part for part in parts) for heading, parts in sections}
    assert list(held.values()) == [1, 0, 1, 1] and list(held)[-1] == "Where it failed, worst first"


def test_without_measures_the_flow_to_run_is_named():
    ((_, parts),) = hole_sections({}, {})

    assert "kedro run --pipeline=med2high" in parts[0]
    assert "--pipeline=med2high" in nothing_yet("med2high").texts[0].get_text()


def test_published_measures_are_hollow_and_an_undefined_one_is_left_out():
    figure = measures_of_holes(METRICS)
    precision, *_, within_image, _ = figure.axes

    filled, hollow = precision.lines
    assert filled.get_xdata() == [0.6] and hollow.get_xdata() == [0.703]
    assert hollow.get_markerfacecolor() == "none"
    assert within_image.get_title() == "ROC AUC within an image" and not within_image.lines


def test_sigma_is_drawn_by_epoch_and_against_average_precision():
    by_epoch, against, *_ = sigma_over_training(CURVE).axes

    assert by_epoch.lines[0].get_ydata() == pytest.approx([2.0, 1.9, 1.8])
    points = np.asarray(against.collections[0].get_offsets())
    assert points == pytest.approx(np.array([[2, 0.5], [1.9, 0.6], [1.8, 0.7]]))


@pytest.mark.parametrize(
    ("losses", "falls"), [([3.0, 2.0, 1.0], True), ([3.0, 1.0, 2.0], False), ([1.0], True)]
)
def test_a_training_that_was_cut_short_is_called_so(losses, falls):
    curve = [row | {"validation_loss": loss} for row, loss in zip(CURVE, losses, strict=False)]

    assert still_falls(losses) == falls
    assert ("UNDER-TRAINED" in training_curves({"m": curve}).axes[0].get_title()) == falls


def detections(**images):
    rows = [(name, *counts) for name, counts in images.items()]
    return pd.DataFrame(rows, columns=["image_id", "found", "clicked", "hits"])


def test_images_with_most_clicks_missed_come_first_then_those_with_most_unclicked_holes():
    told = detections(good=(10, 10, 10), missed=(5, 10, 5), crowded=(40, 10, 10), blind=(0, 10, 0))

    assert worst_images(told, 4)["image_id"].tolist() == ["blind", "missed", "crowded", "good"]
    assert len(worst_images(told, 2)) == 2


def test_hits_unclicked_holes_and_missed_clicks_are_told_apart():
    image = LocatedImage(
        "s, i", np.zeros((40, 60)), np.array([[10.0, 10], [30, 50]]), np.array([5.0, 5]),
        np.array([True, False]), np.array([[20.0, 30]]),
    )  # fmt: skip

    axes = worst_located([image]).axes[0]

    hits, unclicked = axes.collections
    assert hits.get_offsets().tolist() == [[10, 10]] and unclicked.get_offsets().tolist() == [[50, 30]]
    assert [list(data) for data in axes.lines[0].get_data()] == [[30], [20]]
    assert "1 clicks missed, 1 of 2 holes not clicked" in axes.get_title()


def scores(labels, values):
    names = [f"h{k}" for k in range(len(labels))]
    return pd.DataFrame({"hole_id": names, "session_id": "s", "label": labels, "score": values})


def test_examples_go_from_the_best_to_the_worst_score_of_known_label():
    told = scores(["selected", "unknown", "rejected", "selected"], [0.2, 0.9, 0.8, 0.5])

    assert across_scores(told, 10)["score"].tolist() == [0.8, 0.5, 0.2]
    assert across_scores(told, 2)["score"].tolist() == [0.8, 0.2]


def test_the_worst_judged_are_the_rejected_that_were_praised_and_the_selected_that_were_blamed():
    told = scores(["selected", "rejected", "selected", "rejected", "unknown"], [0.1, 0.9, 0.8, 0.2, 0.0])

    assert set(worst_judged(told, 1)["hole_id"]) == {"h0", "h1"}


def test_mistakes_are_drawn_worst_first():
    shape = np.ones(3)
    pixels = [np.full((8, 8), level, np.uint8) for level in (100, 128, 150)]
    crops = HoleCrops(pixels, np.full(3, 24), shape, shape, shape, np.ones(3, int))

    figure = worst_mistakes(crops, np.array([0.7, 0.9, 0.3]), np.array([False, False, True]), "m")

    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles == ["0.90", "0.70", "0.30"]


def test_crops_are_read_of_the_scored_holes_alone():
    table = pd.DataFrame(
        {"hole_id": ["h0", "h1"], "rows_px": 2, "cols_px": 2, "size_class": 24, "reduction": 1,
         "hole_px": 1.0, "mean": 0.0, "std": 1.0, "pixels": [b"abcd", b"efgh"]}
    )  # fmt: skip
    crops = BySession([Part("s", "k", partial(lambda t: t, table))])

    cut_out, values, selected = crops_of_scored(crops, scores(["rejected", "selected"], [0.4, 0.6]).iloc[1:])

    assert [crop.tobytes() for crop in cut_out.pixels] == [b"efgh"]
    assert values.tolist() == [0.6] and selected.tolist() == [True]
