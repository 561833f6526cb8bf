"""How often the sessions held out for good were looked at, remembered beside the models.

Who looks at the same sessions often enough finds a model that suits them by chance: so the looks are counted
and shown. Comparing the same two versions on the same data again shows nothing new and counts once.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ptolemy_kedro.errors import RegistryError
from ptolemy_kedro.files import atomic_file
from ptolemy_kedro.home import Home
from ptolemy_kedro.locks import locked

PATIENCE_S = 10.0


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


def record_look(home: Home, comparison: dict[str, Any]) -> None:
    """Write a comparison down, unless it was before.

    Args:
        home: Where it is remembered.
        comparison: As ``evaluation.promotion.hold`` gives it.

    Raises:
        RegistryError: The list is damaged.
        StorageError: It cannot be written.
    """
    path = _path(home, comparison["name"])
    with locked(path.with_suffix(".lock"), f"The list of looks {path}", PATIENCE_S):
        known = earlier_looks(home, comparison["name"])
        if comparison["key"] not in {look["key"] for look in known}:
            look = {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "key": comparison["key"]}
            look |= {role: comparison[role] for role in ("champion", "challenger")}
            with atomic_file(path) as aside:
                aside.write_text(json.dumps([*known, look | {"sessions": comparison["judges"]}], indent=1))


def _path(home: Home, name: str) -> Path:
    return home.path / "looks" / f"{name}.json"
