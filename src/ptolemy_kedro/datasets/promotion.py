"""Champion and challenger of a registered name, their comparison, and what came of it."""

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from ptolemy_kedro.datasets.document import JsonDataset
from ptolemy_kedro.errors import RegistryError

if TYPE_CHECKING:
    from ptolemy_kedro.evaluation.contest import Contest

log = logging.getLogger(__name__)


class ContestDataset(AbstractDataset[None, "Contest"]):
    """The registry's champion and challenger of a name, and the earlier looks at the sessions held out.

    Args:
        name: Registered name.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, name: str, metadata: dict[str, Any] | None = None) -> None:
        self._name = name
        self.metadata = metadata

    def load(self) -> "Contest":
        from ptolemy_kedro import registry
        from ptolemy_kedro.home import find_home

        return registry.contest(find_home(), self._name)

    def save(self, data: None) -> None:
        raise RegistryError("A contest is read from the registry and not written.")

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name}


class ComparisonDataset(JsonDataset):
    """A comparison of champion and challenger, as JSON; saving it counts as a look at the held-out sessions.

    Args:
        path: The file.
        metadata: For Kedro-Viz.
    """

    def save(self, comparison: dict[str, Any]) -> None:
        from ptolemy_kedro import registry
        from ptolemy_kedro.home import find_home

        if comparison["challenger"] is not None:
            registry.record_look(find_home(), comparison)
        super().save(comparison)


class PromotionDataset(JsonDataset):
    """What was decided, as JSON; saving it promotes the challenger, or notes why it is not.

    Saving the same again changes nothing, and does what a killed run left undone.

    Args:
        path: The file.
        metadata: For Kedro-Viz.
    """

    def save(self, decision: dict[str, Any]) -> None:
        from ptolemy_kedro import registry
        from ptolemy_kedro.home import find_home

        registry.settle(find_home(), decision)
        log.info(decision["said"])
        super().save(decision | {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"})
