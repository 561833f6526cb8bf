"""How long `ranker` takes: to score 400 squares, and to be trained once on 41 thousand crops; and its memory.

    python benchmarks/ranker_speed.py [--aside FOLDER] [--crops 41000]

Looking at the crops counts in both. The squares are those that tiles of simulated training sessions show; the
atlases' come on top. Bars on two cores: 1 s; 20 min and 3 GB.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import pandas as pd

from ptolemy_kedro.evaluation.fitting import fit_table
from ptolemy_kedro.evaluation.rehearsal import Rehearsed, rehearse
from ptolemy_kedro.evaluation.scoring import score_session
from ptolemy_kedro.simulation.seeds import TRAINING
from ptolemy_kedro.squares.ranker_options import RankerOptions
from ptolemy_kedro.squares.sight import shipped_sight, with_sight
from ptolemy_kedro.training.model import TrainedModel

BAR_SCORE_S, BAR_FIT_S, BAR_MIB = 1.0, 20 * 60, 3 * 1024
SCORED, AT_LEAST = 400, 4


def main() -> int:
    """Train, score, print; the exit status says whether the bars are met."""
    given = _arguments()
    shipped_sight()
    model, fit_s, tiles = train(given)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"one fit on {tiles} crops of tiles: {fit_s:.0f} s, peak {peak:.0f} MiB", flush=True)
    score_s = score(model, given)
    met = score_s <= BAR_SCORE_S and fit_s <= BAR_FIT_S and peak <= BAR_MIB
    print(f"the bars are {BAR_SCORE_S:.0f} s, {BAR_FIT_S} s and {BAR_MIB} MiB: {'met' if met else 'not met'}")
    return int(not met)


def train(given: argparse.Namespace) -> tuple[TrainedModel, float, int]:
    """Look at as many crops as wanted and train once; the time without reading them from the disk [s]."""
    looked, tiles, looking_s = [], 0, 0.0
    for made in rehearse(TRAINING[: given.sessions], 4, given.aside, workers=given.workers):
        started = time.perf_counter()
        looked.append(with_sight(made.squares, made.crops))
        looking_s += time.perf_counter() - started
        tiles += int(_on_tile(made).sum())
        if tiles >= given.crops:
            break
    started = time.perf_counter()
    model = fit_table(pd.concat(looked, ignore_index=True), RankerOptions())
    fit_s = time.perf_counter() - started
    print(f"looking {looking_s:.0f} s, training {fit_s:.0f} s")
    return model, looking_s + fit_s, tiles


def score(model: TrainedModel, given: argparse.Namespace) -> float:
    """Score the squares of one session's tiles, looked at, described and scored; the median time [s]."""
    parts = []
    for made in rehearse(TRAINING[: 4 * AT_LEAST], 4, given.aside, workers=given.workers):
        rows = _on_tile(made)
        parts.append((made.squares[rows], made.crops[rows]))
    squares, crops = (
        pd.concat(tables, ignore_index=True).head(SCORED).assign(session_id="one")
        for tables in zip(*parts, strict=True)
    )
    times = []
    for _ in range(given.runs):
        started = time.perf_counter()
        score_session(squares, crops, {"ranker": model})
        times.append(time.perf_counter() - started)
    print(f"{len(squares)} squares: median {median(times):.2f} s, best {min(times):.2f} s of {given.runs}")
    return median(times)


def _on_tile(made: Rehearsed) -> pd.Series:
    return ~made.squares["image_id"].str.contains("atlas")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--crops", type=int, default=41_000, help="of tiles, to learn from")
    parser.add_argument("--sessions", type=int, default=240, help="that hold so many")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--workers", type=int, default=2)
    place = Path(tempfile.gettempdir()) / "ptolemy-ranking"
    parser.add_argument(
        "--aside", type=Path, default=place, help="folder that simulated sessions are kept in"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
