"""The horizontal runs of a label image: sums over regions cost what the runs do, not the pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Runs:
    """Horizontal runs of pixels of one label, in reading order.

    Attributes:
        label: Of each, 1 and up; shape (n,).
        row: [px]; shape (n,).
        first: First column [px]; shape (n,).
        last: Last column [px]; shape (n,).
    """

    label: NDArray[np.int32]
    row: NDArray[np.intp]
    first: NDArray[np.intp]
    last: NDArray[np.intp]

    @property
    def length(self) -> NDArray[np.intp]:
        """Pixels of each run."""
        return self.last - self.first + 1

    def total(self, of_runs: NDArray, count: int) -> NDArray[np.float64]:
        """Add up a number of each run over the labels 0 .. count; shape (count + 1,)."""
        return np.bincount(self.label, of_runs, count + 1).astype(np.float64)


def runs_of(labels: NDArray[np.int32]) -> Runs:
    """List the runs of a label image; 0 is no label.

    Args:
        labels: 0 or a positive number each; shape (rows, cols).
    """
    rows, cols = labels.shape
    changes = np.empty((rows, cols + 1), bool)
    changes[:, 0], changes[:, -1] = labels[:, 0] > 0, labels[:, -1] > 0
    np.not_equal(labels[:, 1:], labels[:, :-1], out=changes[:, 1:-1])
    row, col = np.divmod(np.flatnonzero(changes), cols + 1)
    flat, at = labels.ravel(), row * cols + col
    starts = (col < cols) & (flat[np.minimum(at, labels.size - 1)] > 0)
    ends = (col > 0) & (flat[np.maximum(at - 1, 0)] > 0)
    return Runs(flat[at[starts]], row[starts], col[starts], col[ends] - 1)
