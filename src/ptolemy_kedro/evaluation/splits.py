"""Which sessions train, which choose the model, which measure it, and which decide what is promoted.

A session gets its part when it is first taken in and keeps it for good: through re-imports, and whatever
sessions come or go. Sessions that share a sample share a part, for their squares resemble each other.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass as plain_dataclass
from typing import TYPE_CHECKING

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("train", "validation", "test", "held_out")
"""``held_out`` decides what is promoted, and nothing else looks at it."""

LEFT_OUT = "left_out"
"""Part of a session whose samples stand in several parts already: wherever it went, it would leak."""

FEWEST = {"train": 2, "validation": 1, "test": 1, "held_out": 1}
"""Sessions that a part gets at least, as far as they go; of two that train, one tells when to stop."""

FEWEST_TO_LEARN = 4
"""Sessions to train, choose and measure with; ``held_out`` comes fifth."""

COLUMNS = ("session_id", "samples", "part", "first_seen")
BETWEEN = " | "
"""Stands between the names of a session's samples."""


@dataclass(frozen=True, config={"extra": "forbid"})
class SplitOptions:
    """How sessions are split; whole sessions, for squares of one session resemble each other."""

    seed: int = Field(0, ge=0)
    validation_share: float = Field(0.2, gt=0, lt=1)  # of the sessions: the best model is chosen on them
    test_share: float = Field(0.2, gt=0, lt=1)  # of the sessions: the figures come from them
    held_out_share: float = Field(0.2, ge=0, lt=1)  # of the sessions: they decide what is promoted
    most_of_a_sample: float = Field(0.5, gt=0, le=1)  # of the sessions; a name that more share says nothing

    @model_validator(mode="after")
    def _leave_some_to_train(self) -> "SplitOptions":
        if self.validation_share + self.test_share + self.held_out_share >= 1:
            raise ValueError("validation_share, test_share and held_out_share leave no session to train on")
        return self


@plain_dataclass(frozen=True)
class Arrivals:
    """The sessions of a run, to be joined to those that have a part already.

    Attributes:
        samples: Names of each session's samples, by session id; may be empty.
        options: Seed and shares for those that are new.
        date: Of the run, as ``first_seen`` of those that are new.
    """

    samples: dict[str, tuple[str, ...]]
    options: SplitOptions
    date: str

    def join(self, known: "pd.DataFrame | None") -> "pd.DataFrame":
        """Give the sessions that are new their part; those that are known keep theirs.

        Args:
            known: As this gave it before: ``COLUMNS``, all text; None at first.

        Returns:
            One row a session, known or new, by session id.
        """
        import pandas as pd

        kept = {} if known is None else {row["session_id"]: row for row in known.to_dict("records")}
        named = {name: _names(row["samples"]) for name, row in kept.items()} | self.samples
        parts = assign({name: row["part"] for name, row in kept.items()}, named, self.options)
        new = {
            name: {"samples": BETWEEN.join(self.samples[name]), "part": parts[name], "first_seen": self.date}
            for name in self.samples.keys() - kept.keys()
        }
        rows = [{"session_id": name, **(kept | new)[name]} for name in sorted(kept | new)]
        return pd.DataFrame(rows, columns=list(COLUMNS))


def assign(
    known: dict[str, str], samples: dict[str, tuple[str, ...]], options: SplitOptions
) -> dict[str, str]:
    """Give every session a part.

    Args:
        known: Parts given before, by session id; they stay.
        samples: Names of the samples of every session, known and new, by session id.
        options: Of the split.

    Returns:
        Parts by session id: of ``PARTS``, or ``LEFT_OUT``.
    """
    part, place = dict(known), {}
    for group in _groups(samples, options):
        given = {known[name] for name in group if name in known} - {LEFT_OUT}
        at = _place(group[0], options.seed)
        chosen = _part(at, options) if not given else given.pop() if len(given) == 1 else LEFT_OUT
        part |= {name: chosen for name in group if name not in known}
        if not known.keys() & set(group):
            place[group] = at
    _fill_short(part, place)
    return part


def _groups(samples: dict[str, tuple[str, ...]], options: SplitOptions) -> list[tuple[str, ...]]:
    """Join the sessions that share a sample, directly or through others; each group in order of ids."""
    carried = Counter(sample for names in samples.values() for sample in set(names))
    most = max(options.most_of_a_sample * len(samples), FEWEST_TO_LEARN - 1)
    group = {name: {name} for name in samples}
    first: dict[str, str] = {}
    for name, names in samples.items():
        for sample in names:
            if carried[sample] <= most and group[name] is not (
                other := group[first.setdefault(sample, name)]
            ):
                group[name] |= other
                group |= dict.fromkeys(other, group[name])
    return sorted({tuple(sorted(members)) for members in group.values()})


def _names(samples: str) -> tuple[str, ...]:
    return tuple(samples.split(BETWEEN)) if samples else ()


def _place(name: str, seed: int) -> float:
    """Give a group its lasting place between 0 and 1."""
    return int(hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()[:13], 16) / 16**13


def _part(place: float, options: SplitOptions) -> str:
    ends = {name: getattr(options, f"{name}_share") for name in reversed(PARTS[1:])}
    for part, share in ends.items():
        if place < share:
            return part
        place -= share
    return "train"


def _fill_short(part: dict[str, str], place: dict[tuple[str, ...], float]) -> None:
    """Move the nearest new groups of the fullest part into one that has too few; matters for few sessions."""
    for wanted, fewest in FEWEST.items():
        while list(part.values()).count(wanted) < fewest:
            spare = {name: list(part.values()).count(name) - FEWEST[name] for name in PARTS}
            spare["held_out"] += FEWEST["held_out"]
            movable = [group for group in place if 0 < len(group) <= spare.get(part[group[0]], 0)]
            if not movable:
                break
            fullest = max(spare[part[group[0]]] for group in movable)
            nearest = max if wanted == "train" else min
            taken = nearest((g for g in movable if spare[part[g[0]]] == fullest), key=place.__getitem__)
            part |= dict.fromkeys(taken, wanted)
