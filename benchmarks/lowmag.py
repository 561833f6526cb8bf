"""From a tile in memory to ranked squares, in process: time of each part, and the memory of the process.

    python benchmarks/lowmag.py IMAGE.mrc

Bars on two cores: 150 ms and 0.8 GB in all. Uses the champion (`ptolemy models init`).
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from ptolemy_kedro import champions
from ptolemy_kedro.archive.images import read_image
from ptolemy_kedro.home import find_home
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.squares.crops import cut_crops
from ptolemy_kedro.squares.descriptors import describe
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.squares.segmentation import find_squares
from ptolemy_kedro.targeting import rank_squares

BAR_S, BAR_MIB = 0.150, 800


def main() -> int:
    """Time each part and the whole; the exit status says whether the bars are met."""
    wanted = _arguments()
    pixels = read_image(wanted.image, wanted.image.name).pixels
    champion = champions.read(find_home(), "square-ranker")
    ranker = SquareRanker(OnnxModel(champion.onnx), champion.config, champion.version)
    squares, sight = find_squares(pixels), ranker.sight
    crops = cut_crops(pixels, squares)
    descriptors = describe(pixels, squares, crops=crops)
    timed("find_squares", lambda: find_squares(pixels), wanted.runs)
    timed("cut_crops", lambda: cut_crops(pixels, squares), wanted.runs)
    timed("describe", lambda: describe(pixels, squares, crops=crops), wanted.runs)
    if sight is not None:
        timed("see", lambda: sight.see(crops, descriptors), wanted.runs)
    whole = timed("rank_squares, all of it", lambda: rank_squares(pixels, ranker), wanted.runs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(squares)} squares, {ranker.label}")
    print(f"peak {peak:.0f} MiB; the bars are {BAR_S * 1e3:.0f} ms and {BAR_MIB} MiB")
    return int(whole > BAR_S or peak > BAR_MIB)


def timed(name: str, work: Callable[[], object], runs: int) -> float:
    """Run work a few times, print its times, return the median [s]."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    print(f"{name:24} median {median(times) * 1e3:6.1f} ms, best {min(times) * 1e3:6.1f} ms of {runs}")
    return median(times)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path)
    parser.add_argument("--runs", type=int, default=15)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
