"""Champion against challenger, on the same sessions that were held out for good.

Whatever its kind, a model gives a sheet that can be measured under any weights of the sessions. Sessions
are drawn, both models are measured under the same draw, and the gain is what one measures more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from dataclasses import field
from math import sqrt
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from ptolemy_kedro.errors import ModelError, TableError
from ptolemy_kedro.metrics.ranking import Figure, drawn

if TYPE_CHECKING:
    from ptolemy_kedro.training.model import TrainedModel

LOWER_IS_BETTER = ("calibration_error", "needed_for_hundred")
TAIL = 0.025
"""Share of the draws beyond either end of an interval."""


@dataclass(frozen=True, config={"extra": "forbid"})
class PromoteOptions:
    """What it takes to replace a champion."""

    seed: int = Field(0, ge=0)
    draws: int = Field(2000, ge=100, le=100_000)  # resamplings of the sessions
    fewest_sessions: int = Field(6, ge=2)  # held out, with both kinds; fewer cannot tell gain from chance


class Sheet(Protocol):
    """What a model made of the held-out sessions, measured under any weights of them."""

    sessions: NDArray[np.str_]

    @property
    def both(self) -> Sequence[str] | NDArray[np.str_]:
        """Sessions that can tell a good model from a bad one."""

    def __len__(self) -> int:
        """Count the sites judged."""

    def measure(self, counts: ArrayLike | None = None) -> dict[str, float]:
        """Measure, each session counted so many times; NaN where undefined."""

    def by_session(self) -> dict[str, float]:
        """Give the primary figure of each session that can tell."""


@plain_dataclass(frozen=True)
class Yardstick:
    """What decides: the primary figure must rise, none of the guarded ones may fall."""

    primary: str
    guarded: tuple[str, ...]


RANKING = Yardstick(
    "roc_auc_within_session", ("roc_auc", "average_precision", "calibration_error", "needed_for_hundred")
)
FINDING = Yardstick("f1", ("precision", "recall"))


@plain_dataclass(frozen=True)
class Contender:
    """A registered version.

    Attributes:
        version: In the registry.
        model: What scores.
    """

    version: int
    model: "TrainedModel"

    @property
    def known(self) -> tuple[str, ...]:
        """Sessions it was trained on."""
        return self.model.sessions


@plain_dataclass(frozen=True)
class Contest:
    """Who is compared.

    Attributes:
        name: Registered name.
        champion: None where there is none yet.
        challenger: The version that asks for its place; None where none does.
        looks: Keys and sessions of earlier comparisons, as the registry's home remembers them.
    """

    name: str
    champion: Contender | None
    challenger: Contender | None
    looks: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def contenders(self) -> dict[str, Contender]:
        """Both, by their role."""
        both = {"champion": self.champion, "challenger": self.challenger}
        return {role: one for role, one in both.items() if one is not None}


def judges_of(contest: Contest, held_out: Iterable[str]) -> list[str]:
    """List the sessions that judge, having made sure that none of the models learnt from them.

    Raises:
        TableError: No session is held out.
        ModelError: A model learnt from one of them.
    """
    judges = sorted(held_out)
    if not judges:
        raise TableError(
            "No session is held out for good, so nothing can be compared. Add sessions: each new one is held "
            "out with a chance of split.held_out_share."
        )
    for role, one in contest.contenders.items():
        if seen := sorted(set(one.known) & set(judges)):
            names = ", ".join(seen[:3]) + (", .." if len(seen) > 3 else "")
            raise ModelError(
                f"{contest.name} version {one.version}, the {role}, learnt from {len(seen)} of the "
                f"{len(judges)} sessions held out for good ({names}), so they cannot judge it. Compare or "
                "promote a version that did not."
            )
    return judges


def compare(sheets: Mapping[str, Sheet], yardstick: Yardstick, options: PromoteOptions) -> dict[str, Any]:
    """Measure both models and the gain of the challenger, with intervals over the same draws of sessions.

    Args:
        sheets: Of ``challenger`` and, unless there is none, ``champion``; of the same sessions.
        yardstick: What decides.
        options: Of the bootstrap.

    Returns:
        ``primary``, ``guarded``, ``sites``, ``sessions`` and ``telling`` (those that tell good from bad); by
        measure the ``Figure`` of each model and the ``gain``, turned so that more is better; and the primary
        figure ``by_session`` and role.
    """
    sheet = sheets["challenger"]
    weights = list(drawn(len(sheet.sessions), options.seed, options.draws))
    tables = {role: _measured(one, weights) for role, one in sheets.items()}
    measures = {}
    for name in tables["challenger"]:
        found = {role: table[name] for role, table in tables.items()}
        if "champion" in found and name != "base_rate":
            found["gain"] = (found["challenger"] - found["champion"]) * _sign(name)
        measures[name] = {role: _figure(values, len(sheet.both)) for role, values in found.items()}
    return {
        "primary": yardstick.primary,
        "guarded": list(yardstick.guarded),
        "sites": len(sheet),
        "sessions": len(sheet.sessions),
        "telling": len(sheet.both),
        "measures": measures,
        "by_session": {role: one.by_session() for role, one in sheets.items()},
    }


def _sign(name: str) -> int:
    return -1 if name in LOWER_IS_BETTER else 1


def _measured(sheet: Sheet, weights: list[NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Measure on the whole and on each draw: by measure, the value and then those of the draws."""
    rows = [sheet.measure(), *(sheet.measure(counts) for counts in weights)]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _figure(values: NDArray[np.float64], sessions: int) -> Figure:
    """Put a value together with the interval of its draws, widened for few sessions (Hesterberg 2015)."""
    value, draws = values[0], values[1:][~np.isnan(values[1:])]
    if np.isnan(value) or not len(draws) or sessions < 2:
        return {"value": None if np.isnan(value) else float(value), "low": None, "high": None}
    tail = widened_tail(sessions)
    low, high = np.quantile(draws, [tail, 1 - tail])
    return {"value": float(value), "low": float(low), "high": float(high)}


def widened_tail(sessions: int) -> float:
    """Give the share of draws beyond either end, widened as Student's t and a variance's n - 1 are.

    The plain percentiles of few sessions are too narrow (benchmarks/promotion.py).
    """
    from scipy.stats import norm, t

    return float(norm.cdf(sqrt(sessions / (sessions - 1)) * t.ppf(TAIL, sessions - 1)))
