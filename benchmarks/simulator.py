"""How fast tiles are simulated, and what the operators come to.

    python benchmarks/simulator.py [--sessions 12] [--first 20000] [--tiles 4] [--held-out]

Prints tiles a second and core (of processor time); the base rate of selected squares; how the variance of
good outcomes is shared between the levels. How many squares are found on them: ``simulated_squares.py``.
"""

import argparse
import json
import time

import numpy as np
import pandas as pd

from ptolemy_kedro.simulation import SimulatedSession, SimulateOptions, simulate_session
from ptolemy_kedro.simulation.outcomes import GOOD_A
from ptolemy_kedro.simulation.visit import SEEN_SHARE


def render(session: SimulatedSession) -> tuple[int, float]:
    """Render a session's images; how many they are, and the processor time [s]."""
    started = time.process_time()
    return sum(1 for _ in session.images), time.process_time() - started


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
    rates, outcomes, rendered = [], [], []
    for seed in range(given.first, given.first + given.sessions):
        session = simulate_session(seed, options)
        rendered.append(render(session))
        outlines = session.truth["outlines"]
        seen = outlines["true_id"][outlines["share_in_view"] >= SEEN_SHARE].unique()
        squares = session.truth["squares"].set_index("true_id")
        rates.append(float(squares["selected"].reindex(seen).mean()))
        outcomes.append(session.tables["outcomes"])
    images, spent = np.sum(rendered, axis=0)
    figures = {
        "tiles_a_second_and_core": round(images / spent, 2),
        "base_rate": round(float(np.mean(rates)), 3),
    }
    figures["variance_shares"] = variance_shares(pd.concat(outcomes))
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
