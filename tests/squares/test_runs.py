import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ptolemy_kedro.squares.runs import runs_of

label_images = arrays(np.int32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3))


@given(label_images)
def test_runs_cover_each_labelled_pixel_once_and_no_other(labels):
    drawn = np.zeros_like(labels)
    runs = runs_of(labels)

    for label, row, first, last in zip(runs.label, runs.row, runs.first, runs.last, strict=True):
        assert (drawn[row, first : last + 1] == 0).all()
        drawn[row, first : last + 1] = label

    assert (drawn == labels).all()


@given(label_images)
def test_totals_of_lengths_are_the_areas(labels):
    runs = runs_of(labels)

    assert runs.total(runs.length, 3)[1:].tolist() == [(labels == n).sum() for n in (1, 2, 3)]


def test_runs_of_one_label_at_both_ends_of_rows_stay_apart():
    runs = runs_of(np.array([[1, 0, 1], [1, 0, 1]], np.int32))

    assert runs.length.tolist() == [1, 1, 1, 1]
