"""EPU's pixels, maps and shifts become ours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptolemy_kedro.archive.epu.epu_session import Preset
from ptolemy_kedro.archive.epu.geometry import centred_map, fit_map, followed_by, step_matrix, to_stored
from ptolemy_kedro.archive.epu.shifts import beam_shift_um, beam_unit, image_shift_um
from ptolemy_kedro.archive.epu.xml import parse_xml
from ptolemy_kedro.errors import VendorFileError
from ptolemy_kedro.geometry import StageMap

numbers = st.floats(-1, 1)


@given(numbers, numbers, numbers, numbers, numbers, numbers)
def test_a_map_is_recovered_from_points_whatever_it_turns_mirrors_or_shears(a, b, c, d, x, y):
    matrix = np.array([[a, b], [c, d]])
    if abs(np.linalg.det(matrix)) < 1e-3:
        return
    truth = StageMap(matrix, np.array([x, y]))
    points = np.array([[0.0, 0], [100, 3], [7, 90], [60, 60]])
    fitted, rms = fit_map(points, truth.to_stage(points))
    np.testing.assert_allclose(fitted.matrix, matrix, atol=1e-9)
    np.testing.assert_allclose(fitted.offset, [x, y], atol=1e-7)
    assert rms < 1e-7


@pytest.mark.parametrize("points", [[[0, 0], [1, 1]], [[0, 0], [10, 10], [20, 20], [30, 30.1]], [[5, 5]] * 6])
def test_few_points_or_points_on_a_line_fit_no_map(points):
    points = np.array(points, dtype=float)
    assert fit_map(points, points) is None


def test_the_corners_of_the_readout_are_the_corners_of_what_is_stored():
    corners = np.array([[0.0, 0.0], [2880.0, 2046.0]])
    np.testing.assert_allclose(to_stored(corners, (2046, 2880), (364, 512)), [[-0.5, -0.5], [363.5, 511.5]])


def test_the_stage_runs_against_the_transformation_of_an_image_in_its_pixel_size():
    step = step_matrix(np.array([[2e-9, 0.0], [0.0, -2e-9]]), pixel_size_a=40.0)
    np.testing.assert_allclose(step, [[-4e-3, 0.0], [0.0, 4e-3]])
    assert step_matrix(np.zeros((2, 2)), 40.0) is None


def test_the_middle_of_an_image_lies_where_the_stage_stood():
    step = np.array([[1e-3, 2e-4], [-2e-4, 1e-3]])
    for stored in ((100, 200), (25, 50)):
        placed = centred_map(step, (3.0, 4.0), (100, 200), stored)
        middle = (np.array([stored]) - 1) / 2
        np.testing.assert_allclose(placed.to_stage(middle)[0], [3.0, 4.0])


def test_two_maps_after_one_another_are_one():
    first = StageMap(np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([3.0, 4.0]))
    then = StageMap(np.array([[0.0, 1.0], [-1.0, 0.0]]), np.array([1.0, 0.0]))
    points = np.array([[5.0, 6.0]])
    np.testing.assert_allclose(
        followed_by(first, then).to_stage(points), then.to_stage(first.to_stage(points))
    )


def test_a_beam_shift_is_as_long_as_the_presets_say_and_opposite_to_an_image_shift():
    preset = Preset("HM", (1e-3, 0.0), (0.025, 0.0))
    unit = beam_unit([Preset("LM", (1e-3, 0.0), (9.0, 0.0)), Preset("HM", (0.0, 0.0), (0.0, 0.0)), preset])
    assert beam_shift_um((2e-3, 0.0), unit) == pytest.approx((-0.05, 0.0))
    assert beam_shift_um((0.0, 2e-3), unit) == pytest.approx((0.0, 0.05))  # mirrored


def test_a_beam_shift_of_unknown_length_is_unknown_unless_it_is_none():
    assert beam_unit([]) is None
    assert beam_shift_um((1.0, 0.0), None) is None
    assert beam_shift_um((0.0, 0.0), None) == (0.0, 0.0)


def test_an_image_shift_is_what_the_preset_of_the_same_shift_says():
    presets = [Preset("LM", (-0.009, -0.003), (3.8, -13.5))]
    assert image_shift_um((-0.009, -0.003), presets) == (3.8, -13.5)
    assert image_shift_um((-0.009, -0.004), presets) is None


def test_references_are_followed_and_hashed_names_are_known_by_their_beginning():
    root = parse_xml(
        b'<r xmlns:z="z" xmlns:i="i"><D><KeyValuePairOfintX_a1B2><key>5</key><value z:Id="7">five</value>'
        b'</KeyValuePairOfintX_a1B2><KeyValuePairOfintX_a1B2><key>6</key><value z:Ref="7" i:nil="true"/>'
        b'</KeyValuePairOfintX_a1B2><m_comparer/></D><E i:nil="true"/></r>',
        "file.dm",
        "r",
    )
    assert [(key.text, value.text) for key, value in root.entries("D")] == [("5", "five"), ("6", "five")]
    assert root.find("E") is None
    assert root.string("D/Nowhere") is None


def test_elements_nested_without_end_are_refused():
    with pytest.raises(VendorFileError, match="deeper than"):
        parse_xml(b"<r>" * 100_000, "file.dm", "r")


def test_another_kind_of_file_is_refused():
    with pytest.raises(VendorFileError, match=r"^file\.dm holds html, not EpuSessionXml"):
        parse_xml(b"<html></html>", "file.dm", "EpuSessionXml")
