"""Several images stitched to one: each piece a little off, under a beam of its own. Ranges assumed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.simulation.optics import Optics, illumination

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Stitching:
    """Pieces of a montage: rows, cols; how far each is off (row, col) [px]; gain and tilt of each beam."""

    pieces: tuple[int, int]
    off_px: NDArray[np.int64]
    gains: NDArray[np.float64]


def draw_stitching(rng: np.random.Generator) -> Stitching:
    """Draw 2 to 4 pieces a side, each off by up to 3 px, of a beam a few per cent brighter or darker."""
    pieces = (int(rng.integers(2, 5)), int(rng.integers(2, 5)))
    return Stitching(
        pieces, rng.integers(-3, 4, (*pieces, 2)), np.exp(rng.normal(0, rng.uniform(0.01, 0.08), pieces))
    )


def _bounds(shape: tuple[int, ...], pieces: tuple[int, int]) -> list[tuple[int, int, slice, slice]]:
    rows, cols = (
        np.linspace(0, edge, count + 1).astype(int) for edge, count in zip(shape, pieces, strict=True)
    )
    return [
        (i, j, slice(rows[i], rows[i + 1]), slice(cols[j], cols[j + 1]))
        for i in range(pieces[0])
        for j in range(pieces[1])
    ]


def stitch(light: Floats, stitching: Stitching) -> Floats:
    """Shift each piece by a few pixels."""
    stitched = np.empty_like(light)
    for i, j, rows, cols in _bounds(light.shape, stitching.pieces):
        down, right = stitching.off_px[i, j]
        r = np.clip(np.arange(rows.start, rows.stop) - down, 0, light.shape[0] - 1)
        c = np.clip(np.arange(cols.start, cols.stop) - right, 0, light.shape[1] - 1)
        stitched[rows, cols] = light[np.ix_(r, c)]
    return stitched


def stitched_points(
    points: NDArray[np.float64], shape: tuple[int, int], stitching: Stitching | None
) -> NDArray[np.float64]:
    """Where points (row, col) [px], shape (n, 2), of one view lie in the stitched one."""
    if stitching is None:
        return points
    counts = np.array(stitching.pieces)
    piece = np.clip((points / np.array(shape) * counts).astype(int), 0, counts - 1)
    return points + stitching.off_px[piece[:, 0], piece[:, 1]]


def piecewise(shape: tuple[int, ...], stitching: Stitching, optics: Optics) -> Floats:
    """The beam over a montage: each piece has its own ramp and corners."""
    beam = np.empty(shape, dtype=np.float32)
    for i, j, rows, cols in _bounds(shape, stitching.pieces):
        gain = np.float32(stitching.gains[i, j])
        beam[rows, cols] = gain * illumination((rows.stop - rows.start, cols.stop - cols.start), optics)
    return beam
