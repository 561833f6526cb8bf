"""Import many SerialEM sessions with links: images a second, and how much memory it takes at its peak.

    python benchmarks/importing.py --sessions 100 --images 300

The images are simulated tiles, single MRC files with an .mdoc each, named by one navigator a session.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.archive.serialem.importer import SerialEM

ITEM = """
[Item = {label}]
StageXYZ = {x} {y} 0
NumPts = 5
Type = 2
MapFile = D:\\data\\{label}.mrc
MapID = {number}
MapMontage = 0
MapSection = 0
MapBinning = 1
MontBinning = 1
MapScaleMat = 0 2 2 0
MapWidthHeight = {edge} {edge}
PtsX = 0 0 0 0 0
PtsY = 0 0 0 0 0

[Item = p{label}]
StageXYZ = {x} {y} 0
NumPts = 1
Type = 0
DrawnID = {number}
Acquire = 1
MapID = {point}
PtsX = {x}
PtsY = {y}
"""
MDOC = (
    "PixelSpacing = 5000\nImageFile = {label}.mrc\nImageSize = {edge} {edge}\n\n[ZValue = 0]\nBinning = 1\n"
)


def write_session(folder: Path, images: int, edge: int, seed: int) -> None:
    """Write one session's files."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    items = ["AdocVersion = 2.00\n"]
    for number in range(1, images + 1):
        label = f"t{number:04d}"
        pixels = rng.poisson(100, (edge, edge)).astype(np.int16)
        (folder / f"{label}.mrc").write_bytes(encode(f"{label}.mrc", pixels, 5000.0))
        (folder / f"{label}.mrc.mdoc").write_text(MDOC.format(label=label, edge=edge))
        x, y = number % 20 * 100.0, number // 20 * 100.0
        items.append(ITEM.format(label=label, number=number, point=10**6 + number, x=x, y=y, edge=edge))
    (folder / "grid.nav").write_text("".join(items))


def measure(source: Path, to: Path) -> None:
    """Import twice, and say how fast, and the largest memory so far."""
    for what in ("new", "nothing new"):
        start = time.perf_counter()
        summaries = import_sessions(SerialEM().sessions(source), to, link=True)
        seconds = time.perf_counter() - start
        images = sum(sum(summary.images.values()) for summary in summaries)
        broken = [summary.said for summary in summaries if summary.status == "broken"]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{what}: {len(summaries)} sessions, {images} images in {seconds:.1f} s, "
            f"{images / seconds:.0f} images/s, peak {peak:.0f} MiB {broken[:1]}",
            flush=True,
        )


def main() -> None:
    """Write the source, and measure the import of a tenth and of all in processes of their own."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sessions", type=int, default=100)
    arguments.add_argument("--images", type=int, default=300)
    arguments.add_argument("--edge", type=int, default=256, help="of an image [px]")
    arguments.add_argument("--measure", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.measure:
        measure(*options.measure)
        return
    with tempfile.TemporaryDirectory() as work:
        sources = {
            count: Path(work, f"source{count}") for count in (options.sessions // 10, options.sessions)
        }
        for count, source in sources.items():
            for number in range(count):
                write_session(source / f"session{number:03d}", options.images, options.edge, number)
            to = Path(work, f"to{count}")
            subprocess.run([sys.executable, __file__, "--measure", source, to], check=True)
            shutil.rmtree(to, ignore_errors=True)
            shutil.rmtree(source)


if __name__ == "__main__":
    main()
