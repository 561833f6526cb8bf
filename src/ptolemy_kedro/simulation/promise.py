"""Simulated sessions as promises: named and keyed before anything is simulated."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ptolemy_kedro.partitions import Part, key_of
from ptolemy_kedro.provenance import code_of
from ptolemy_kedro.simulation.options import SimulateOptions

if TYPE_CHECKING:
    from ptolemy_kedro.simulation.session import SimulatedSession


def promised_sessions(options: SimulateOptions) -> "list[Part[SimulatedSession]]":
    """Promise the sessions that the options ask for, their seeds counting up."""
    from ptolemy_kedro.simulation.session import simulate_session

    code = code_of(simulate_session)
    seeds = range(options.seed, options.seed + options.sessions)
    return [
        Part(
            f"sim{seed:05d}",
            key_of("simulate", code, seed, options),
            partial(simulate_session, seed, options),
        )
        for seed in seeds
    ]


def promised_new_session(options: SimulateOptions) -> "list[Part[SimulatedSession]]":
    """Promise one more session, of the seed after theirs: new to all that learnt from them."""
    return promised_sessions(replace(options, seed=options.seed + options.sessions, sessions=1))
