"""Plain pictures of holes: bright discs on a grey foil."""

import numpy as np


def square_lattice(spacing_px, shape, angle_deg=12.0, margin_px=0.0):
    """Sites (row, col) [px] in an image, shape (n, 2)."""
    angle = np.deg2rad(angle_deg)
    step = spacing_px * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    reach = int(2 * max(shape) / spacing_px) + 2
    indices = np.stack(np.mgrid[-reach : reach + 1, -reach : reach + 1], axis=-1).reshape(-1, 2)
    sites = indices @ step + np.array(shape) / 2 + 3.3
    return sites[((sites >= margin_px) & (sites < np.array(shape) - 1 - margin_px)).all(axis=1)]


def draw_discs(centres, radius_px, shape, seed=0, noise=0.05, contrast=0.4):
    """An image with foil at 1, holes brighter by ``contrast`` with a dark rim, and noise."""
    rows, cols = np.indices(shape)
    image = np.ones(shape)
    for row, col in np.asarray(centres).reshape(-1, 2):
        off = np.hypot(rows - row, cols - col) - radius_px
        image += contrast * np.clip(0.5 - off, 0, 1) - 0.3 * contrast * np.exp(-0.5 * (off / 1.0) ** 2)
    return (1000 * (image + np.random.default_rng(seed).normal(0, noise, shape))).astype(np.int16)
