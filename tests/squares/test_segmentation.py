import numpy as np
import pytest
from scipy import ndimage
from tests.squares.drawing import draw_grid, found

from ptolemy_kedro.errors import ImageError
from ptolemy_kedro.squares.segmentation import SegmentOptions, find_squares


@pytest.mark.parametrize(("edge", "side"), [(6, 120), (12, 200), (40, 400), (100, 600), (300, 1000)])
def test_finds_every_whole_square_at_any_size(edge, side):
    image, middles = draw_grid((side, side), edge)

    squares = find_squares(image)

    assert len(middles) >= 1
    assert found(squares, middles, 0.1 * edge).all()
    assert squares.edge_px == pytest.approx(edge, rel=0.25)
    assert (~squares.cut).sum() == len(middles)


@pytest.mark.parametrize("angle_deg", [0.0, 17.0, 45.0, 80.0])
def test_rectangles_have_the_grids_rotation_and_size(angle_deg):
    image, _ = draw_grid((500, 500), 60, angle_deg=angle_deg)

    squares = find_squares(image)
    whole = squares[~squares.cut]

    away = np.abs((whole.angle_deg - angle_deg + 45) % 90 - 45)
    assert away.max() <= 3
    assert whole.area_px == pytest.approx(60**2, rel=0.15)
    assert whole.brightness == pytest.approx(150, rel=0.1)


def test_corners_run_clockwise_on_the_screen_from_the_uppermost():
    squares = find_squares(draw_grid()[0])

    row, col = np.moveaxis(squares.corners, 2, 0)
    shoelace = (col * np.roll(row, -1, axis=1) - np.roll(col, -1, axis=1) * row).sum(axis=1) / 2
    assert (row[:, :1] <= row + 1e-6).all()
    assert shoelace == pytest.approx(squares.area_px)  # positive: clockwise where rows point down


def test_an_illumination_ramp_hides_nothing():
    image, middles = draw_grid()
    ramp = np.linspace(1, 0.2, image.shape[1], dtype=np.float32)

    assert found(find_squares(image * ramp), middles, 4).all()


def test_ice_over_half_hides_nothing():
    image, middles = draw_grid()
    image[200:] *= 0.25

    crossed = np.abs(middles[:, 0] - 200) < 30
    squares = find_squares(image)
    assert found(squares, middles[~crossed], 4).all()
    assert found(squares, middles[crossed], 13).all()


def test_few_counts_hide_nothing():
    image, middles = draw_grid()
    counts = np.random.default_rng(3).poisson(image / 20)

    assert found(find_squares(counts), middles, 5).all()


@pytest.mark.parametrize(
    "change", [lambda a: a - 5000, lambda a: a * 1e-6, lambda a: (a * 100).astype(np.uint16)]
)
def test_the_scale_of_intensities_does_not_matter(change):
    image, _ = draw_grid()

    expected, squares = find_squares(image), find_squares(change(image))

    assert squares.centres == pytest.approx(expected.centres, abs=1)


def test_holes_in_the_bars_are_no_squares_and_join_none():
    image, middles = draw_grid(edge=60, angle_deg=0)
    row, col = np.indices(image.shape)
    holes = np.hypot(row % 12 - 6, col % 12 - 6) < 3
    image = np.where(image < 50, np.where(holes, 120, 50), image).astype(np.float32)

    squares = find_squares(image)

    assert found(squares, middles, 6).all()
    assert (~squares.cut).sum() == len(middles)


def test_a_crack_does_not_make_two_squares_of_one():
    image, middles = draw_grid(edge=60, angle_deg=0)
    row, col = middles[0].round().astype(int)
    image[row - 35 : row + 36, col - 5 : col - 1] = 10

    squares = find_squares(image)

    near = np.linalg.norm(squares.centres - middles[0], axis=1) < 35
    assert near.sum() == 1
    assert squares.area_px[near] == pytest.approx(60**2, rel=0.2)


def test_a_square_that_shows_only_its_rim_is_found_whole():
    image, middles = draw_grid(edge=60, angle_deg=0)
    row, col = middles[0].round().astype(int)
    image[row - 22 : row + 23, col - 22 : col + 23] = 10

    squares = find_squares(image)

    assert found(squares, middles[:1], 6).all()
    number = squares.mask[row, col]
    assert number > 0, "the mask covers the dark middle"


def test_a_torn_square_keeps_its_torn_part():
    image, middles = draw_grid(edge=60, angle_deg=0)
    row, col = middles[0].round().astype(int)
    image[row - 25 : row + 5, col - 20 : col + 20] = 300

    squares = find_squares(image)

    nearest = np.linalg.norm(squares.centres - middles[0], axis=1).argmin()
    assert squares.area_px[nearest] == pytest.approx(60**2, rel=0.2)


def test_nothing_is_found_outside_the_grid():
    image, middles = draw_grid((600, 600), 30)
    row, col = np.indices(image.shape) - 299.5
    outside = np.hypot(row, col) > 220
    image = np.where(outside, 5, image) + np.random.default_rng(2).normal(0, 2, image.shape)

    squares = find_squares(image)

    assert np.hypot(*(squares.centres - 299.5).T).max() < 240
    whole = np.hypot(*(middles - 299.5).T) < 195
    assert found(squares, middles[whole], 4).all()


def test_black_padding_of_a_montage_is_no_matter():
    image, middles = draw_grid((400, 400), 30)
    padded = np.zeros((600, 500), np.float32)
    padded[100:500, 50:450] = image

    assert found(find_squares(padded), middles + np.array([100, 50]), 4).all()


def test_the_mask_numbers_each_square():
    squares = find_squares(draw_grid()[0])

    centres = np.array(ndimage.center_of_mass(squares.mask > 0, squares.mask, squares.numbers))
    whole = ~squares.cut
    assert np.linalg.norm(centres - squares.centres, axis=1)[whole].max() < 2
    assert set(np.unique(squares.mask)) == {0, *squares.numbers}


def test_squares_can_be_taken_by_a_mask_and_in_another_order():
    squares = find_squares(draw_grid()[0])

    backwards = squares[::-1]

    assert len(squares[squares.cut]) == squares.cut.sum()
    assert backwards.centres.tolist() == squares.centres[::-1].tolist()
    assert len(squares[0]) == 1


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 64)),
        np.full((64, 64), 255, np.uint8),
        np.zeros((1, 500)),
        np.zeros((3, 3)),
        np.arange(500.0)[None],
        np.random.default_rng(0).normal(0, 1, (7, 900)),
    ],
)
def test_where_there_is_nothing_nothing_is_found(image):
    squares = find_squares(image)

    assert len(squares) == 0
    assert squares.mask.shape == image.shape


@pytest.mark.parametrize("shape", [(8, 8), (9, 300), (63, 65), (257, 100)])
@pytest.mark.parametrize("kind", ["noise", "step", "spot", "huge"])
def test_no_image_is_an_exception(shape, kind):
    rng = np.random.default_rng(5)
    image = rng.normal(0, 1, shape)
    if kind == "step":
        image = np.where(np.arange(shape[1]) > shape[1] // 2, 100.0, 0.0) + np.zeros(shape)
    if kind == "spot":
        image = np.zeros(shape)
        image[2:5, 2:5] = 1e9
    if kind == "huge":
        image = image * 1e30

    assert np.isfinite(find_squares(image).corners).all()


def test_pixels_that_are_no_number_count_as_dark():
    image, middles = draw_grid()
    image[:, 195:200] = np.nan
    image[5] = np.inf

    clear = np.abs(middles[:, 1] - 197) > 40
    assert found(find_squares(image), middles[clear], 4).all()


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.full((20, 20), np.nan), "no finite pixel"),
        (np.zeros((4, 20, 20)), "single plane"),
        (np.zeros((0, 20)), "single plane"),
        (np.zeros((20, 20), complex), "real numbers"),
    ],
)
def test_what_is_no_image_is_one_clear_line(image, words):
    with pytest.raises(ImageError, match=words):
        find_squares(image)


@pytest.mark.parametrize("field", ["min_contrast", "min_edge", "min_fill"])
def test_options_of_the_wrong_kind_are_refused(field):
    for wrong in ("high", -1):
        with pytest.raises(ValueError, match=field):
            SegmentOptions(**{field: wrong})
