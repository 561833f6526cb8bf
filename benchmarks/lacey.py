"""How well the gaps of lacey film are found on simulated images.

    python benchmarks/lacey.py [--first 22200] [--seeds 800]

Of the images of these seeds only the lacey ones are drawn. A find is right within half of the usual radius of
the image's gaps; those that nobody could be sure of count neither for nor against. What a gap is stands in
``simulation.lacework``: where a circle of three eighths of the usual gap fits between the strands.
"""

import argparse

import numpy as np
import pandas as pd

from ptolemy_kedro.holes.finding import find_holes
from ptolemy_kedro.holes.lace import find_gaps
from ptolemy_kedro.holes.resample import Pyramid
from ptolemy_kedro.metrics.detection import match_points
from ptolemy_kedro.shipped import hole_localiser
from ptolemy_kedro.simulation.example import draw_setting
from ptolemy_kedro.simulation.medium import MediumExample, simulate_example


def main() -> None:
    """Draw, find, count, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--first", type=int, default=22_200, help="seed")
    parser.add_argument("--seeds", type=int, default=800, help="to look through for lacey images")
    given = parser.parse_args()
    localiser = hole_localiser()
    rows = []
    for seed in range(given.first, given.first + given.seeds):
        if draw_setting(seed, False, None, None, None).grid.foil.layout != "lacey":
            continue
        example = simulate_example(seed)
        if len(example.holes):
            rows.append({"seed": seed, **counted(example, find_holes(example.image, localiser).centres)})
    show(pd.DataFrame(rows))


def counted(example: MediumExample, found: np.ndarray) -> dict[str, float]:
    """Count what is right of what was found in an image."""
    near_px = float(np.median(example.radius_px)) / 2
    right = match_points(found, example.holes, near_px)
    left = np.delete(found, right[:, 0], axis=0)
    excused = len(match_points(left, example.doubtful, near_px))
    return {
        "web": find_gaps(Pyramid(example.image)) is not None,
        "gaps": len(example.holes),
        "found": len(found) - excused,
        "right": len(right),
    }


def show(rows: pd.DataFrame) -> None:
    """Print a row an image, and means over the images with a 95 % bootstrap."""
    print(rows.to_string(index=False))
    rows = rows.assign(
        precision=rows["right"] / rows["found"].clip(lower=1), recall=rows["right"] / rows["gaps"]
    )
    rng = np.random.default_rng(0)
    for name, part in (("all", rows), ("a web is seen", rows[rows["web"]])):
        drawn = rng.integers(len(part), size=(2000, len(part)))
        for measure in ("precision", "recall"):
            low, high = np.percentile(part[measure].to_numpy()[drawn].mean(axis=1), [2.5, 97.5])
            mean = part[measure].mean()
            print(f"{name}, {len(part)} images: {measure} {mean:.3f} ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
