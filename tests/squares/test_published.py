import numpy as np
from tests.squares.drawing import draw_grid, found

from ptolemy_kedro.squares.published import crop_as_published, find_squares_as_published


def test_finds_the_squares_of_a_plain_tile_at_one_rotation():
    image, middles = draw_grid(edge=60, angle_deg=25)

    squares = find_squares_as_published(image)

    assert found(squares, middles, 4).all()
    assert abs(squares.angle_deg - 25) <= 2


def test_drops_what_is_under_a_hundred_pixels():
    image = np.full((100, 100), 10.0)
    image[20:28, 20:28] = 100
    image[50:80, 50:80] = 100

    squares = find_squares_as_published(image)

    assert len(squares) == 1


def test_crops_are_240_px_and_normalised_by_the_masked_pixels():
    image, _ = draw_grid(edge=60)
    image += np.random.default_rng(0).normal(0, 8, image.shape)
    squares = find_squares_as_published(image)

    crops = crop_as_published(image, squares)

    assert crops.shape == (len(squares), 1, 240, 240)
    assert abs(crops[:, :, 110:130, 110:130].mean()) < 0.5


def test_an_empty_image_gives_none():
    assert len(find_squares_as_published(np.zeros((50, 50)))) == 0
