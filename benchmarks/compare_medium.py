"""Render simulated medium images beside a real one, to look at. What it writes holds real pixels: keep it
elsewhere.

    python benchmarks/compare_medium.py --real IMAGE --radius 22 --to /tmp/compare.png [--seeds 3 4 5 6 7 8]

The simulated ones have the real one's shape, and holes of ``--radius`` pixels.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptolemy_kedro.archive.images import read_image
from ptolemy_kedro.simulation.medium import simulate_example

ROOT = Path(__file__).resolve().parents[1]


def shade(pixels: NDArray, width_px: int) -> NDArray[np.uint8]:
    """Scale an image to 8 bits between its 0.3 and 99.7 percentiles, and to ``width_px`` columns."""
    low, high = np.percentile(pixels, (0.3, 99.7))
    grey = np.clip((pixels.astype(float) - low) / max(high - low, 1e-9), 0, 1) * 255
    rows = round(width_px * pixels.shape[0] / pixels.shape[1])
    picture = Image.fromarray(grey.astype(np.uint8)).resize((width_px, rows), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def main() -> None:
    """Write the comparison: the real image first, then one simulated image a seed, three in a row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--radius", type=float, required=True, help="radius of its holes [px]")
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 4, 5, 6, 7, 8, 9, 10])
    parser.add_argument("--width", type=int, default=600, help="columns of each picture")
    given = parser.parse_args()
    if given.to.resolve().is_relative_to(ROOT):
        parser.error("--to lies in the repository; real pixels stay out of it. Name a path elsewhere.")
    real = read_image(given.real, given.real.name).pixels
    shape = (real.shape[0], real.shape[1])
    simulated = (simulate_example(seed, shape=shape, radius_px=given.radius).image for seed in given.seeds)
    pictures = [shade(image, given.width) for image in (real, *simulated)]
    pictures += [np.zeros_like(pictures[0])] * (-len(pictures) % 3)
    lines = [np.hstack(pictures[start : start + 3]) for start in range(0, len(pictures), 3)]
    Image.fromarray(np.vstack(lines)).save(given.to)


if __name__ == "__main__":
    main()
