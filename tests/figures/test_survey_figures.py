import numpy as np
import pytest
from tests.survey import scene

from ptolemy_kedro.figures.survey import DPI, gallery, holes_over, outlines_over
from ptolemy_kedro.holes.found import FoundHoles

CORNERS = np.array([(4, 4), (4, 54), (54, 54), (54, 4)], float) + np.array([0, 56])[:, None, None]


def test_an_image_is_shown_dot_by_dot():
    figure = outlines_over(np.eye(120, 200), CORNERS, np.array([0.0, 1.0]), [1, 2], "a tile")

    axes = figure.axes[0]
    box = axes.get_position()
    width, height = figure.get_size_inches() * DPI
    assert (box.width * width, box.height * height) == pytest.approx((200, 120))


def test_squares_are_outlined_where_they_are_blue_the_best_red_the_worst():
    figure = outlines_over(np.eye(120, 200), CORNERS, np.array([0.0, 1.0]), [1, 2])

    (outlines,) = figure.axes[0].collections
    for path, corners in zip(outlines.get_paths(), CORNERS, strict=True):
        np.testing.assert_allclose(path.vertices[:4], corners[:, ::-1])
    best, worst = outlines.get_edgecolors()[:, :3]
    assert best[2] > best[0] and worst[0] > worst[2]


def test_large_squares_carry_their_rank_small_ones_do_not():
    texts = [
        [
            text.get_text()
            for text in outlines_over(np.eye(120), corners, np.array([0.0, 1.0]), [7, 8]).axes[0].texts
        ]
        for corners in (CORNERS, CORNERS / 5)
    ]

    assert texts == [["7", "8"], []]


def test_dots_mark_squares_whose_holes_are_judged():
    figure = outlines_over(np.eye(120), CORNERS, np.zeros(2), [1, 2], dots=np.array([False, True]))

    np.testing.assert_allclose(figure.axes[0].collections[1].get_offsets(), [[85, 85]])


@pytest.mark.parametrize("none", ["squares", "holes"])
def test_nothing_found_is_the_plain_image(none):
    if none == "squares":
        figure = outlines_over(np.eye(50), np.zeros((0, 4, 2)), np.zeros(0), [])
    else:
        figure = holes_over(np.eye(50), FoundHoles(), np.zeros(0), "m1")

    figure.canvas.draw()
    assert len(figure.axes[0].images) == 1


def test_holes_are_counted_in_the_caption():
    ranked = scene.hole_finder(scene.pixels("m1"), None, None)
    figure = holes_over(scene.pixels("m1"), ranked.found, ranked.scores, "m1")

    assert figure.texts[0].get_text() == f"m1: {len(ranked)} holes"


def test_a_gallery_shows_crops_with_rank_and_score_in_one_range():
    crops = [np.full((8, 8), value, float) for value in (10, 20, 30)]
    figure = gallery(crops, np.array([0.9, 0.5, 0.25]), [1, 5, 9], columns=2)

    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == ["1: 0.90", "5: 0.50", "9: 0.25"]
    assert len({axes.images[0].get_clim() for axes in shown}) == 1
