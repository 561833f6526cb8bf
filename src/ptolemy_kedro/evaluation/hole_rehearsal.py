"""Simulated sessions with their holes cut out, kept aside: what the shipped hole classifier learns from.

Kept under a digest of the code that makes them. The truth is kept apart, and only what judges asks for it.
"""

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.files import atomic_folder
from ptolemy_kedro.holes.crops import HoleCropOptions
from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.provenance import code_of
from ptolemy_kedro.simulation.options import Drawn, SimulateOptions

if TYPE_CHECKING:
    import pandas as pd

    from ptolemy_kedro.holes.localiser import HoleLocaliser
    from ptolemy_kedro.simulation.session import SimulatedSession

CROPS = HoleCropOptions(largest_px=64)
"""Crops are kept no larger than what any classifier here sees."""

MOST_HOLES = 80
"""An image gives at most so many holes, drawn by chance: an image of a whole square holds hundreds."""

REACH = 0.5
"""A found hole is a true one within so many radii."""

AIM = 0.03
"""Without a localiser true holes are taken, off by so many radii."""


TRUTH = ("want", "ice_nm", "rank", "dirt", "around", "bar", "state")
"""The operator's wanting without noise, and what was so: ice [nm] and its rank among the open holes of the
image, dirt and dirt around, distance of the centre to the bar [radii], state."""


@dataclass(frozen=True)
class RehearsedHoles:
    """The holes of one simulated session.

    Attributes:
        holes: As a flow finds and labels them (``tables.Holes``).
        crops: Of the same holes, in the same order (``tables.HoleCrops``).
        truth: For judging, and for what learns to see, a row a hole in the same order: ``TRUTH`` (missing
            where the find is no hole), ``family`` (of the operator).
    """

    holes: "pd.DataFrame"
    crops: "pd.DataFrame"
    truth: "pd.DataFrame"


def rehearse_holes(
    seeds: Iterable[int],
    aside: Path,
    localiser: Path | None = None,
    images: int = 6,
    drawn: Drawn = "training",
    workers: int = 2,
) -> Iterator[RehearsedHoles]:
    """Simulate sessions and find their holes, or read what was made of them before.

    Args:
        seeds: Of the sessions.
        aside: Folder that they are kept in.
        localiser: Folder of the model that finds the holes; without one the true holes are taken as found.
        images: Medium images a session.
        drawn: Which optics and operators.
        workers: Processes.

    Yields:
        The sessions in the order of their seeds; those in whose images no hole is found are left out.
    """
    place = aside / f"{_made_by(localiser)}-{images}-{drawn}"
    work = partial(_kept, images=images, drawn=drawn, localiser=localiser, aside=place)
    seeds = list(seeds)
    missing = [seed for seed in seeds if not _folder(place, seed).is_dir()]
    if missing and workers > 1:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            for _ in pool.map(work, missing, chunksize=4):
                pass
    elif missing:
        for seed in missing:
            work(seed)
    for seed in seeds:
        made = _read(_folder(place, seed))
        if len(made.holes):
            yield made


def session_options(images: int, drawn: Drawn) -> SimulateOptions:
    """Ask for a session of medium images, and for as little else as can be."""
    return SimulateOptions(
        tiles=2, tile_px=512, squares_a_tile=20, atlas_px=0, visited_squares=images, patches_a_square=2,
        holes_a_patch=1, medium_images=images, medium_px=720, optics=drawn, operators=drawn,
    )  # fmt: skip


def find_and_judge(session: "SimulatedSession", localiser: "HoleLocaliser | None") -> RehearsedHoles:
    """Find, describe, cut out and label the holes of a session's medium images."""
    import pandas as pd

    from ptolemy_kedro import tables
    from ptolemy_kedro.holes.labels import with_labels

    rows = {row["file"]: row for row in session.tables["images"].to_dict("records")}
    parts = [
        _of_image(rows[file], pixels, session.truth["holes"], localiser)
        for file, pixels, _ in session.images
        if rows[file]["kind"] == "medium"
    ]
    parts = [part for part in parts if len(part[0])]
    if not parts:
        nothing = tables.empty(tables.Holes), tables.empty(tables.HoleCrops)
        return RehearsedHoles(*nothing, pd.DataFrame(columns=[*TRUTH, "family"]))
    found, cut, truth = zip(*parts, strict=True)
    holes: pd.DataFrame = pd.concat(found, ignore_index=True)
    crops: pd.DataFrame = pd.concat(cut, ignore_index=True)
    holes = with_labels(holes, session.tables["targets"], session.tables["images"])
    family = session.truth["hole_operators"]["family"].iloc[0]
    return RehearsedHoles(holes, crops, pd.concat(truth, ignore_index=True).assign(family=family))


def _of_image(
    image: dict, pixels: NDArray, truth: "pd.DataFrame", localiser: "HoleLocaliser | None"
) -> "tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]":
    from ptolemy_kedro.holes.context import describe_holes
    from ptolemy_kedro.holes.crop_table import hole_crop_table
    from ptolemy_kedro.holes.crops import cut_hole_crops
    from ptolemy_kedro.holes.finding import find_holes
    from ptolemy_kedro.holes.table import holes_table

    size_a, true = image["pixel_size_a"], truth[truth["image_id"] == image["image_id"]]
    found = find_holes(pixels, localiser, pixel_size_a=size_a) if localiser else as_found(true)
    described = describe_holes(pixels, found, size_a)
    rng = np.random.default_rng(len(found))
    some = np.sort(rng.permutation(len(found))[:MOST_HOLES])
    table = holes_table(image["session_id"], image, found, described, pixels.shape[:2]).iloc[some]
    crops = cut_hole_crops(pixels, found[some], CROPS)
    so = truth_of(table, true, size_a * 1e-4)
    return table, hole_crop_table(image["session_id"], table["hole_id"].tolist(), crops), so


def as_found(true: "pd.DataFrame") -> FoundHoles:
    """Take the open ones of an image's true holes as found, a little off, and on no lattice."""
    shown = true[true["open"].astype(bool)]
    centres, radius = shown[["row_px", "col_px"]].to_numpy(float), shown["radius_px"].to_numpy(float)
    rng, n = np.random.default_rng(len(shown)), len(shown)
    return FoundHoles(
        centres + AIM * radius[:, None] * rng.normal(size=(n, 2)), radius * np.exp(AIM * rng.normal(size=n)),
        np.ones(n), np.zeros(n, bool), np.full(n, -1), np.zeros((n, 2), np.int64), localiser="truth",
    )  # fmt: skip


def truth_of(holes: "pd.DataFrame", true: "pd.DataFrame", pixel_um: float) -> "pd.DataFrame":
    """Look up ``TRUTH`` of the true hole at each found one of an image; missing where there is none."""
    from scipy.spatial import cKDTree

    ice, open_ = np.maximum(true["ice_nm"].to_numpy(float), 3.0), true["open"].to_numpy(bool)
    so = true.assign(
        rank=np.searchsorted(np.sort(ice[open_]), ice) / max(open_.sum(), 1),
        bar=true["bar_um"] / (true["radius_px"] * pixel_um),
    )[list(TRUTH)].reset_index(drop=True)
    if not len(true) or not len(holes):
        return so.reindex(np.full(len(holes), -1)).reset_index(drop=True)
    gaps, nearest = cKDTree(true[["row_px", "col_px"]]).query(holes[["row_px", "col_px"]])
    near = gaps <= REACH * true["radius_px"].to_numpy(float)[nearest]
    return so.reindex(np.where(near, nearest, -1)).reset_index(drop=True)


def _kept(seed: int, images: int, drawn: Drawn, localiser: Path | None, aside: Path) -> None:
    """Simulate one session and keep its holes."""
    os.environ["OMP_NUM_THREADS"] = "1"
    from ptolemy_kedro.simulation.session import simulate_session

    session = simulate_session(seed, session_options(images, drawn))
    with atomic_folder(_folder(aside, seed)) as folder:
        made = find_and_judge(session, _open(localiser))
        for name in ("holes", "crops", "truth"):
            getattr(made, name).to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")


def _open(localiser: Path | None) -> "HoleLocaliser | None":
    from ptolemy_kedro.holes.localiser import HoleLocaliser
    from ptolemy_kedro.runtime import OnnxModel
    from ptolemy_kedro.training.model import read_model

    if localiser is None:
        return None
    onnx, config = read_model(localiser)
    return HoleLocaliser(OnnxModel(onnx, threads=1), config)


def _read(folder: Path) -> RehearsedHoles:
    import pandas as pd

    return RehearsedHoles(*(pd.read_parquet(folder / f"{n}.parquet") for n in ("holes", "crops", "truth")))


def _folder(aside: Path, seed: int) -> Path:
    return aside / f"sim{seed:05d}"


def _made_by(localiser: Path | None) -> str:
    """Name the code, and the localiser, that sessions are made by."""
    import hashlib

    from ptolemy_kedro.simulation.session import simulate_session

    found_by = (localiser / "digests.json").read_text() if localiser else "truth"
    digests = code_of(simulate_session), code_of(find_and_judge), found_by
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]
