"""How often the sessions held out for good were looked at, remembered beside the models.

Who looks at the same sessions often enough finds a model that suits them by chance: so the looks are counted
and shown. Comparing the same two versions on the same data again shows nothing new and counts once.
"""

import json
from typing import Any

from ptolemy_kedro.errors import RegistryError
from ptolemy_kedro.files import atomic_file
from ptolemy_kedro.home import Home
from ptolemy_kedro.locks import locked


def earlier_looks(home: Home, name: str) -> tuple[dict[str, Any], ...]:
    """List the comparisons made so far, the first one first.

    Raises:
        RegistryError: The list is damaged.
    """
    path = _path(home, name)
    try:
        return tuple(json.loads(path.read_text()))
    except FileNotFoundError:
        return ()
    except ValueError as failure:
        raise RegistryError(f"{path} is damaged ({failure}). Put back a copy of it.") from None


def record_look(home: Home, name: str, look: dict[str, Any]) -> None:
    """Write a comparison down, unless it was before.

    Args:
        home: Where it is remembered.
        name: Registered name.
        look: ``key`` of what was compared on what, ``sessions`` that judged, and what was found.

    Raises:
        RegistryError: The list is damaged.
        StorageError: It cannot be written.
    """
    path = _path(home, name)
    with locked(path.with_suffix(".lock"), f"The list of looks {path}", 10):
        known = earlier_looks(home, name)
        if look["key"] not in {one["key"] for one in known}:
            with atomic_file(path) as aside:
                aside.write_text(json.dumps([*known, look], indent=1) + "\n")


def _path(home: Home, name: str):
    return home.path / "looks" / f"{name}.json"
