"""Sessions with known truth: specimen, optics, operator, outcomes, export."""

from ptolemy_kedro.simulation.options import SimulateOptions
from ptolemy_kedro.simulation.session import SimulatedSession, simulate_session, simulate_sessions, write

__all__ = ["SimulateOptions", "SimulatedSession", "simulate_session", "simulate_sessions", "write"]
