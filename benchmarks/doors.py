"""How long the commands take as whole processes, beside `python -c "import torch"`.

    python benchmarks/doors.py TILE.mrc MEDIUM.mrc

Bars: `ptolemy-lowmag` at most 1.5 times the import of torch, `ptolemy-medmag` at most twice. Needs the
champions (`ptolemy models init`). The runs take turns, so that other work on the machine weighs on all alike.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

BARS = {"ptolemy-lowmag": 1.5, "ptolemy-medmag": 2.0}


def main() -> int:
    """Time each command in turn; the exit status says whether the bars are met."""
    wanted = _arguments()
    beside = Path(sys.executable).parent
    commands = {
        "import torch": [sys.executable, "-c", "import torch"],
        "ptolemy-lowmag": [str(beside / "ptolemy-lowmag"), str(wanted.tile)],
        "ptolemy squares": [str(beside / "ptolemy"), "squares", str(wanted.tile)],
        "ptolemy-medmag": [str(beside / "ptolemy-medmag"), str(wanted.medium)],
        "ptolemy holes": [str(beside / "ptolemy"), "holes", str(wanted.medium)],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(wanted.runs):
        for name, command in commands.items():
            times[name].append(seconds(command))
    for name, taken in times.items():
        print(f"{name:16} median {median(taken):.2f} s, best {min(taken):.2f} s of {wanted.runs}")
    ratios = {name: median(times[name]) / median(times["import torch"]) for name in BARS}
    for name, bar in BARS.items():
        print(f"{name} takes {ratios[name]:.2f} x the import of torch; the bar is {bar}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest process {peak:.0f} MiB")
    return int(any(ratios[name] > bar for name, bar in BARS.items()))


def seconds(command: list[str]) -> float:
    """Time a process from its start to its end."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tile", type=Path)
    parser.add_argument("medium", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
