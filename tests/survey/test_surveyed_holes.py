import numpy as np
from tests.survey import scene

from ptolemy_kedro import tables
from ptolemy_kedro.survey import holes
from ptolemy_kedro.survey.newcomer import meet
from ptolemy_kedro.survey.options import SurveyOptions


def true_holes(name: str) -> np.ndarray:
    """World positions of the holes whose middle an image shows well inside."""
    _, shape, size_um, centre = scene.VIEWS[name]
    half = (np.array(shape[::-1]) * size_um) / 2 - 0.1
    steps = np.arange(-10, 11) * scene.SPACING_UM
    around = np.round(centre / scene.SPACING_UM) * scene.SPACING_UM
    points = np.array([(x, y) for x in steps for y in steps]) + around
    return points[(abs(points - centre) < half).all(axis=1)]


def test_the_table_keeps_its_schema(found):
    tables.validate(tables.TargetHoles, found, "holes")


def test_a_hole_seen_in_two_images_is_one(found):
    both = {tuple(point) for name in ("m1", "m2") for point in np.round(true_holes(name), 6)}
    shared = len(true_holes("m1")) + len(true_holes("m2")) - len(both)

    middle = found[found["score"] > 0]
    assert shared > 0
    assert (middle.groupby("physical_id").size() == 2).sum() >= shared
    places = found.loc[found["stands"], ["stage_x_um", "stage_y_um"]].to_numpy(float)
    assert np.linalg.norm(places[:, None] - places[None], axis=2)[np.triu_indices(len(places), 1)].min() > 1.0


def test_each_hole_lies_on_the_third_square_at_its_place_on_the_stage(found, squares):
    stand = squares[squares["stands"]]
    places = stand[["stage_x_um", "stage_y_um"]].to_numpy(float)
    third = stand["physical_id"].iloc[
        np.linalg.norm(places - scene.world_to_stage(scene.THIRD), axis=1).argmin()
    ]

    assert set(found["square_id"]) == {third}
    wanted = scene.world_to_stage(np.vstack([true_holes("m1"), true_holes("m2")]))
    inside = found[found["stands"]]
    distance = np.linalg.norm(
        wanted[:, None] - inside[["stage_x_um", "stage_y_um"]].to_numpy(float)[None], axis=2
    ).min(axis=1)
    assert distance.max() < 0.1


def test_each_hole_has_its_place_on_the_atlas(found):
    _, shape, size_um, centre = scene.VIEWS["atlas"]
    atlas = scene.place(shape, size_um, centre)

    points = found[["atlas_row_px", "atlas_col_px"]].to_numpy(float)
    np.testing.assert_allclose(atlas.to_stage(points), found[["stage_x_um", "stage_y_um"]].to_numpy(float))
    assert set(found["atlas_image"]) == {"atlas"}


def test_holes_without_a_stage_position_stand_alone_on_no_square(tmp_path, squares, without_networks):
    newcomer = meet(scene.write_archive(tmp_path / "s", placed=False), SurveyOptions())

    found = holes.survey_holes(newcomer, squares, SurveyOptions(), None, None)

    assert len(found) and found["stands"].all()
    assert found["square_id"].isna().all() and found["atlas_image"].isna().all()
    tables.validate(tables.TargetHoles, found, "holes")


def test_the_foil_of_the_session_is_told_before_the_options(newcomer, squares, monkeypatch):
    told = []

    def finder(image, localiser, classifier, *known):
        told.append(known)
        return scene.hole_finder(image, localiser, classifier)

    scene.without_networks(monkeypatch, holes, finder)
    holes.survey_holes(newcomer, squares, SurveyOptions(spacing_um=9.0, diameter_um=1.2), None, None)

    assert told == [(400.0, scene.SPACING_UM, 1.2)] * 2


def test_images_without_holes_leave_an_empty_table(newcomer, squares, monkeypatch):
    scene.without_networks(monkeypatch, holes, lambda image, *_: scene.hole_finder(image * 0, None, None))

    found = holes.survey_holes(newcomer, squares, SurveyOptions(), None, None)

    assert len(found) == 0
    tables.validate(tables.TargetHoles, found, "holes")
