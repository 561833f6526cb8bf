"""How many selected squares are found on simulated sessions, and how much is found that is no square.

    python benchmarks/simulated_squares.py [--sessions 40] [--seed 20000] [--tiles 6] [--held-out] [--each]

Sessions are simulated from seeds counting up from ``--seed``: 20,000s for the figure, others to work on.
Tiles and atlases are judged apart. What counts:

- wanted: a square the operator selected, in every image that shows at least 40 % of it;
- found: a find's middle lies within half an edge of the middle of the square's visible part, matched one to
  one with all openings in view, so that no find counts twice;
- spurious: a find left over by that matching, whatever it is: a bar, dirt, or a second piece of one square
  (``doubles``, counted in and named apart).

Of the published method the middle of each box counts, its boxes being what it crops; on the atlas its least
area of 100 px^2 stands, as published. Intervals are a 95 % bootstrap over sessions.
"""

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ptolemy_kedro.simulation import SimulatedSession, SimulateOptions, simulate_session
from ptolemy_kedro.simulation.visit import SEEN_SHARE
from ptolemy_kedro.squares.published import find_squares_as_published
from ptolemy_kedro.squares.segmentation import find_squares

FINDERS = {"ours": find_squares, "published": find_squares_as_published}
KINDS = ("tile", "atlas")
COUNTED = ("wanted", "found", "finds", "spurious", "doubles")
RECALL, SPURIOUS = 0.995, 0.02
REACH = 0.5
"""A find belongs to an opening within this share of its edge from the middle of its visible part."""


@dataclass(frozen=True)
class Matched:
    """What was found in one image.

    Attributes:
        wanted: Which openings are selected squares that count; shape (openings,).
        found: Which openings have a find; shape (openings,).
        spurious: Which finds belong to none; shape (finds,).
        doubles: Which of these lie in one all the same; shape (finds,).
    """

    wanted: NDArray[np.bool_]
    found: NDArray[np.bool_]
    spurious: NDArray[np.bool_]
    doubles: NDArray[np.bool_]

    @property
    def counts(self) -> NDArray[np.int64]:
        """The numbers of ``COUNTED``."""
        hit = self.wanted & self.found
        return np.array(
            [self.wanted.sum(), hit.sum(), len(self.spurious), self.spurious.sum(), self.doubles.sum()]
        )


def match(centres: NDArray[np.float64], openings: pd.DataFrame, selected: set[str]) -> Matched:
    """Match finds one to one with the openings in view of an image.

    Args:
        centres: Of the finds, (row, col) [px]; shape (finds, 2).
        openings: The image's rows of the truth's ``outlines``.
        selected: ``true_id`` of the squares that the operator selected.
    """
    wanted = openings["true_id"].isin(selected) & (openings["share_in_view"] >= SEEN_SHARE)
    middles = openings[["seen_row_px", "seen_col_px"]].to_numpy(float)
    corners = np.stack([openings[[f"row{i}_px", f"col{i}_px"]].to_numpy(float) for i in range(4)], axis=1)
    edge = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).mean(axis=1)
    gaps = np.linalg.norm(middles[:, None] - centres[None], axis=2) / edge[:, None]
    near = gaps <= REACH
    rows, cols = linear_sum_assignment(np.where(near, gaps - 1e3, 0))
    hit = near[rows, cols]
    found, spurious = np.zeros(len(middles), bool), np.ones(len(centres), bool)
    found[rows[hit]], spurious[cols[hit]] = True, False
    inside = (np.linalg.norm(corners.mean(axis=1)[:, None] - centres[None], axis=2) / edge[:, None]) <= REACH
    return Matched(wanted.to_numpy(), found, spurious, spurious & inside.any(axis=0))


def matches(session: SimulatedSession) -> Iterator[tuple[str, str, NDArray, dict[str, Matched]]]:
    """Find squares in a session's images.

    Yields:
        Kind and name of the image, its pixels, and what each finder found.
    """
    squares, outlines = session.truth["squares"], session.truth["outlines"]
    selected = set(squares["true_id"][squares["selected"]])
    images = session.tables["images"].set_index("file")
    for file, pixels, _ in session.images:
        name, kind = images.loc[file, "image_id"], images.loc[file, "kind"]
        openings = outlines[outlines["image_id"] == name]
        found = {finder: find(pixels).centres for finder, find in FINDERS.items()}
        yield kind, name, pixels, {f: match(centres, openings, selected) for f, centres in found.items()}


def judge(seed: int, options: SimulateOptions) -> dict[tuple[str, str], NDArray[np.int64]]:
    """Count over one session, by kind of image and finder; the numbers of ``COUNTED``."""
    counts = {(kind, finder): np.zeros(len(COUNTED), np.int64) for kind in KINDS for finder in FINDERS}
    for kind, _, _, matched in matches(simulate_session(seed, options)):
        for finder, result in matched.items():
            counts[kind, finder] += result.counts
    return counts


def share(counts: NDArray[np.int64], part: str, of: str, draws: int = 2000) -> dict[str, float]:
    """Share of one number in another over all sessions, with its interval.

    Args:
        counts: One row a session, the columns as in ``COUNTED``.
        part: The number in the numerator.
        of: The number in the denominator.
        draws: Bootstrap samples of the sessions.
    """
    top, bottom = counts[:, COUNTED.index(part)], counts[:, COUNTED.index(of)]
    drawn = np.random.default_rng(0).integers(len(counts), size=(draws, len(counts)))
    ratios = top[drawn].sum(axis=1) / np.maximum(bottom[drawn].sum(axis=1), 1)
    value = top.sum() / max(bottom.sum(), 1)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return {"value": round(float(value), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def main() -> None:
    """Print the figures as JSON; end with an error where a bar is missed on the tiles."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--seed", type=int, default=20_000, help="of the first session")
    parser.add_argument("--tiles", type=int, default=6, help="tiles a session")
    parser.add_argument("--held-out", action="store_true", help="optics and operators that no training uses")
    parser.add_argument("--each", action="store_true", help="a line a session where something went wrong")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    drawn = "held_out" if given.held_out else "training"
    options = SimulateOptions(tiles=given.tiles, visited_squares=0, optics=drawn, operators=drawn)
    seeds = range(given.seed, given.seed + given.sessions)
    with ProcessPoolExecutor(given.workers) as pool:
        judged = list(pool.map(partial(judge, options=options), seeds))
    if given.each:
        print_each(seeds, judged)
    figures = {
        f"{kind}, {finder}": {
            "recall": share(rows := np.stack([one[kind, finder] for one in judged]), "found", "wanted"),
            "spurious share": share(rows, "spurious", "finds"),
            **dict(zip(COUNTED, rows.sum(axis=0).tolist(), strict=True)),
        }
        for kind in KINDS
        for finder in FINDERS
    }
    print(json.dumps(figures, indent=1))
    ours = figures["tile, ours"]
    if ours["recall"]["value"] < RECALL or ours["spurious share"]["value"] > SPURIOUS:
        raise SystemExit(f"Bar missed: recall of {RECALL} and at most {SPURIOUS} spurious on the tiles.")


def print_each(seeds: range, judged: list[dict[tuple[str, str], NDArray[np.int64]]]) -> None:
    """Print the counts of each session in which a finder missed or invented something."""
    for seed, one in zip(seeds, judged, strict=True):
        for (kind, finder), counts in one.items():
            named = dict(zip(COUNTED, counts.tolist(), strict=True))
            if named["found"] < named["wanted"] or named["spurious"]:
                print(f"{seed} {kind:<5} {finder:<9} {named}")


if __name__ == "__main__":
    main()
