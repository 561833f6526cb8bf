"""Simulated sessions with their squares found, kept aside: rankers learn from some and are judged by others.

Kept under a digest of what simulator and segmentation make of one small session, so that only a change of
what they make starts anew. The truth is kept apart, and only what judges asks for it.
"""

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.files import atomic_file, atomic_folder, digest
from ptolemy_kedro.simulation.options import Drawn, SimulateOptions
from ptolemy_kedro.squares.crops import CropOptions
from ptolemy_kedro.squares.segmentation import SegmentOptions

if TYPE_CHECKING:
    import pandas as pd

    from ptolemy_kedro.simulation.session import SimulatedSession

SAMPLE_SEED = 0
"""Of the small session whose making names the code."""

REACH = 0.5
"""A find belongs to an opening within this share of an edge from the middle of its visible part."""


@dataclass(frozen=True)
class Rehearsed:
    """The squares of one simulated session.

    Attributes:
        squares: Every sighting, of whatever label (``tables.Squares``).
        crops: Of the same squares, in the same order (``tables.SquareCrops``).
        wanting: For judging only, a row a sighting in the same order: ``want`` (the operator's wanting
            without noise; missing where the find is no opening), ``family`` (of the operator).
        kept_in: Folder of the session.
    """

    squares: "pd.DataFrame"
    crops: "pd.DataFrame"
    wanting: "pd.DataFrame"
    kept_in: Path | None = None

    def looked_at(self) -> "pd.DataFrame":
        """Give the squares with what is seen of them (``sight.PERCEIVED``), kept with the session."""
        import pandas as pd

        from ptolemy_kedro.squares.sight import PERCEIVED, shipped_sight, with_sight

        if self.kept_in is None:
            return with_sight(self.squares, self.crops)
        place = self.kept_in / f"seen {shipped_sight().digest}.parquet"
        if not place.is_file():
            seen = with_sight(self.squares, self.crops)[list(PERCEIVED)]
            with atomic_file(place) as aside:
                seen.to_parquet(aside, index=False)
        return pd.concat([self.squares, pd.read_parquet(place)], axis=1)


def rehearse(
    seeds: Iterable[int], tiles: int, aside: Path, drawn: Drawn = "training", workers: int = 2
) -> Iterator[Rehearsed]:
    """Simulate sessions and find their squares, or read what was made of them before.

    Args:
        seeds: Of the sessions.
        tiles: A session, and an atlas.
        aside: Folder that they are kept in.
        drawn: Which optics and operators.
        workers: Processes.

    Yields:
        The sessions in the order of their seeds.
    """
    place = aside / f"{_made_by()[:16]}-{tiles}-{drawn}"
    work = partial(_kept, tiles=tiles, drawn=drawn, aside=place)
    seeds = list(seeds)
    missing = [seed for seed in seeds if not _folder(place, seed).is_dir()]
    if missing:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            for _ in pool.map(work, missing, chunksize=4):
                pass
    for seed in seeds:
        yield _read(_folder(place, seed))


def _kept(seed: int, tiles: int, drawn: Drawn, aside: Path) -> None:
    """Simulate one session and keep its squares; quietly done where it was done before."""
    os.environ["OMP_NUM_THREADS"] = "1"
    with atomic_folder(_folder(aside, seed)) as folder:
        made = find(_simulate(seed, tiles, drawn))
        for name, table in (("squares", made.squares), ("crops", made.crops), ("wanting", made.wanting)):
            table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")


def _read(folder: Path) -> Rehearsed:
    import pandas as pd

    squares, crops, wanting = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("squares", "crops", "wanting")
    )
    return Rehearsed(squares, crops, wanting, folder)


def _folder(aside: Path, seed: int) -> Path:
    return aside / f"sim{seed:05d}"


@cache
def _made_by() -> str:
    """Digest what the code of today makes of a small session."""
    small = SimulateOptions(tiles=1, tile_px=384, squares_a_tile=9, atlas_px=256, visited_squares=0)
    from ptolemy_kedro.simulation.session import simulate_session

    made = find(simulate_session(SAMPLE_SEED, small))
    numbers = made.squares.select_dtypes("number").to_numpy(float)
    pixels = b"".join(made.crops["pixels"])
    return digest(np.round(numbers, 6).tobytes(), " ".join(made.squares["label"]), pixels)


def _simulate(seed: int, tiles: int, drawn: Drawn) -> "SimulatedSession":
    from ptolemy_kedro.simulation.session import simulate_session

    options = SimulateOptions(tiles=tiles, visited_squares=0, optics=drawn, operators=drawn)
    return simulate_session(seed, options)


def find(session: "SimulatedSession") -> Rehearsed:
    """Find the squares of a simulated session, as the flows do."""
    import pandas as pd

    from ptolemy_kedro.squares.finding import KINDS, find_in_image
    from ptolemy_kedro.squares.table import join_sightings

    raw = session.tables
    rows = {str(row["file"]): row for row in raw["images"].to_dict("records")}
    found = [
        find_in_image(rows[file], pixels, SegmentOptions(), CropOptions())  # type: ignore[arg-type]
        for file, pixels, _ in session.images
        if rows[file]["kind"] in KINDS
    ]
    squares = pd.concat([table for table, _ in found if len(table)], ignore_index=True)
    crops = pd.concat([table for _, table in found if len(table)], ignore_index=True)
    squares = join_sightings(squares, raw["targets"], raw["images"])
    return Rehearsed(squares, crops, _wanting(squares, session))


def _wanting(squares: "pd.DataFrame", session: "SimulatedSession") -> "pd.DataFrame":
    """Look up how much the operator wanted the opening that each sighting shows."""
    import pandas as pd

    truth = session.truth
    outlines = dict(list(truth["outlines"].groupby("image_id")))
    true_id = pd.Series("", index=squares.index)
    for image_id, rows in squares.groupby("image_id"):
        true_id[rows.index] = _openings_at(rows[["row_px", "col_px"]].to_numpy(float), outlines[image_id])
    want = truth["squares"].set_index("true_id")["want"].reindex(true_id).to_numpy()
    family = truth["operators"]["family"].iloc[0]
    return pd.DataFrame(
        {"square_id": squares["square_id"], "true_id": true_id, "want": want, "family": family}
    )


def _openings_at(centres: NDArray[np.float64], openings: "pd.DataFrame") -> NDArray[np.object_]:
    """Name the opening that each find shows, by the middle of what is in view; empty where there is none."""
    from scipy.spatial import cKDTree

    ends = openings[["row0_px", "col0_px"]].to_numpy() - openings[["row1_px", "col1_px"]].to_numpy()
    gap, at = cKDTree(openings[["seen_row_px", "seen_col_px"]].to_numpy()).query(centres)
    return np.where(gap <= REACH * np.hypot(*ends.T)[at], openings["true_id"].to_numpy(object)[at], "")
