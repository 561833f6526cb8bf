import numpy as np
import pytest
from tests.models import small_ranker

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.squares.classifiers import PUBLISHED
from ptolemy_kedro.squares.ranker import SquareRanker


def test_no_square_gives_no_score():
    assert SquareRanker.of(small_ranker()).score({name: np.zeros(0) for name in PUBLISHED}).shape == (0,)


def test_the_order_of_the_descriptors_given_does_not_matter():
    ranker = SquareRanker.of(small_ranker())
    values = {name: np.arange(3.0) * i for i, name in enumerate(PUBLISHED)}

    np.testing.assert_array_equal(
        ranker.score(values), ranker.score({name: values[name] for name in reversed(PUBLISHED)})
    )


def test_a_descriptor_that_is_missing_is_named():
    with pytest.raises(ModelError, match=repr(PUBLISHED[0])):
        SquareRanker.of(small_ranker()).score({name: np.zeros(2) for name in PUBLISHED[1:]})


def test_a_model_of_another_kind_is_refused():
    with pytest.raises(ModelError, match="'unet'"):
        SquareRanker(OnnxModel(small_ranker().onnx), {"kind": "unet"})


def test_what_is_no_network_is_refused():
    with pytest.raises(ModelError, match="no ONNX network"):
        OnnxModel(b"half a file")
