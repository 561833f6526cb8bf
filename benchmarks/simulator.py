"""How fast tiles and medium images are simulated, and what the operators come to.

    python benchmarks/simulator.py [--sessions 12] [--first 20000] [--tiles 4] [--medium 24] [--held-out]

Prints tiles and medium images a second and core (of processor time); the base rates of selected squares and
holes; the oracle's AUC over holes; how the variance of good outcomes is shared between the levels. How many
squares are found on them: ``simulated_squares.py``.
"""

import argparse
import json
import time
from itertools import islice

import numpy as np
import pandas as pd

from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.simulation import SimulatedSession, SimulateOptions, simulate_session
from ptolemy_kedro.simulation.medium import simulate_example
from ptolemy_kedro.simulation.outcomes import GOOD_A
from ptolemy_kedro.simulation.visit import SEEN_SHARE


def medium_rate(first: int, count: int, held_out: bool) -> float:
    """Simulate examples of 1024 x 1440 px, clicks and truth included; images a second and core."""
    started = time.process_time()
    for seed in range(first, first + count):
        simulate_example(seed, held_out=held_out, shape=(1024, 1440))
    return count / (time.process_time() - started)


def hole_figures(holes: pd.DataFrame) -> dict[str, float]:
    """Base rate of the open holes of images looked at, pooled and by session; the oracle's AUC."""
    seen = holes[holes["open"] & holes["viewed"]]
    sessions = [part for _, part in seen.groupby("session_id") if part["selected"].nunique() == 2]
    within = [roc_auc(part["want"].to_numpy(float), part["selected"].to_numpy(bool)) for part in sessions]
    return {
        "images": int(seen["image_id"].nunique()),
        "holes": len(seen),
        "base_rate": round(float(seen["selected"].mean()), 3),
        "base_rate_session_mean": round(float(seen.groupby("session_id")["selected"].mean().mean()), 3),
        "oracle_auc_within_session": round(float(np.mean(within)), 3),
    }


def holes_of(session: SimulatedSession) -> pd.DataFrame:
    """The truth of a session's holes, and whether anyone targeted in their image."""
    viewed = session.tables["images"].set_index("image_id")["viewed"]
    holes = session.truth["holes"]
    return holes.assign(
        image_id=holes["session_id"] + holes["image_id"], viewed=viewed.reindex(holes["image_id"]).to_numpy()
    )


def render(session: SimulatedSession, tiles: int) -> tuple[int, float]:
    """Render a session's tiles; how many they are, and the processor time [s]."""
    started = time.process_time()
    return sum(1 for _ in islice(session.images, tiles)), time.process_time() - started


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
    parser.add_argument("--medium", type=int, default=24, help="medium images to time")
    parser.add_argument("--held-out", action="store_true", help="optics and operators no training used")
    given = parser.parse_args()
    drawn = "held_out" if given.held_out else "training"
    options = SimulateOptions(tiles=given.tiles, atlas_px=0, medium_images=6, optics=drawn, operators=drawn)
    rates, outcomes, rendered, holes = [], [], [], []
    for seed in range(given.first, given.first + given.sessions):
        session = simulate_session(seed, options)
        rendered.append(render(session, given.tiles))
        holes.append(holes_of(session))
        outlines = session.truth["outlines"]
        seen = outlines["true_id"][outlines["share_in_view"] >= SEEN_SHARE].unique()
        squares = session.truth["squares"].set_index("true_id")
        rates.append(float(squares["selected"].reindex(seen).mean()))
        outcomes.append(session.tables["outcomes"])
    images, spent = np.sum(rendered, axis=0)
    figures = {
        "tiles_a_second_and_core": round(images / spent, 2),
        "medium_images_a_second_and_core": round(medium_rate(given.first, given.medium, given.held_out), 2),
        "base_rate_of_squares": round(float(np.mean(rates)), 3),
        "holes": hole_figures(pd.concat(holes)),
        "variance_shares": variance_shares(pd.concat(outcomes)),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
