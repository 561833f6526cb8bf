"""Speed and memory of hole crops, from images to storage, and of training our classifier at published size.

    python benchmarks/hole_crops.py [--images 2000] [--distinct 24] [--localiser FOLDER]
    python benchmarks/hole_crops.py --fit [--crops 571000] [--epochs 4]

Images of 1440 x 1024 px are simulated once, in sessions of six, and the sessions are located, described, cut
and stored again and again by the flow's own function, until there are enough. The fit reads no image: its
frames are noise with a disc, as many as the published 571k, in memory as a fit holds them.
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from ptolemy_kedro import simulation
from ptolemy_kedro.datasets import SessionCropsDataset
from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions
from ptolemy_kedro.holes.context import DESCRIPTORS
from ptolemy_kedro.holes.crops import HoleCropOptions
from ptolemy_kedro.holes.finding import LocateOptions
from ptolemy_kedro.holes.fit_classifier import fit_on_frames
from ptolemy_kedro.holes.locating import Locating, locate_in_session
from ptolemy_kedro.partitions import Part
from ptolemy_kedro.training.model import TrainedModel, read_model
from ptolemy_kedro.training.options import TrainOptions
from ptolemy_kedro.workers import executor

SEED, A_SESSION = 20_000, 6
LOCALISER = Path(__file__).parents[1] / "src" / "ptolemy_kedro" / "weights" / "hole-localiser"
RATE, MINUTES = 3.0, 30.0


def main() -> None:
    """Measure one of the two; end with an error where its bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--distinct", type=int, default=24)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--localiser", type=Path, default=LOCALISER)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--crops", type=int, default=571_000)
    parser.add_argument("--epochs", type=int, default=4)
    given = parser.parse_args()
    measure_fit(given.crops, given.epochs) if given.fit else measure_crops(given)


def measure_crops(given: argparse.Namespace) -> None:
    """Locate, describe, cut and store; print the rate and the memory early on and at the end."""
    onnx, config = read_model(given.localiser)
    locating = Locating(TrainedModel(onnx, config, ()), LocateOptions(), HoleCropOptions())
    with tempfile.TemporaryDirectory() as folder, executor(given.workers) as pool:
        kept = [simulated(Path(folder), seed) for seed in range(SEED, SEED + given.distinct // A_SESSION)]
        crops = SessionCropsDataset(path=str(Path(folder) / "crops"), schema="HoleCrops")
        begun, memory, done, count = time.perf_counter(), [], 0, 0
        while done < given.images:
            archive, session = kept[done // A_SESSION % len(kept)]
            tables = session.tables["images"], session.tables["grids"]
            holes, cut = locate_in_session(archive, *tables, locating, pool, given.workers)
            name = f"bench{done:05}"
            rows = cut.assign(session_id=name)
            crops.save(Part(name, name, lambda rows=rows: rows))
            done, count = done + images_of(session), count + len(holes)
            memory.append(resident_mib())
        seconds = time.perf_counter() - begun
    early, worker = max(memory[: max(1, len(memory) // 4)]), resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{done} images, {count} holes in {seconds:.0f} s: {done / seconds:.2f} images/s (bar: {RATE:g}); "
        f"{early:.0f} MiB in the first quarter, {max(memory):.0f} MiB at most; a worker "
        f"{worker.ru_maxrss / 1024:.0f} MiB at most"
    )
    if done / seconds < RATE:
        raise SystemExit("Bar missed.")


def simulated(folder: Path, seed: int) -> tuple[Path, simulation.SimulatedSession]:
    """Write one session of medium images."""
    options = simulation.SimulateOptions(
        tiles=2,
        tile_px=512,
        atlas_px=0,
        visited_squares=A_SESSION,
        patches_a_square=2,
        medium_images=A_SESSION,
    )
    session = simulation.simulate_session(seed, options)
    return simulation.write(session, folder / session.session_id), session


def images_of(session: simulation.SimulatedSession) -> int:
    """Count the medium images that have a file."""
    images = session.tables["images"]
    return int(((images["kind"] == "medium") & images["file"].notna()).sum())


def measure_fit(crops: int, epochs: int) -> None:
    """Fit our classifier to as many frames; print its time, and what an epoch takes."""
    rng, size = np.random.default_rng(0), HoleClassifierOptions().size_px
    frames = rng.integers(90, 166, (crops, 1, size, size), dtype=np.uint8)
    numbers = rng.normal(size=(crops, len(DESCRIPTORS))).astype(np.float32)
    frames[numbers[:, 0] > 0, :, 8:24, 8:24] += 20
    labels = np.where(numbers[:, 0] + rng.normal(size=crops) > -0.8, "selected", "rejected")
    sessions = np.char.add("s", (np.arange(crops) % 76).astype(str))
    options = HoleClassifierOptions(train=TrainOptions(epochs=epochs, patience=epochs, batch_size=256))
    begun, worked = time.perf_counter(), time.process_time()
    trained = fit_on_frames(frames, numbers, labels, sessions, options)
    seconds, worked = time.perf_counter() - begun, time.process_time() - worked
    assert isinstance(trained.curve, pd.DataFrame)
    epoch = trained.curve["seconds"].mean()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{crops} crops, {epochs} epochs in {seconds / 60:.1f} min (bar: {MINUTES:g} for 571,000), "
        f"{epoch:.0f} s an epoch, {crops / epoch:.0f} crops/s; {peak:.1f} GiB at most; "
        f"{worked / 60:.1f} min of processor; load {os.getloadavg()[0]:.1f}"
    )
    if seconds / 60 * 571_000 / crops > MINUTES:
        raise SystemExit("Bar missed.")


def resident_mib() -> float:
    """Read this process's memory off /proc."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
