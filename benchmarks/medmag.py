"""From a medium image in memory to ranked holes, in process: time of each part, and memory.

    python benchmarks/medmag.py [IMAGE.mrc]

Without an image, simulated ones: of 1024 x 1440 px, a field of holes at 96.8 A/px and a whole square at 600
A/px, and a montage of a whole square of 3400 x 3500 px. Bars on two cores: 300 ms and 1.5 GB for the former,
2.5 s for the montage. Needs the champions (`ptolemy models init`). Beside the time on the clock stands that
of the processor, on all cores together, which other work on the machine does not lengthen as much.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from numpy.typing import NDArray

from ptolemy_kedro import champions
from ptolemy_kedro.archive.images import read_image
from ptolemy_kedro.holes.classifier import HoleClassifier
from ptolemy_kedro.holes.context import describe_holes
from ptolemy_kedro.holes.crops import cut_hole_crops
from ptolemy_kedro.holes.finding import find_holes
from ptolemy_kedro.holes.localiser import HoleLocaliser
from ptolemy_kedro.home import find_home
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.targeting import rank_holes

SHAPE, BAR_S, BAR_MIB = (1024, 1440), 0.300, 1500
FIELD_PIXEL_A, SQUARE_PIXEL_A = 96.8, 600.0
MONTAGE, MONTAGE_BAR_S, MONTAGE_PIXEL_A = (3400, 3500), 2.5, 180.0


def main() -> int:
    """Time each part and the whole; the exit status says whether the bars are met."""
    wanted = _arguments()
    models = _opened("hole-localiser", HoleLocaliser), _opened("hole-classifier", HoleClassifier)
    if wanted.image:
        images = [(read_image(wanted.image, wanted.image.name).pixels, None)]
    else:
        images = [_simulated(SHAPE, wanted.seed, size) for size in (FIELD_PIXEL_A, SQUARE_PIXEL_A)]
    slow = max(measure(*image, *models, wanted.runs) for image in images) > BAR_S
    peak = _peak_mib()
    print(f"peak {peak:.0f} MiB; the bars are {BAR_S * 1e3:.0f} ms and {BAR_MIB} MiB")
    if not wanted.image:
        montage = _simulated(MONTAGE, wanted.seed, MONTAGE_PIXEL_A)
        slow |= measure(*montage, *models, wanted.runs) > MONTAGE_BAR_S
        print(f"the bar is {MONTAGE_BAR_S} s; peak {_peak_mib():.0f} MiB")
    return int(slow or peak > BAR_MIB)


def measure(
    pixels: NDArray, size_a: float | None, localiser: HoleLocaliser, classifier: HoleClassifier, runs: int
) -> float:
    """Time the parts of one image, told its pixel size and not; return the slower median of the whole [s]."""
    found = find_holes(pixels, localiser, pixel_size_a=size_a)
    print(f"{pixels.shape[0]} x {pixels.shape[1]} px, {len(found)} holes")
    crops, descriptors = cut_hole_crops(pixels, found), describe_holes(pixels, found, size_a)
    timed("find_holes", lambda: find_holes(pixels, localiser, pixel_size_a=size_a), runs)
    timed("cut_hole_crops", lambda: cut_hole_crops(pixels, found), runs)
    timed("describe_holes", lambda: describe_holes(pixels, found, size_a), runs)
    timed("score", lambda: classifier.score(crops, descriptors), runs)
    told = timed("all, pixel size known", lambda: rank_holes(pixels, localiser, classifier, size_a), runs)
    return max(told, timed("all, not known", lambda: rank_holes(pixels, localiser, classifier), runs))


def timed(name: str, work: Callable[[], object], runs: int) -> float:
    """Run work a few times, print its times, return the median [s]."""
    times, worked = [], []
    for _ in range(runs):
        started, worked_before = time.perf_counter(), time.process_time()
        work()
        times.append(time.perf_counter() - started)
        worked.append(time.process_time() - worked_before)
    clock, best, busy = (1e3 * value for value in (median(times), min(times), median(worked)))
    print(f"{name:24} median {clock:7.1f} ms, best {best:7.1f} ms, processor {busy:7.1f} ms; {runs} runs")
    return median(times)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _opened(name: str, kind: Callable) -> object:
    champion = champions.read(find_home(), name)
    return kind(OnnxModel(champion.onnx), champion.config, champion.version)


def _simulated(shape: tuple[int, int], seed: int, pixel_size_a: float | None = None) -> tuple[NDArray, float]:
    from ptolemy_kedro.simulation.medium import simulate_example

    example = simulate_example(seed, shape=shape, pixel_size_a=pixel_size_a)
    return example.image, example.pixel_size_a


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--seed", type=int, default=20_000, help="of the simulated images")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
