"""How often chance alone promotes a model of the champion's own worth.

The gain in the primary figure is a mean over sessions. Gains of sessions are drawn about zero, from a normal
distribution and from one of heavy tails (Student's t, 3 degrees of freedom), many times over; counted is how
often the interval of their mean lies above zero: with plain percentiles of the bootstrap, and as widened.

    python benchmarks/promotion.py [--trials 4000]
"""

import argparse
from collections.abc import Callable

import numpy as np

from ptolemy_kedro.evaluation.contest import TAIL, widened_tail

SESSIONS = (6, 8, 12, 20, 30, 60)
DRAWS, AT_ONCE = 1000, 200

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
GAINS: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "heavy tails": lambda rng, shape: rng.standard_t(3, size=shape),
}


def promoted(draw: Draw, sessions: int, trials: int) -> tuple[float, float]:
    """Share of trials with an interval above zero: plain percentiles, and widened ones."""
    rng = np.random.default_rng(sessions)
    above = np.zeros(2)
    for _ in range(trials // AT_ONCE):
        gains = draw(rng, (AT_ONCE, sessions))
        means = gains[:, rng.integers(sessions, size=(DRAWS, sessions))].mean(axis=2)
        above += (np.quantile(means, [TAIL, widened_tail(sessions)], axis=1) > 0).sum(axis=1)
    return tuple(above / (trials // AT_ONCE * AT_ONCE))


def main() -> None:
    """Print a row a number of sessions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=4000)
    trials = parser.parse_args().trials
    print(f"{'gains':12} {'sessions':>8} {'plain':>6} {'widened':>8}   (meant: {TAIL})")
    for name, draw in GAINS.items():
        for sessions in SESSIONS:
            plain, wide = promoted(draw, sessions, trials)
            print(f"{name:12} {sessions:8} {plain:6.3f} {wide:8.3f}")


if __name__ == "__main__":
    main()
