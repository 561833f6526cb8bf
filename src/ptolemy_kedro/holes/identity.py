"""Which hole is which: ids that survive a re-run and, nearly always, small changes of what was found."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.holes.lattice import reduce_basis

ROUND_RADII = 0.5
"""Centres of holes without a lattice are rounded to so many radii before they are hashed."""


def hole_ids(session_id: str, image_id: str, found: FoundHoles, shape: tuple[int, int]) -> list[str]:
    """Name holes by their image and their place in its lattice, else by their rounded centre.

    A lattice's steps are taken in a fixed order and its sites counted from the one nearest to the image's
    middle, whatever basis and first site it was found with. A finer fit renames no hole, but for all of a
    lattice where the middle lies half-way between sites, or the foil is turned by 45 degrees: any rule that
    counts sites from what is seen alone leaps somewhere.

    Args:
        session_id: The session.
        image_id: The image.
        found: Holes in it.
        shape: Of the image (rows, cols) [px].

    Returns:
        An id each, all different.
    """
    names: list[tuple[object, ...]] = [()] * len(found)
    for number, basis in enumerate(found.bases):
        members = np.flatnonzero(found.lattice == number)
        places = _places(found.centres[members], found.indices[members], basis, shape)
        for member, (row, col) in zip(members, places, strict=True):
            names[member] = ("lattice", number, int(row), int(col))
    for single in np.flatnonzero((found.lattice < 0) | (found.lattice >= len(found.bases))):
        step = max(ROUND_RADII * found.radius_px[single], 1.0)
        row, col = np.rint(found.centres[single] / step).astype(int)
        names[single] = ("centre", int(row), int(col))
    return [_hash(session_id, image_id, name) for name in _numbered(names)]


def _places(
    centres: NDArray[np.float64],
    indices: NDArray[np.int64],
    basis: NDArray[np.float64],
    shape: tuple[int, int],
) -> NDArray[np.int64]:
    """Count sites from the one nearest to the middle, along the reduced steps; shape (n, 2)."""
    if not len(centres):
        return np.zeros((0, 2), np.int64)
    reduced = reduce_basis(basis)
    change = np.rint(basis @ np.linalg.inv(reduced)).astype(np.int64)
    places = indices @ change
    origin = np.median(centres - places @ reduced, axis=0)
    middle = (np.array(shape) - 1) / 2
    return places - np.rint(np.linalg.solve(reduced.T, middle - origin)).astype(np.int64)


def _numbered(names: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Tell apart names that came up twice."""
    seen: dict[tuple[object, ...], int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else (*name, seen[name]))
    return unique


def _hash(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]
