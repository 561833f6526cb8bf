"""Which sessions train, which choose the model, and which judge it."""

import hashlib
from typing import TYPE_CHECKING

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from ptolemy_kedro.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("train", "validation", "test")
FEWEST = len(PARTS)


@dataclass(frozen=True, config={"extra": "forbid"})
class SplitOptions:
    """How sessions are split; whole sessions, for squares of one session resemble each other."""

    seed: int = Field(0, ge=0)
    validation_share: float = Field(0.2, gt=0, lt=1)  # of the sessions: the best model is chosen on them
    test_share: float = Field(0.2, gt=0, lt=1)  # of the sessions: the figures come from them

    @model_validator(mode="after")
    def _leave_some_to_train(self) -> "SplitOptions":
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share leave no session to train on")
        return self


def split_sessions(session_ids: list[str], options: SplitOptions) -> "pd.DataFrame":
    """Split sessions by a hash of their id, so that a session keeps its side when others come.

    Args:
        session_ids: At least three.
        options: Seed and shares.

    Returns:
        One row a session: ``session_id``, ``part`` (train, validation or test); no part is empty.

    Raises:
        TableError: There are fewer than three sessions.
    """
    import pandas as pd

    if len(session_ids) < FEWEST:
        raise TableError(
            f"Only {len(session_ids)} session(s) to learn from. At least {FEWEST} are needed: "
            "one to train on, one to choose the model by, one to judge it by."
        )
    place = {name: _place(name, options.seed) for name in session_ids}
    part = {name: _part(at, options) for name, at in place.items()}
    _fill_empty(part, place)
    return pd.DataFrame({"session_id": sorted(part), "part": [part[name] for name in sorted(part)]})


def _place(session_id: str, seed: int) -> float:
    """Give a session its lasting place between 0 and 1."""
    return int(hashlib.sha256(f"{seed}/{session_id}".encode()).hexdigest()[:13], 16) / 16**13


def _part(place: float, options: SplitOptions) -> str:
    if place < options.test_share:
        return "test"
    return "validation" if place < options.test_share + options.validation_share else "train"


def _fill_empty(part: dict[str, str], place: dict[str, float]) -> None:
    """Move the nearest session of the largest part into one that has none; matters for few sessions."""
    for wanted in PARTS:
        if wanted in part.values():
            continue
        counts = {name: list(part.values()).count(name) for name in PARTS}
        donors = [name for name in part if part[name] == max(counts, key=lambda key: counts[key])]
        part[
            max(donors, key=place.__getitem__) if wanted == "train" else min(donors, key=place.__getitem__)
        ] = wanted
