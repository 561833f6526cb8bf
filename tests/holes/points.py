"""Points on a lattice drawn for tests."""

import numpy as np

from ptolemy_kedro.holes.lattice import Lattice


def lattice_of(layout="square", spacing_px=30.0, turn_deg=12.0, tilt_deg=0.0, origin=(7.0, 11.0)):
    """Draw a lattice: ``square`` or ``hexagonal``, turned, then shortened along the rows by a tilt."""
    steps = {"square": [[0, 1], [1, 0]], "hexagonal": [[0, 1], [np.sqrt(0.75), 0.5]]}[layout]
    turn = np.deg2rad(turn_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    basis = spacing_px * np.array(steps, float) @ rotation.T
    return Lattice(np.array(origin), basis * [np.cos(np.deg2rad(tilt_deg)), 1])


def noisy(lattice, shape, seed=0, missing=0.0, false=0.0, jitter_px=0.0):
    """Take a lattice's sites in an image, drop a share, move each, and add a share of false points."""
    rng = np.random.default_rng(seed)
    sites = lattice.sites_within(shape)
    sites = sites[rng.random(len(sites)) >= missing]
    sites = sites + rng.normal(0, jitter_px, sites.shape) if jitter_px else sites
    return np.concatenate([sites, rng.uniform(0, shape, (round(false * len(sites)), 2))])


def same_lattice(one, other, shape, within_px):
    """Tell whether two lattices have the same sites in an image, within a distance."""
    a, b = one.sites_within(shape, -2 * within_px), other.sites_within(shape, -2 * within_px)
    for sites, reference in ((a, other), (b, one)):
        off = sites - reference.sites(reference.indices_of(sites))
        if len(sites) and np.linalg.norm(off, axis=1).max() > within_px:
            return False
    return True
