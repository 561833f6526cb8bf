import numpy as np
import pytest
from tests.holes.fields import draw_field, holes_at

from ptolemy_kedro.holes.crop_table import hole_crop_table, hole_crops_of
from ptolemy_kedro.holes.crops import HoleCropOptions, crop_radii, cut_hole_crops, lattice_turns
from ptolemy_kedro.stored_crops import LEVELS_PER_SD, MIDDLE, from_arrow, to_arrow
from ptolemy_kedro.tables import HoleCrops, validate


@pytest.mark.parametrize("angle_deg", [-44.0, -20.0, 0.0, 31.0, 44.0])
def test_the_turn_of_a_lattice_is_found_up_to_45_degrees(angle_deg):
    _, found, _ = draw_field(angle_deg=angle_deg)

    assert np.rad2deg(lattice_turns(found)) == pytest.approx(angle_deg)


@pytest.mark.parametrize("steps_px", [(50, 35), (35, 50), (50, 45), (30, 90)])
@pytest.mark.parametrize("angle_deg", [-44.0, -20.0, 0.0, 44.0])
def test_a_lattice_of_unequal_steps_turns_no_further(steps_px, angle_deg):
    along, across = steps_px
    turn = np.deg2rad(angle_deg)
    basis = [[along * np.sin(turn), along * np.cos(turn)], [across * np.cos(turn), -across * np.sin(turn)]]
    found = holes_at([[50.0, 50.0]], 10, np.array([[0, 0]]), np.array(basis))

    assert np.rad2deg(lattice_turns(found)) == pytest.approx(angle_deg)


@pytest.mark.parametrize(("angle_deg", "expected"), [(0.0, 0.0), (29.0, 29.0), (31.0, -29.0), (60.0, 0.0)])
def test_a_hexagonal_lattice_turns_by_30_degrees_at_most(angle_deg, expected):
    angles = np.deg2rad([angle_deg, angle_deg + 60])
    found = holes_at(
        [[50.0, 50.0]], 10, np.array([[0, 0]]), 40 * np.stack([np.sin(angles), np.cos(angles)], 1)
    )

    assert np.rad2deg(lattice_turns(found)) == pytest.approx(expected, abs=1e-9)


def test_crops_are_upright_so_that_neighbours_lie_along_the_rows_and_columns():
    image, found, _ = draw_field(radius=10, spacing=40, angle_deg=27, depth=lambda k: 0.1)
    middle = np.abs(found.centres - [150, 200]).sum(axis=1).argmin()

    crop = cut_hole_crops(image, found, HoleCropOptions(reach=4)).pixels[middle].astype(float)

    # Four radii reach the middles of the neighbours at the spacing: bright at the middle of each edge ..
    edges = [crop[2, 40], crop[-3, 40], crop[40, 2], crop[40, -3]]
    corners = [crop[18, 18], crop[18, -19], crop[-19, 18], crop[-19, -19]]
    assert min(edges) > max(corners) + LEVELS_PER_SD  # .. and foil between them


def test_a_crop_has_the_pixels_of_its_image_and_the_hole_in_its_middle():
    image, found, _ = draw_field(radius=12, angle_deg=0)

    crops = cut_hole_crops(image, found, HoleCropOptions(reach=2))

    assert (crops.shapes == 48).all()  # 2 x 2 x 12
    assert (crops.hole_px == 12).all() and (crops.reduction == 1).all()
    assert (crops.size_class == 48).all()


def test_stored_levels_give_the_intensities_back():
    image, found, depth = draw_field(radius=12, angle_deg=0)
    crops = cut_hole_crops(image, found)
    whole = np.flatnonzero(
        (np.minimum(found.centres, np.array(image.shape) - found.centres) > 30).all(axis=1)
    )

    for k in whole[:5]:
        level = crops.pixels[k][20:28, 20:28].astype(float).mean()
        intensity = (level - MIDDLE) / LEVELS_PER_SD * crops.std[k] + crops.mean[k]
        assert intensity == pytest.approx(1000 * np.exp(-depth[k]), rel=0.03)


def test_large_holes_are_cut_from_the_reduced_image():
    image, found, _ = draw_field(shape=(900, 900), radius=100, spacing=420)

    crops = cut_hole_crops(image, found, HoleCropOptions(reach=2, largest_px=256))

    assert (crops.reduction == 2).all()  # 400 px into 256
    assert (crops.shapes == 200).all() and (crops.hole_px == 50).all()


def test_what_lies_outside_the_image_takes_the_mean():
    image, _, _ = draw_field()

    crop = cut_hole_crops(image, holes_at([[0.0, 200.0]], 10)).pixels[0]

    assert (crop[:15] == MIDDLE).all() and not (crop[25:] == MIDDLE).all()


def test_a_hole_outside_the_image_is_all_mean():
    assert (cut_hole_crops(np.ones((50, 50)), holes_at([[500.0, 500.0]], 10)).pixels[0] == MIDDLE).all()


def test_holes_of_one_lattice_are_cut_alike_whatever_their_own_radius():
    _, found, _ = draw_field()
    found.radius_px[::2] *= 1.2

    assert len(set(crop_radii(found))) == 1


def test_no_hole_gives_no_crop():
    crops = cut_hole_crops(np.ones((50, 50)), holes_at(np.zeros((0, 2)), 1))

    assert len(crops) == 0 and crops.frames(32).shape == (0, 1, 32, 32)


def test_frames_are_of_one_size_and_hold_the_holes_at_one_scale():
    for radius, spacing in ((5, 20), (9, 36), (30, 120)):
        image, found, _ = draw_field(radius=radius, spacing=spacing, angle_deg=0, depth=lambda k: 0.0)
        near = np.abs(found.centres - [150, 200]).sum(axis=1).argmin()
        frame = cut_hole_crops(image, found).frames(32)[near, 0].astype(float)
        bright = (frame > (frame.max() + frame.min()) / 2).mean()
        assert bright == pytest.approx(np.pi / 16, rel=0.15)  # a disc of a quarter of the frame's side


def test_frames_that_keep_their_pixels_are_padded_with_the_mean():
    image, found, _ = draw_field(radius=5, spacing=20)

    frames = cut_hole_crops(image, found).frames(32, rescale=False)

    assert (frames[:, 0, :6] == MIDDLE).all() and (frames[:, 0, :, -6:] == MIDDLE).all()


def test_limited_crops_are_averaged_in_blocks():
    image, found, _ = draw_field(radius=20, spacing=80)
    crops = cut_hole_crops(image, found)

    small = crops.limited(32)

    assert (small.shapes == 26).all() and (small.reduction == 3).all()  # 80 px in blocks of 3
    assert small.hole_px == pytest.approx(20 / 3)
    assert small.pixels[0][0, 0] == pytest.approx(crops.pixels[0][:3, :3].mean(), abs=0.6)


def test_crops_come_back_from_their_table_through_arrow():
    image, found, _ = draw_field()
    crops = cut_hole_crops(image, found)
    ids = [f"h{k:03}" for k in range(len(crops))]

    table = validate(HoleCrops, hole_crop_table("s1", ids, crops), "hole crops")
    back = hole_crops_of(from_arrow(to_arrow(table)).sort_values("hole_id"))

    assert all((a == b).all() for a, b in zip(back.pixels, crops.pixels, strict=True))
    assert (back.hole_px == crops.hole_px).all()
