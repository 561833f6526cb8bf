from dataclasses import replace

import numpy as np
import pytest

from ptolemy_kedro.squares.context import CONTEXTS, Sightings, describe_context, flattened


def raster(rows: int = 12, cols: int = 12, pitch: float = 100.0, images: int = 1) -> Sightings:
    """Squares in a raster, all seen whole in each image."""
    place = np.stack(np.meshgrid(np.arange(rows), np.arange(cols), indexing="ij"), -1).reshape(-1, 2) * pitch
    n = len(place)
    depth = np.random.default_rng(0).normal(0.5, 0.1, n)
    every = np.tile(place, (images, 1))
    return Sightings(
        np.repeat(np.arange(images), n),
        np.tile(np.arange(n), images),
        every,
        np.ones(n * images),
        every,
        np.full(n * images, 70.0),
        np.full(n * images, 65.0),
        np.zeros(n * images, bool),
        np.tile(depth, images),
        np.tile(depth, images) - 0.2,
    )


def test_nothing_counts_on_a_pixel_size():
    seen = raster()
    larger = replace(
        seen,
        place=seen.place * 3,
        in_image_px=seen.in_image_px * 3,
        edge_px=seen.edge_px * 3,
        lit_px=seen.lit_px * 3,
    )

    for name, values in describe_context(seen).items():
        np.testing.assert_allclose(describe_context(larger)[name], values, atol=1e-9, err_msg=name)


def test_a_square_has_one_context_in_all_images_that_show_it():
    context = describe_context(raster(images=3))

    for name in CONTEXTS:
        of_square = context[name].reshape(3, -1)
        np.testing.assert_allclose(of_square, of_square[:1].repeat(3, axis=0), atol=1e-9, err_msg=name)


def test_the_thickest_square_ranks_last_and_lies_furthest_off():
    seen = raster()
    context = describe_context(seen)

    assert context["grid_rank"].argmax() == seen.depth.argmax()
    assert context["grid_off"].argmax() == seen.depth.argmax()


def test_a_square_in_the_middle_has_eight_neighbours_and_one_in_a_corner_three():
    neighbours = 8 * describe_context(raster())["grid_neighbours"].reshape(12, 12)

    assert neighbours[5, 5] == 8
    assert neighbours[0, 0] == 3


def test_the_rim_is_far_from_the_middle_where_the_whole_grid_was_seen_and_unknown_else():
    rim = describe_context(raster())["grid_rim"].reshape(12, 12)

    assert rim[0, 6] == pytest.approx(1, rel=0.1)
    assert rim[0, 0] > rim[0, 6] > rim[5, 5]
    assert not describe_context(raster(5, 5))["grid_rim"].any()


def test_a_ramp_of_light_that_all_images_share_is_taken_off():
    flat = raster(images=4)
    rng = np.random.default_rng(1)
    depth = rng.normal(0.5, 0.05, len(flat.depth))
    ramp = 0.3 * flat.in_image_px[:, 0] / 1100

    evened = flattened(flat, depth + ramp)

    left = np.polyfit(flat.in_image_px[:, 0], evened, 1)[0] * 1100
    assert abs(left) < 0.03


def test_one_image_keeps_its_slope_for_it_may_be_ice():
    seen = raster()
    np.testing.assert_array_equal(flattened(seen, seen.depth), seen.depth)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_squares_have_a_finite_context(count):
    seen = raster()
    few = Sightings(*(getattr(seen, name)[:count] for name in seen.__dataclass_fields__))

    context = describe_context(few)

    assert all(values.shape == (count,) and np.isfinite(values).all() for values in context.values())
