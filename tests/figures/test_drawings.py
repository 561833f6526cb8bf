import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro.figures.gallery import crops_by_score
from ptolemy_kedro.figures.mixture import mixture_and_mask
from ptolemy_kedro.figures.ranking import training_curve
from ptolemy_kedro.figures.tile import tile_overlay
from ptolemy_kedro.squares.crops import cut_crops
from ptolemy_kedro.squares.segmentation import find_squares


@pytest.fixture(scope="module")
def tile():
    """Nine bright squares of 30 px on dark bars."""
    rng = np.random.default_rng(3)
    edge = np.arange(180) % 60
    open_at = (edge >= 15) & (edge < 45)
    image = rng.poisson(np.where(np.outer(open_at, open_at), 150.0, 8.0))
    return image, find_squares(image)


def test_each_square_is_outlined_once_and_the_best_is_the_bluest(tile):
    image, squares = tile
    scores = np.linspace(0.1, 0.9, len(squares))

    axes = tile_overlay(image, squares, scores, "a model").axes[0]
    colours = axes.collections[0].get_edgecolors()

    assert len(squares) == 9 and len(colours) == 9
    assert {text.get_text() for text in axes.texts} == {f"{score:.2f}" for score in scores}
    assert colours[-1][2] > colours[-1][0]  # best: more blue than red
    assert colours[0][0] > colours[0][2]  # worst: more red than blue


def test_scores_are_left_out_where_they_would_hide_the_squares(tile):
    _, squares = tile
    atlas = np.zeros((1800, 1800))  # the same squares, a tenth of the size on the page

    axes = tile_overlay(atlas, squares, np.linspace(0, 1, 9)).axes[0]

    assert len(axes.collections[0].get_edgecolors()) == 9
    assert not axes.texts


def test_a_tile_without_squares_is_still_drawn(tile):
    image, squares = tile

    figure = tile_overlay(image, squares[np.zeros(9, bool)], np.zeros(0))

    assert figure.axes[0].get_title().startswith("0 squares")


def test_the_mixture_shows_both_means_and_the_threshold_between_them(tile):
    histogram = mixture_and_mask(*tile).axes[0]
    dark, bright, threshold = (line.get_xdata()[0] for line in histogram.lines)

    assert dark < threshold < bright


def test_the_gallery_goes_from_the_best_to_the_worst_and_frames_the_selected(tile):
    image, squares = tile
    scores = np.arange(9) / 10
    figure = crops_by_score(cut_crops(image, squares), scores, scores > 0.65)
    shown = [axes for axes in figure.axes if axes.images]

    assert [axes.get_title() for axes in shown] == [f"{score:.2f}" for score in scores[::-1]]
    assert [axes.axison for axes in shown] == [True, True] + [False] * 7


@pytest.mark.parametrize(("losses", "said"), [([0.9, 0.7, 0.6], True), ([0.9, 0.6, 0.7], False)])
def test_a_training_that_was_cut_short_is_called_so(losses, said):
    curve = pd.DataFrame({"epoch": [0, 1, 2], "training_loss": losses, "validation_loss": losses})

    assert ("UNDER-TRAINED" in training_curve(curve).axes[0].get_title()) == said
