"""Grids drawn for tests: bright squares between dark bars, with their true middles."""

import numpy as np


def draw_grid(shape=(400, 400), edge=40.0, bar=0.35, angle_deg=20.0, dark=10.0, bright=150.0):
    """Draw a grid whose squares have an edge [px]; bars take ``bar`` of it.

    Returns:
        Image, and middles (row, col) [px] of the squares that lie whole in it.
    """
    pitch, turn = edge * (1 + bar), np.deg2rad(angle_deg)
    middle = (np.array(shape) - 1) / 2
    row, col = np.indices(shape) - middle[:, None, None]
    along = col * np.cos(turn) - row * np.sin(turn)
    across = col * np.sin(turn) + row * np.cos(turn)
    offsets = [u - np.rint(u / pitch) * pitch for u in (along, across)]
    inside = (np.abs(offsets[0]) < edge / 2) & (np.abs(offsets[1]) < edge / 2)
    reach = int(max(shape) / pitch) + 1
    i, j = (index.ravel() * pitch for index in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    middles = (
        np.stack([j * np.cos(turn) - i * np.sin(turn), i * np.cos(turn) + j * np.sin(turn)], axis=1) + middle
    )
    half_diagonal = edge / 2 * (np.abs(np.cos(turn)) + np.abs(np.sin(turn)))
    whole = (np.minimum(middles, np.array(shape) - 1 - middles) > half_diagonal).all(axis=1)
    return np.where(inside, bright, dark).astype(np.float32), middles[whole]


def found(squares, middles, within_px):
    """Tell which true middles have a square's centre nearby."""
    if not len(squares):
        return np.zeros(len(middles), bool)
    gaps = np.linalg.norm(middles[:, None] - squares.centres[None], axis=2)
    return gaps.min(axis=1) <= within_px
