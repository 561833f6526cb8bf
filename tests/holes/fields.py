"""Foil drawn for tests: bright holes on a lattice in darker foil, with their true depth of ice."""

import numpy as np

from ptolemy_kedro.holes.found import FoundHoles

FOIL, BEAM = 500.0, 1000.0


def draw_field(shape=(300, 400), radius=10.0, spacing=40.0, angle_deg=20.0, depth=None, seed=0, bar_cols=0):
    """Draw a field of holes whose lattice is turned by an angle from +col towards +row.

    Args:
        depth: Optical depth of the ice of a hole by its number; drawn from 0.1 to 0.9 if absent.
        bar_cols: Columns on the left that a bar covers.

    Returns:
        Image, the holes as a perfect localiser would find them, and the depth of each.
    """
    turn = np.deg2rad(angle_deg)
    basis = spacing * np.array([[np.sin(turn), np.cos(turn)], [np.cos(turn), -np.sin(turn)]])
    reach = int(max(shape) / spacing) + 2
    indices = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1).T
    centres = (np.array(shape) - 1) / 2 + indices @ basis
    inside = ((centres > 0) & (centres < np.array(shape) - 1)).all(axis=1)
    centres, indices = centres[inside], indices[inside]
    rng, n = np.random.default_rng(seed), len(centres)
    depths = rng.uniform(0.1, 0.9, n) if depth is None else np.array([depth(k) for k in range(n)], float)
    image = np.full(shape, FOIL)
    row, col = np.indices(shape)
    for (r, c), ice in zip(centres, depths, strict=True):
        image[np.hypot(row - r, col - c) <= radius] = BEAM * np.exp(-ice)
    image[:, :bar_cols] = 20
    return rng.poisson(image).astype(np.float32), holes_at(centres, radius, indices, basis), depths


def holes_at(centres, radius, indices=None, basis=None):
    """Make found holes of centres, on one lattice or on none."""
    n = len(centres)
    return FoundHoles(
        centres=np.asarray(centres, float),
        radius_px=np.full(n, float(radius)),
        probability=np.full(n, 0.9),
        from_lattice=np.zeros(n, bool),
        lattice=np.full(n, -1 if basis is None else 0),
        indices=np.zeros((n, 2), int) if indices is None else np.asarray(indices),
        bases=np.zeros((0, 2, 2)) if basis is None else np.asarray(basis)[None],
        spacing_px=None if basis is None else float(np.linalg.norm(basis, axis=1).min()),
        localiser="drawn",
    )


def image_row(image_id="m1", **others):
    """Make a row of ``tables.Images`` as far as holes need it."""
    return {"image_id": image_id, "grid_id": "g1", "pixel_size_a": 100.0, **others}
