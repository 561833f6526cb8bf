import tracemalloc

import numpy as np
import pandas as pd
import pytest

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.evaluation.scoring import labelled_frames, with_origin
from ptolemy_kedro.partitions import BySession, Part
from ptolemy_kedro.squares.crop_table import crop_table
from ptolemy_kedro.squares.crops import CropOptions, Crops
from ptolemy_kedro.squares.segmentation import SegmentOptions
from ptolemy_kedro.training.model import TrainedModel

SIZE = 60


def by_session(tables):
    return BySession(Part(name, name, lambda table=table: table) for name, table in tables.items())


def crops_at(levels):
    """Crops of one level each, 40 x 40 px, typical for their image."""
    n = len(levels)
    pixels = [np.full((40, 40), level, np.uint8) for level in levels]
    return Crops(pixels, np.full(n, 48), np.zeros(n), np.ones(n), np.full(n, 40.0), np.ones(n, np.int64))


def session(name, labels):
    """A session's squares and crops; a crop's level tells its square."""
    ids = [f"{name}_{i}" for i in range(len(labels))]
    squares = pd.DataFrame({"session_id": name, "square_id": ids, "label": labels})
    crops = crop_table(name, ids, crops_at(np.arange(len(labels)) + 10))
    return squares, crops.sample(frac=1, random_state=1)  # crops are stored by size class


def test_each_labelled_square_comes_with_its_own_crop_label_and_session():
    one, other = session("a", ["selected", "unknown", "rejected"]), session("b", ["rejected"])
    squares, crops = (by_session({"a": first, "b": second}) for first, second in zip(one, other, strict=True))

    frames, labels, sessions = labelled_frames(squares, crops, SIZE)

    middle = frames[:, 0, SIZE // 2, SIZE // 2]
    told = {
        (str(s), int(level)): str(label) for s, level, label in zip(sessions, middle, labels, strict=True)
    }
    assert told == {("a", 10): "selected", ("a", 12): "rejected", ("b", 10): "rejected"}


def test_a_square_without_a_crop_is_an_error():
    squares, crops = session("a", ["selected", "rejected"])

    with pytest.raises(TableError, match="1 squares of a have no crop"):
        labelled_frames(by_session({"a": squares}), by_session({"a": crops[1:]}), SIZE)


def test_crops_take_a_byte_a_pixel_in_memory_and_are_not_held_twice():
    sessions = {name: session(name, ["selected"] * 200) for name in "abcdef"}
    squares, crops = (by_session({name: pair[i] for name, pair in sessions.items()}) for i in (0, 1))
    held = 6 * 200 * 120 * 120

    tracemalloc.start()
    frames, _, _ = labelled_frames(squares, crops, 120)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert frames.nbytes == held
    assert peak < 1.5 * held  # one session's frames beside them; as float32 it would be four


def test_a_model_carries_how_its_squares_were_found_and_cut_out():
    trained = TrainedModel(b"", {"kind": "cnn", "crop": {"size_px": 60}}, ("a",))
    squares = by_session({"a": pd.DataFrame()})
    sessions = by_session({"a": pd.DataFrame({"origin": ["real"]})})

    config = with_origin(trained, squares, sessions, SegmentOptions(min_fill=0.6), CropOptions(0.1)).config

    assert config["origin"] == "real" and config["data_digest"] == squares.digest
    assert SegmentOptions(**config["segmentation"]) == SegmentOptions(min_fill=0.6)
    assert config["crop"] == {"size_px": 60, "margin": 0.1}
