"""Session archives, version 1: what a session left on disk, and one Session model of it.

``docs/session-archive.md`` is the format. The names are fetched when they are used, so that reading one image
(``archive.images``) costs no import of pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptolemy_kedro.archive.containers import CONTAINERS as CONTAINERS
    from ptolemy_kedro.archive.containers import container_of as container_of
    from ptolemy_kedro.archive.findings import Report as Report
    from ptolemy_kedro.archive.limits import Limits as Limits
    from ptolemy_kedro.archive.session import ImageStore as ImageStore
    from ptolemy_kedro.archive.session import Session as Session
    from ptolemy_kedro.archive.session import check as check
    from ptolemy_kedro.archive.session import open_pixels as open_pixels
    from ptolemy_kedro.archive.session import open_session as open_session
    from ptolemy_kedro.archive.session import stated_id as stated_id
    from ptolemy_kedro.archive.writing import write_session as write_session

_HOMES = {
    "CONTAINERS": "containers",
    "container_of": "containers",
    "Report": "findings",
    "Limits": "limits",
    "ImageStore": "session",
    "Session": "session",
    "check": "session",
    "open_pixels": "session",
    "open_session": "session",
    "stated_id": "session",
    "write_session": "writing",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
