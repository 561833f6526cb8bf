import numpy as np
from tests.survey import scene

from ptolemy_kedro.survey import pictures
from ptolemy_kedro.survey.newcomer import meet
from ptolemy_kedro.survey.options import SurveyOptions


def test_each_tile_atlas_and_medium_image_is_drawn_once(newcomer, squares, found):
    drawn = {
        "atlases": [name for name, _ in pictures.draw_atlases(newcomer, squares, found)],
        "tiles": [name for name, _ in pictures.draw_tiles(newcomer, squares)],
        "holes": [name for name, _ in pictures.draw_holes(newcomer, found)],
    }

    assert drawn == {"atlases": ["atlas"], "tiles": ["left", "right"], "holes": ["m1", "m2"]}


def test_all_squares_have_their_place_on_the_atlas_and_those_with_judged_holes_a_dot(
    newcomer, squares, found
):
    ((_, figure),) = pictures.draw_atlases(newcomer, squares, found)

    outlines, dots = figure.axes[0].collections
    assert len(outlines.get_paths()) == len(scene.SQUARES_UM)
    middles = np.array([path.vertices[:4].mean(axis=0) for path in outlines.get_paths()])
    _, shape, size_um, centre = scene.VIEWS["atlas"]
    points = scene.place(shape, size_um, centre).to_pixels(scene.world_to_stage(scene.SQUARES_UM))
    zoom = figure.axes[0].images[0].get_array().shape[0] / shape[0]
    wanted = ((points + 0.5) * zoom - 0.5)[:, ::-1]
    assert np.linalg.norm(middles[:, None] - wanted[None], axis=2).min(axis=1).max() < 2 * zoom
    assert len(dots.get_offsets()) == 1


def test_the_gallery_shows_the_best_square_first_as_it_looks(newcomer, squares):
    ((name, figure),) = pictures.draw_gallery(newcomer, squares)

    shown = [axes for axes in figure.axes if axes.images]
    assert name == "squares" and len(shown) == len(scene.SQUARES_UM)
    assert shown[0].get_title().startswith("1: ")
    best = squares[(squares["rank"] == 1) & squares["stands"]].iloc[0]
    number = np.linalg.norm(
        scene.world_to_stage(scene.SQUARES_UM) - best[["stage_x_um", "stage_y_um"]].to_numpy(float), axis=1
    ).argmin()
    crop = shown[0].images[0].get_array()
    assert abs(crop[20:-20, 20:-20].mean() - scene.level(number)) < 5


def test_without_squares_there_is_no_gallery(newcomer, squares):
    assert list(pictures.draw_gallery(newcomer, squares[:0])) == []


def test_an_image_without_holes_is_shown_too(newcomer, found):
    drawn = dict(pictures.draw_holes(newcomer, found[:0]))

    assert [figure.texts[0].get_text() for figure in drawn.values()] == ["m1: 0 holes", "m2: 0 holes"]


def test_an_atlas_without_a_stage_map_shows_what_is_seen_in_it(tmp_path, squares, found):
    newcomer = meet(scene.write_archive(tmp_path / "s", placed=False), SurveyOptions())
    seen = squares[squares["image_id"] == "atlas"].assign(stands=True)

    ((_, figure),) = pictures.draw_atlases(newcomer, seen, found)

    assert len(figure.axes[0].collections[0].get_paths()) == len(seen)
