"""The holes found in an image."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FoundHoles:
    """The holes of an image, n of them; n may be 0. Points are (row, col) [px], pixel centres at integers.

    Attributes:
        centres: Shape (n, 2).
        radius_px: Shape (n,).
        probability: That a hole is there, from network and lattice together, 0 to 1; shape (n,).
        from_lattice: It is a site of its lattice at which the network made no peak; shape (n,).
        lattice: Which of the bases it belongs to, -1 for none; shape (n,).
        indices: Its place in that lattice, in steps of the basis; (0, 0) where it has none; shape (n, 2).
        bases: A lattice each: two steps (row, col) [px] as rows; shape (k, 2, 2), k may be 0.
        spacing_px: Shortest step of the lattice with most holes, else the median distance to the nearest
            neighbour; None for fewer than two holes.
        localiser: Name, version and origin of what found them.
    """

    centres: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    radius_px: Floats = field(default_factory=lambda: np.zeros(0))
    probability: Floats = field(default_factory=lambda: np.zeros(0))
    from_lattice: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    lattice: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    indices: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    bases: Floats = field(default_factory=lambda: np.zeros((0, 2, 2)))
    spacing_px: float | None = None
    localiser: str = ""

    def __len__(self) -> int:
        """Count the holes."""
        return len(self.centres)

    def __getitem__(self, chosen: NDArray | slice) -> "FoundHoles":
        """Take some of the holes, by mask, places or slice; the bases stay."""
        return FoundHoles(
            self.centres[chosen],
            self.radius_px[chosen],
            self.probability[chosen],
            self.from_lattice[chosen],
            self.lattice[chosen],
            self.indices[chosen],
            self.bases,
            self.spacing_px,
            self.localiser,
        )


def usual_spacing_px(found: FoundHoles) -> float | None:
    """Measure what ``FoundHoles.spacing_px`` holds, from centres and lattices."""
    on_lattice = found.lattice[found.lattice >= 0]
    if len(on_lattice):
        return float(np.linalg.norm(found.bases[np.bincount(on_lattice).argmax()], axis=1).min())
    if len(found) < 2:
        return None
    return float(np.median(cKDTree(found.centres).query(found.centres, 2)[0][:, 1]))
