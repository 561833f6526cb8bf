"""Which sessions train, which choose the model, and which judge it."""

import hashlib
from typing import TYPE_CHECKING

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from ptolemy_kedro.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("train", "validation", "test")
FEWEST = {"train": 2, "validation": 1, "test": 1}
"""Sessions that each part has at least; of two to train on, one tells a network when to stop."""


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
        session_ids: At least four.
        options: Seed and shares.

    Returns:
        One row a session: ``session_id``, ``part`` (train, validation, test), none below ``FEWEST``.

    Raises:
        TableError: There are fewer than four sessions.
    """
    import pandas as pd

    if len(session_ids) < sum(FEWEST.values()):
        raise TableError(
            f"Only {len(session_ids)} session(s) to learn from. At least {sum(FEWEST.values())} are needed: "
            "two to train on, one to choose the model by, one to judge it by."
        )
    place = {name: _place(name, options.seed) for name in session_ids}
    part = {name: _part(at, options) for name, at in place.items()}
    _fill_short(part, place)
    return pd.DataFrame({"session_id": sorted(part), "part": [part[name] for name in sorted(part)]})


def _place(session_id: str, seed: int) -> float:
    """Give a session its lasting place between 0 and 1."""
    return int(hashlib.sha256(f"{seed}/{session_id}".encode()).hexdigest()[:13], 16) / 16**13


def _part(place: float, options: SplitOptions) -> str:
    if place < options.test_share:
        return "test"
    return "validation" if place < options.test_share + options.validation_share else "train"


def _fill_short(part: dict[str, str], place: dict[str, float]) -> None:
    """Move the nearest sessions of the fullest part into one that has too few; matters for few sessions."""
    for wanted, fewest in FEWEST.items():
        while list(part.values()).count(wanted) < fewest:
            spare = {name: list(part.values()).count(name) - FEWEST[name] for name in PARTS}
            donor = max(PARTS, key=lambda name: spare[name])
            nearest = max if wanted == "train" else min
            part[nearest((name for name in part if part[name] == donor), key=place.__getitem__)] = wanted
