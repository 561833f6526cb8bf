"""The nodes of ``simulate``."""

from typing import Any

from ptolemy_kedro.partitions import Part
from ptolemy_kedro.simulation.options import SimulateOptions
from ptolemy_kedro.simulation.promise import promised_new_session, promised_sessions


def simulate_sessions(options: SimulateOptions) -> list[Part[Any]]:
    """Promise simulated sessions; they are simulated as they are written, and only where they are stale."""
    return promised_sessions(options)


def simulate_new_session(options: SimulateOptions) -> list[Part[Any]]:
    """Promise the session that ``target`` takes in the demo; no model learns from it."""
    return promised_new_session(options)
