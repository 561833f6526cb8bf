"""From a session's clicks to patches, and from labelled holes to what networks learn from."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from tests.holes.fields import draw_field, image_row
from tests.medium_sessions import write_medium_session

from ptolemy_kedro import archive, tables
from ptolemy_kedro.errors import TableError
from ptolemy_kedro.holes.context import DESCRIPTORS, describe_holes
from ptolemy_kedro.holes.crop_table import hole_crop_table
from ptolemy_kedro.holes.crops import cut_hole_crops
from ptolemy_kedro.holes.learning import gather, patches_of_session
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.holes.locating import images_of_holes
from ptolemy_kedro.holes.table import holes_table
from ptolemy_kedro.holes.training_sets import gather_crops, gather_frames
from ptolemy_kedro.partitions import BySession, Part

OPTIONS = LocaliserOptions(patch_px=64, patches_an_image=2)
SEEDS = range(10_500, 10_502)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    path = write_medium_session(tmp_path_factory.mktemp("m") / "m0", SEEDS)
    with archive.open_session(path) as opened:
        return path, opened.tables


def by_session(**parts):
    return BySession(Part(name, name, partial(lambda table: table, table)) for name, table in parts.items())


def patches_of(session, options=OPTIONS, **changed):
    path, raw = session
    given = {name: changed.get(name, raw[name]) for name in ("images", "grids", "targets")}
    table = patches_of_session(path, *given.values(), options)
    return tables.validate(tables.LocaliserPatches, table, "localiser_patches")


def test_each_clicked_image_gives_its_patches_and_the_same_again(session):
    patches = patches_of(session)

    assert patches.groupby("image_id").size().to_dict() == {f"i{seed}": 2 for seed in SEEDS}
    assert set(patches["pixels"].map(len)) == {64 * 64} and set(patches["maps"].map(len)) == {3 * 32 * 32}
    pd.testing.assert_frame_equal(patches, patches_of(session))


def test_the_scales_and_turns_of_an_image_follow_from_its_name_and_the_seed(session):
    _, raw = session
    alone = patches_of(session, images=raw["images"][raw["images"]["image_id"] == "i10501"])
    patches = patches_of(session)
    of_it = patches[patches["image_id"] == "i10501"].reset_index(drop=True)
    elsewhere = patches_of(session, images=raw["images"].assign(session_id="m1"))
    reseeded = patches_of(session, replace(OPTIONS, train=replace(OPTIONS.train, seed=1)))

    pd.testing.assert_frame_equal(alone, of_it)
    assert not set(patches["pixels"]) & set(elsewhere["pixels"])
    assert not set(patches["pixels"]) & set(reseeded["pixels"])


def test_an_image_without_clicks_or_pixels_teaches_nothing(session):
    _, raw = session
    first = raw["images"]["image_id"] == "i10500"
    no_pixels = raw["images"].assign(file=raw["images"]["file"].mask(first))
    rejected = raw["targets"].assign(decision="rejected")

    assert set(patches_of(session, images=no_pixels)["image_id"]) == {"i10501"}
    assert len(patches_of(session, targets=rejected)) == 0


def test_without_a_recorded_size_the_foil_tells_the_radius(session):
    _, raw = session
    pixel_um = raw["images"]["pixel_size_a"].iloc[0] / 1e4
    unsized = raw["targets"].assign(size_px=np.nan)
    foil = raw["grids"].assign(hole_diameter_um=18 * pixel_um)

    assert len(patches_of(session, targets=unsized)) == 0
    assert len(patches_of(session, targets=unsized, grids=foil)) == 2 * len(SEEDS)


def test_patches_of_several_sessions_come_back_as_they_were(session):
    table = patches_of(session)
    empty = tables.empty(tables.LocaliserPatches)

    patches = gather(by_session(m0=table, nothing=empty))

    assert patches.pixels.shape == (4, 1, 64, 64) and patches.maps.shape == (4, 3, 32, 32)
    assert patches.pixels[0].tobytes() == table["pixels"].iloc[0] and set(patches.sessions) == {"m0"}
    assert len(gather(by_session(nothing=empty)).pixels) == 0


def test_an_unbinned_twin_is_not_looked_at_beside_its_binned_image():
    images = pd.DataFrame(
        {
            "image_id": ["binned", "unbinned", "tile", "lost"],
            "kind": ["medium", "medium", "tile", "medium"],
            "file": ["a", "b", "c", None],
            "pixels_of": ["unbinned", None, None, None],
        }
    )

    assert images_of_holes(images)["image_id"].tolist() == ["binned"]


def drawn(session_id, labels):
    """A drawn field's holes with some labels, and their crops."""
    image, found, _ = draw_field()
    found = found[np.arange(len(labels))]
    rows = holes_table(session_id, image_row(), found, describe_holes(image, found), image.shape)
    crops = hole_crop_table(session_id, rows["hole_id"].tolist(), cut_hole_crops(image, found))
    return rows.assign(label=labels), crops


def test_only_holes_of_known_label_are_learnt_from_each_with_its_own_crop_and_descriptors():
    holes, crops = drawn("a", ["selected", "unknown", "rejected"])
    shuffled = crops.iloc[::-1]

    frames, numbers, known = gather_frames(by_session(a=holes), by_session(a=shuffled), 16)
    known_too, cut_out = gather_crops(by_session(a=holes), by_session(a=shuffled), 256)

    assert known["label"].tolist() == known_too["label"].tolist() == ["selected", "rejected"]
    assert frames.shape == (2, 1, 16, 16)
    assert numbers == pytest.approx(holes[list(DESCRIPTORS)].to_numpy(np.float32)[[0, 2]])
    assert [crop.tobytes() for crop in cut_out.pixels] == crops["pixels"].iloc[[0, 2]].tolist()


def test_crops_are_reduced_as_they_are_read():
    holes, crops = drawn("a", ["selected", "rejected"])

    _, cut_out = gather_crops(by_session(a=holes), by_session(a=crops), 20)

    assert max(crops["rows_px"]) > 20 and cut_out.shapes.max() <= 20


def test_a_labelled_hole_without_a_crop_is_named():
    holes, crops = drawn("a", ["selected", "rejected"])

    with pytest.raises(TableError, match="1 holes of a have no crop"):
        gather_frames(by_session(a=holes), by_session(a=crops.iloc[:1]), 16)
