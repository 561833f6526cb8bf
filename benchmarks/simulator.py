"""How fast tiles are simulated, how many selected squares are found on them, and what the operators come to.

    python benchmarks/simulator.py [--sessions 12] [--first 20000] [--tiles 4] [--held-out]

Prints tiles a second and core (of processor time); the recall of the selected squares and the spurious share,
by our segmentation and by the published one; the base rate of selected squares; how the variance of good
outcomes is shared between the levels.
"""

import argparse
import json
import time

import numpy as np
import pandas as pd

from ptolemy_kedro.simulation import SimulatedSession, SimulateOptions, simulate_session
from ptolemy_kedro.simulation.outcomes import GOOD_A
from ptolemy_kedro.simulation.visit import SEEN_SHARE
from ptolemy_kedro.squares.published import find_squares_as_published
from ptolemy_kedro.squares.segmentation import find_squares

FINDERS = {"ours": find_squares, "published": find_squares_as_published}


def judge(session: SimulatedSession) -> dict[str, list]:
    """Render a session's tiles, and hold what each finder finds against the truth."""
    counts: dict[str, list] = {name: [0, 0, 0, 0] for name in FINDERS}
    squares, outlines = session.truth["squares"], session.truth["outlines"]
    images = session.tables["images"].set_index("file")
    selected = set(squares["true_id"][squares["selected"]])
    wanted = outlines[outlines["true_id"].isin(selected) & (outlines["share_in_view"] >= SEEN_SHARE)]
    spent, rendered, started = 0.0, 0, time.process_time()
    for file, pixels, _ in session.images:
        spent, rendered = spent + time.process_time() - started, rendered + 1
        image_id = images.loc[file, "image_id"]
        if images.loc[file, "kind"] == "tile":
            here = outlines[outlines["image_id"] == image_id]
            for name, find in FINDERS.items():
                counts[name] = [
                    a + b
                    for a, b in zip(counts[name], score(find(pixels).centres, here, wanted), strict=True)
                ]
        started = time.process_time()
    return counts | {"time": [spent, rendered]}


def score(found: np.ndarray, here: pd.DataFrame, wanted: pd.DataFrame) -> tuple[int, int, int, int]:
    """Count wanted squares in view, those of them found, all found, and the spurious among these.

    A square is found by the nearest centre within a quarter of its diagonal, one each; a find is spurious
    where no opening lies within half a diagonal.
    """
    here = here[here["share_in_view"] > 0.02]
    mine = here["true_id"].isin(wanted["true_id"]) & (here["share_in_view"] >= SEEN_SHARE)
    if not len(here) or not len(found):
        return int(mine.sum()), 0, len(found), len(found)
    centres = here[["seen_row_px", "seen_col_px"]].to_numpy()
    diagonal = np.hypot(here["row0_px"] - here["row2_px"], here["col0_px"] - here["col2_px"]).to_numpy()
    distance = np.hypot(*(found[:, None] - centres[None]).transpose(2, 0, 1)) / diagonal
    owner = np.where(distance.min(axis=1) < 0.25, distance.argmin(axis=1), -1)
    hit = np.isin(np.arange(len(here)), owner) & mine.to_numpy()
    return int(mine.sum()), int(hit.sum()), len(found), int((distance.min(axis=1) > 0.5).sum())


def variance_shares(outcomes: pd.DataFrame) -> dict[str, float]:
    """Share of the variance of a good outcome that lies between squares, and between patches."""
    good = (outcomes["value"] <= GOOD_A).astype(float)
    square = outcomes["session_id"] + outcomes["exposure_id"].str.rsplit("_", n=2).str[0]
    patch = outcomes["session_id"] + outcomes["exposure_id"].str.rsplit("_", n=1).str[0]
    shares = {}
    for name, group in {"square": square, "patch": patch}.items():
        shares[name] = float(good.groupby(group).transform("mean").var() / good.var())
    return shares


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=12)
    parser.add_argument("--first", type=int, default=20_000, help="seed of the first session")
    parser.add_argument("--tiles", type=int, default=4, help="tiles a session")
    parser.add_argument("--held-out", action="store_true", help="optics and operators no training used")
    given = parser.parse_args()
    drawn = "held_out" if given.held_out else "training"
    options = SimulateOptions(tiles=given.tiles, atlas_px=0, optics=drawn, operators=drawn)
    totals: dict[str, np.ndarray] = {}
    rates, outcomes = [], []
    for seed in range(given.first, given.first + given.sessions):
        session = simulate_session(seed, options)
        for name, numbers in judge(session).items():
            totals[name] = totals.get(name, 0) + np.array(numbers)
            if name in FINDERS and (numbers[1] < numbers[0] or numbers[3]):
                print(f"  {session.session_id} {name}: {numbers}", flush=True)
        seen = session.truth["outlines"].query("share_in_view >= @SEEN_SHARE")["true_id"].unique()
        squares = session.truth["squares"].set_index("true_id")
        rates.append(float(squares["selected"].reindex(seen).mean()))
        outcomes.append(session.tables["outcomes"])
    spent, rendered = totals.pop("time")
    figures = {
        "tiles_a_second_and_core": round(rendered / spent, 2),
        "base_rate": round(float(np.mean(rates)), 3),
    }
    for name, (wanted, hit, found, spurious) in totals.items():
        figures[name] = {"recall": round(hit / max(wanted, 1), 4), "selected": int(wanted)}
        figures[name] |= {"spurious": round(spurious / max(found, 1), 4), "found": int(found)}
    figures["variance_shares"] = variance_shares(pd.concat(outcomes))
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
