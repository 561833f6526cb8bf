"""Speed and memory of ingest and cropping at the size of the published data: 1.3k tiles, 41k squares.

    python benchmarks/ingest.py [--tiles 1300] [--distinct 204] [--workers 2]

Distinct tiles are simulated once, in sessions of 17, and their sessions repeated under other ids until there
are enough. Timed are the flows' own nodes and datasets: check, read tables, find squares, cut crops, label.
"""

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ptolemy_kedro.archive.intake import IngestOptions
from ptolemy_kedro.datasets import (
    SessionArchivesDataset,
    SessionCropsDataset,
    SessionTableDataset,
    SimulatedSessionsDataset,
)
from ptolemy_kedro.partitions import Part
from ptolemy_kedro.pipelines.ingest import nodes as ingest
from ptolemy_kedro.pipelines.low2med import nodes as low2med
from ptolemy_kedro.simulation.options import SimulateOptions
from ptolemy_kedro.simulation.promise import promised_sessions
from ptolemy_kedro.squares.crops import CropOptions
from ptolemy_kedro.squares.segmentation import SegmentOptions
from ptolemy_kedro.workers import ParallelOptions

A_SESSION = 17
SEED = 20_000


def main() -> None:
    """Make the archives, run the stages, print what they took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tiles", type=int, default=1300)
    parser.add_argument("--distinct", type=int, default=204)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sessions = make_archives(Path(folder), asked.tiles, asked.distinct, asked.workers)
        measure(Path(folder), sessions, asked.workers)


def make_archives(folder: Path, tiles: int, distinct: int, workers: int) -> int:
    """Simulate the distinct sessions and repeat them; the images of a repeat are links to the first's."""
    options = SimulateOptions(sessions=max(1, distinct // A_SESSION), seed=SEED, tiles=A_SESSION, atlas_px=0)
    simulated = SimulatedSessionsDataset(
        path=str(folder / "distinct"), truth={"path": str(folder / "truth")}, workers=workers
    )
    simulated.save(promised_sessions(options))
    originals = simulated.load()
    count = max(1, round(tiles / A_SESSION))
    for index in range(count):
        repeat(originals[index % len(originals)], folder / "sessions" / f"bench{index:04d}")
    return count


def repeat(original: Path, copy: Path) -> None:
    """Copy a session's archive under another id."""
    shutil.copytree(original, copy, copy_function=os.link)
    head = json.loads((copy / "session.json").read_text())
    head["session"]["session_id"] = copy.name
    (copy / "session.json").unlink()
    (copy / "session.json").write_text(json.dumps(head))


def measure(folder: Path, sessions: int, workers: int) -> None:
    """Run each stage and print its time, then the rates and the memory."""
    names = dict.fromkeys(ingest.RAW_TABLES)
    tables = {name: SessionTableDataset(path=str(folder / name), schema=name.capitalize()) for name in names}
    reports = SessionTableDataset(path=str(folder / "reports"), schema="ArchiveReports")
    found = SessionTableDataset(path=str(folder / "found"), schema="Squares")
    squares = SessionTableDataset(path=str(folder / "squares"), schema="Squares")
    crops = SessionCropsDataset(path=str(folder / "crops"), schema="SquareCrops")
    archives = SessionArchivesDataset(
        path=str(folder / "sessions"), demo={"path": str(folder / "none")}, allow_demo=False
    ).load()
    begun, options, parallel = time.perf_counter(), IngestOptions(), ParallelOptions(workers)
    timed("check", ((reports, part) for part in ingest.check_archives(archives, options, parallel)), sessions)
    chosen, _ = ingest.choose_sessions(archives, reports.load(), options)
    rows = ingest.read_tables(chosen, options, parallel)
    timed(
        "read tables", (pair for parts in rows for pair in zip(tables.values(), parts, strict=True)), sessions
    )
    pairs = low2med.find_squares(chosen, tables["images"].load(), SegmentOptions(), CropOptions(), parallel)
    timed(
        "find and cut",
        (pair for parts in pairs for pair in zip((found, crops), parts, strict=True)),
        sessions,
    )
    labelled = low2med.label_squares(found.load(), tables["targets"].load(), tables["images"].load())
    timed("label", ((squares, part) for part in labelled), sessions)
    seconds, count = time.perf_counter() - begun, sum(len(table) for _, table in squares.load())
    print(f"{sessions * A_SESSION} tiles, {count} crops in {seconds:.0f} s on {workers} workers")
    print(f"{sessions * A_SESSION / seconds:.1f} tiles/s (bar: 10)")


def paired(datasets: Iterable[SessionTableDataset], rows: Iterable[tuple[Part, ...]]) -> Iterator[tuple]:
    """Pair each part with the dataset it goes to."""
    kept = list(datasets)
    for parts in rows:
        yield from zip(kept, parts, strict=True)


def timed(stage: str, saves: Iterable[tuple[SessionTableDataset, Part]], sessions: int) -> None:
    """Save every part; print the time, this process's memory early on and at most, and a worker's peak."""
    begun, memory = time.perf_counter(), []
    for dataset, part in saves:
        dataset.save(part)
        memory.append(resident_mib())
    seconds = time.perf_counter() - begun
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    early = max(memory[: max(1, len(memory) // 4)])
    print(
        f"{stage}: {seconds:.1f} s, {sessions * A_SESSION / seconds:.0f} tiles/s; this process "
        f"{early:.0f} MiB in the first quarter, {max(memory):.0f} MiB at most; a worker {worker:.0f} MiB"
    )


def resident_mib() -> float:
    """Read this process's memory off /proc."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
