"""Speed and memory of session archives: write, open, read every image, check; in each container.

    python benchmarks/archive.py [--images 1000] [--edge 512] [--container tar.zst]

Images are noise of int16, which packs about as badly as a microscope's. Each stage runs in a process of
its own, so that its peak memory is its own; each is done for a tenth of the images too, so that one sees
whether memory grows with them. ``open`` less ``unpack`` is what the tables and the headers of images take.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ptolemy_kedro import archive
from ptolemy_kedro.archive.containers import open_container
from ptolemy_kedro.archive.limits import LIMITS
from ptolemy_kedro.archive.sinks import SUFFIXES

TARGETS_AN_IMAGE = 40


def main() -> None:
    """Time the stages for both numbers of images and print a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--edge", type=int, default=512, help="rows and columns of an image [px]")
    parser.add_argument("--container", choices=archive.CONTAINERS, action="append")
    asked = parser.parse_args()
    print(f"{'container':10} {'stage':8} {'images':>7} {'s':>7} {'CPU s':>7} {'images/s':>9} {'peak MiB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for container in asked.container or archive.CONTAINERS:
            for images in (asked.images // 10, asked.images):
                path = Path(folder, f"{images}{SUFFIXES[container]}")
                for stage in (write, unpack, open_, read, check):
                    seconds, cpu_s, peak_mib = in_own_process(stage, path, images, asked.edge)
                    name = stage.__name__.strip("_")
                    print(
                        f"{container:10} {name:8} {images:7,} {seconds:7.2f} {cpu_s:7.2f} "
                        f"{images / max(seconds, 1e-9):9.0f} {peak_mib:9.0f}",
                        flush=True,
                    )


def write(path: Path, images: int, edge_px: int) -> None:
    """Write an archive of noise, image by image."""
    container = archive.container_of(path) or "folder"
    archive.write_session(path, tables_of(images, edge_px), noise(images, edge_px), container)


def unpack(path: Path, images: int, edge_px: int) -> None:
    """List the container; a packed one is unpacked for it."""
    open_container(path, LIMITS).close()


def open_(path: Path, images: int, edge_px: int) -> None:
    """Open the session: ``unpack``, tables and the headers of images."""
    archive.open_session(path).close()


def read(path: Path, images: int, edge_px: int) -> None:
    """Open the session and read every image."""
    with archive.open_session(path) as session:
        for file in session.tables["images"]["file"]:
            session.pixels.read(file)


def check(path: Path, images: int, edge_px: int) -> None:
    """Check the archive from end to end."""
    assert archive.check(path).ok


def tables_of(images: int, edge_px: int) -> dict[str, pd.DataFrame]:
    """A session of tiles with their targets and a shot of each."""
    ids = [f"i{k}" for k in range(images)]
    sites = [f"{image}t{k}" for image in ids for k in range(TARGETS_AN_IMAGE)]
    return {
        "sessions": pd.DataFrame({"session_id": ["bench"], "origin": "simulated"}),
        "grids": pd.DataFrame({"grid_id": ["g"], "foil_material": "gold"}),
        "images": pd.DataFrame(
            {
                "image_id": ids, "grid_id": "g", "kind": "tile", "file": [f"{image}.mrc" for image in ids],
                "rows_px": edge_px, "cols_px": edge_px, "pixel_size_a": 400.0, "viewed": True,
            }
        ),
        "targets": pd.DataFrame(
            {
                "target_id": sites, "image_id": np.repeat(ids, TARGETS_AN_IMAGE), "kind": "square",
                "row_px": 10.5, "col_px": 20.5, "source": "vendor", "decision": "selected",
            }
        ),
        "exposures": pd.DataFrame({"exposure_id": [f"{site}e" for site in sites], "target_id": sites}),
    }  # fmt: skip


def noise(images: int, edge_px: int) -> Iterator[tuple[str, np.ndarray, float]]:
    """Even noise about 900 counts a pixel."""
    rng = np.random.default_rng(0)
    for k in range(images):
        yield f"i{k}.mrc", rng.integers(850, 950, (edge_px, edge_px), dtype=np.int16), 400.0


def in_own_process(stage, *arguments) -> tuple[float, float, float]:
    """Run a stage in a new process; give its seconds, those of the CPU, and its peak of memory [MiB]."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=timed, args=(theirs, stage, *arguments))
    process.start()
    theirs.close()
    result = ours.recv()
    process.join()
    return result


def timed(pipe, stage, *arguments) -> None:
    """Run a stage and send what ``in_own_process`` gives."""
    archive.open_session, archive.write_session, archive.check  # noqa: B018 - imported before the clock starts
    start, cpu_start = time.perf_counter(), time.process_time()
    stage(*arguments)
    seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu_start
    pipe.send((seconds, cpu_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


if __name__ == "__main__":
    main()
