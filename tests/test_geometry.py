"""Pixels to stage and back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ptolemy_kedro.geometry import StageMap

angles = st.floats(-180, 180)
sizes = st.floats(10, 6000)


@given(angle=angles, size=sizes, row=st.floats(-1e4, 1e4), col=st.floats(-1e4, 1e4))
def test_back_and_forth_is_the_identity(angle, size, row, col):
    stage_map = StageMap.centred((1024, 1440), size, (30.0, -400.0), angle)

    back = stage_map.to_pixels(stage_map.to_stage(np.array([[row, col]])))

    np.testing.assert_allclose(back, [[row, col]], atol=1e-4)


@given(angle=angles, size=sizes)
def test_the_centre_is_where_it_was_said_and_a_pixel_has_its_size(angle, size):
    stage_map = StageMap.centred((101, 201), size, (3.0, -4.0), angle)

    at = stage_map.to_stage(np.array([[50.0, 100.0], [51.0, 100.0]]))

    np.testing.assert_allclose(at[0], [3.0, -4.0], atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(at[1] - at[0]), size * 1e-4, rtol=1e-6)
