"""Sessions with known truth: specimen, optics, operator, outcomes, export.

The names are fetched when they are used, so that reading the options costs no import of pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptolemy_kedro.simulation.options import SimulateOptions as SimulateOptions
    from ptolemy_kedro.simulation.session import SimulatedSession as SimulatedSession
    from ptolemy_kedro.simulation.session import simulate_session as simulate_session
    from ptolemy_kedro.simulation.session import simulate_sessions as simulate_sessions
    from ptolemy_kedro.simulation.session import write as write

_HOMES = {
    "SimulateOptions": "options",
    "SimulatedSession": "session",
    "simulate_session": "session",
    "simulate_sessions": "session",
    "write": "session",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
