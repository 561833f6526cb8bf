import numpy as np
import pytest
from tests.squares.drawing import draw_grid

from ptolemy_kedro.squares.crop_table import crop_table, crops_of
from ptolemy_kedro.squares.crops import CropOptions, cut_crops
from ptolemy_kedro.squares.rectangles import edges_of
from ptolemy_kedro.squares.segmentation import find_squares
from ptolemy_kedro.stored_crops import (
    LEVELS_PER_SD,
    MIDDLE,
    SIZE_CLASSES,
    from_arrow,
    standardised,
    to_arrow,
)
from ptolemy_kedro.tables import SquareCrops, validate


@pytest.fixture(scope="module")
def grid():
    image, _ = draw_grid(edge=50, angle_deg=30)
    squares = find_squares(image)
    return image, squares, cut_crops(image, squares, CropOptions(margin=0.2))


def test_crops_are_upright_whatever_the_squares_rotation(grid):
    image, squares, crops = grid
    inner = np.minimum(squares.centres, np.array(image.shape) - squares.centres).min(axis=1) > 60

    assert inner.any()
    for crop, with_rim in zip(crops.pixels, inner, strict=True):
        if with_rim:
            inside = crop > MIDDLE - 4 * LEVELS_PER_SD
            rows, cols = inside.any(axis=1).sum(), inside.any(axis=0).sum()
            assert inside.sum() > 0.93 * rows * cols, "an upright square fills its bounding box"


def test_crops_keep_the_images_pixel_size(grid):
    _, squares, crops = grid

    expected = edges_of(squares.corners).mean(axis=1) * 1.4
    assert crops.shapes.mean(axis=1) == pytest.approx(expected, abs=1)
    assert (crops.reduction == 1).all()


def test_each_takes_the_least_size_class_that_holds_it(grid):
    *_, crops = grid

    for side, size_class in zip(crops.shapes.max(axis=1), crops.size_class, strict=True):
        assert size_class == min(s for s in SIZE_CLASSES if s >= side)


def test_levels_are_standard_deviations_of_the_tiles_masked_pixels():
    image, _ = draw_grid(edge=60)
    image += np.random.default_rng(0).normal(0, 10, image.shape)
    squares = find_squares(image)

    crops = cut_crops(image, squares)

    inside = image[squares.mask > 0]
    assert crops.mean == pytest.approx(inside.mean())
    assert crops.std == pytest.approx(inside.std())


def test_interpolation_is_finer_than_a_pixel():
    row, col = np.indices((200, 200)).astype(float)
    bump = 100 * np.exp(-((row - 100.3) ** 2 + (col - 99.6) ** 2) / (2 * 30**2)) ** 4
    image = np.where(np.maximum(abs(row - 100.3), abs(col - 99.6)) < 50, 100 + bump, 5)
    squares = find_squares(image)[:1]

    (crop,) = cut_crops(image, squares).pixels

    peak = np.unravel_index(crop.argmax(), crop.shape)
    centre = (np.array(crop.shape) - 1) / 2
    # The square's own centre lies within a pixel of the bump's.
    assert np.abs(np.array(peak) - centre).max() <= 2


def test_a_square_larger_than_the_largest_class_is_reduced_to_it():
    image, middles = draw_grid((1000, 1000), edge=600, angle_deg=10)
    assert len(middles)

    crops = cut_crops(image, find_squares(image))

    assert crops.shapes.max() <= SIZE_CLASSES[-1]
    assert crops.reduction.max() == 3  # 600 * 1.16 px into 256


def test_batches_do_not_depend_on_the_pixel_size():
    batches = []
    for scale in (1, 2):
        image, _ = draw_grid((300 * scale, 300 * scale), edge=40 * scale, angle_deg=10)
        squares = find_squares(image)
        whole = squares[~squares.cut]
        batches.append(standardised(cut_crops(image, whole).frames(48)))

    one, other = (np.median((batch > -1).mean(axis=(1, 2, 3))) for batch in batches)
    assert one == pytest.approx(other, rel=0.1)


def test_the_published_batch_keeps_pixels_and_pads_with_the_mean(grid):
    *_, crops = grid

    batch = standardised(crops.frames(240, rescale=False))

    assert batch.shape == (len(crops), 1, 240, 240)
    assert (batch[:, 0, 0, 0] == 0).all()
    largest = crops.shapes[0]
    assert np.count_nonzero(batch[0]) <= largest.prod()


def test_crops_survive_their_table_and_its_size_classes(grid):
    *_, crops = grid
    ids = [f"s{i}" for i in range(len(crops))]

    table = validate(SquareCrops, crop_table("a", ids, crops), "crops")
    stored = to_arrow(table)
    back = from_arrow(stored).set_index("square_id").loc[ids].reset_index()

    for side, part in stored.items():
        assert part.schema.field("pixels").type.byte_width == side * side
    for one, other in zip(crops.pixels, crops_of(back).pixels, strict=True):
        assert (one == other).all()


def test_no_squares_give_no_crops():
    image = np.zeros((50, 50))
    crops = cut_crops(image, find_squares(image))

    assert len(crops) == 0
    assert crops.frames(60).shape == (0, 1, 60, 60)
    assert len(validate(SquareCrops, crop_table("a", [], crops), "crops")) == 0
