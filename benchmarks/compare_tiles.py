"""Render simulated tiles beside a real one, to look at. What it writes holds real pixels: keep it elsewhere.

python benchmarks/compare_tiles.py --real TILE.mrc --to /tmp/compare.png [--seeds 3 4 5 6 7] [--squares 44]
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptolemy_kedro.archive.images import read_image
from ptolemy_kedro.simulation import SimulateOptions, simulate_session

ROOT = Path(__file__).resolve().parents[1]


def shade(pixels: NDArray, edge_px: int) -> NDArray[np.uint8]:
    """Scale an image to 8 bits between its 0.1 and 99.8 percentiles, and to ``edge_px`` rows and columns."""
    low, high = np.percentile(pixels, (0.1, 99.8))
    grey = np.clip((pixels.astype(float) - low) / max(high - low, 1e-9), 0, 1) * 255
    return np.asarray(
        Image.fromarray(grey.astype(np.uint8)).resize((edge_px, edge_px), Image.Resampling.LANCZOS)
    )


def middle_tile(seed: int, squares: float) -> NDArray:
    """Simulate a session with one tile, and return it."""
    options = SimulateOptions(tiles=1, atlas_px=0, squares_a_tile=squares, scale_spread=0, visited_squares=0)
    return next(simulate_session(seed, options).images)[1]


def main() -> None:
    """Write the comparison: the real tile first, then one simulated tile a seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 4, 5, 6, 7])
    parser.add_argument("--squares", type=float, default=44.0, help="squares a tile")
    parser.add_argument("--edge", type=int, default=768, help="edge of each picture [px]")
    given = parser.parse_args()
    if given.to.resolve().is_relative_to(ROOT):
        parser.error("--to lies in the repository; real pixels stay out of it. Name a path elsewhere.")
    tiles = [
        read_image(given.real, given.real.name).pixels,
        *(middle_tile(s, given.squares) for s in given.seeds),
    ]
    pictures = [shade(tile, given.edge) for tile in tiles]
    pictures += [np.zeros_like(pictures[0])] * (-len(pictures) % 3)
    lines = [np.hstack(pictures[start : start + 3]) for start in range(0, len(pictures), 3)]
    Image.fromarray(np.vstack(lines)).save(given.to)


if __name__ == "__main__":
    main()
