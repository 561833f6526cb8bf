"""Tables and archives by session: what is there, and promises of what can be made from it.

A part carries a key, the hash of everything it follows from. Whoever keeps parts compares keys before
anything is computed: what is current is skipped, what is stale is made again.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ptolemy_kedro.errors import PtolemyError, TableError
from ptolemy_kedro.provenance import code_of
from ptolemy_kedro.workers import HereExecutor, read_ahead

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


@dataclass(frozen=True)
class Part(Generic[T]):
    """One session's part of a table, or the promise of it.

    Attributes:
        session_id: The session; an archive's name before it was read.
        key: Hash of all that the content follows from.
        make: Loads or computes the content.
        roster: Every session of the whole that this part belongs to; others are gone.
    """

    session_id: str
    key: str
    make: Callable[[], T]
    roster: frozenset[str] = field(default=frozenset(), repr=False)


class BySession(Generic[T]):
    """Parts by session, in the order of their ids; iterating makes one at a time."""

    def __init__(self, parts: Iterable[Part[T]]) -> None:
        self.parts = {part.session_id: part for part in sorted(parts, key=lambda part: part.session_id)}

    def __iter__(self) -> Iterator[tuple[str, T]]:
        for session_id, part in self.parts.items():
            yield session_id, part.make()

    def __len__(self) -> int:
        return len(self.parts)

    def __contains__(self, session_id: object) -> bool:
        return session_id in self.parts

    def __getitem__(self, session_id: str) -> T:
        return self.parts[session_id].make()

    @property
    def session_ids(self) -> list[str]:
        """All sessions, sorted."""
        return list(self.parts)

    @property
    def digest(self) -> str:
        """Hash of all parts' keys: the same data and the same way here give the same digest."""
        return key_of(*(part.key for part in self.parts.values()))

    def only(self, session_ids: Iterable[str]) -> "BySession[T]":
        """Keep some sessions.

        Raises:
            TableError: One of them is not there.
        """
        wanted = list(session_ids)
        if missing := [name for name in wanted if name not in self.parts]:
            raise TableError(f"No part for session {missing[0]}. Run the flow that makes this table again.")
        return BySession(self.parts[name] for name in wanted)


# Any stands for a data frame: Kedro reads nodes' hints when it starts, without loading pandas for that.
SessionTable = BySession[Any]
"""A table by session."""

TablePart = Part[Any]
"""A session's part of a table."""


def whole(table: "SessionTable") -> "pd.DataFrame":
    """Join all parts into one table; for tables that fit in memory.

    Raises:
        TableError: There is no session.
    """
    import pandas as pd

    if not len(table):
        raise TableError("There is no session to read. Run `kedro run --pipeline=ingest` first.")
    return pd.concat([part for _, part in table], ignore_index=True)


def key_of(*ingredients: object) -> str:
    """Hash what something follows from; an ingredient counts by its ``repr``."""
    return hashlib.sha256("\x1f".join(map(repr, ingredients)).encode()).hexdigest()[:32]


def follow(
    stage: str,
    work: Callable[..., T],
    sources: Sequence[BySession[Any]],
    *ingredients: object,
    pool: Executor | None = None,
    workers: int = 1,
) -> Iterator[Part[T]]:
    """Promise, for each session that all sources hold, what a piece of work makes of them.

    Args:
        stage: Name of the work.
        work: Called with one content a source; its code is part of every key.
        sources: Tables or archives by session.
        ingredients: Whatever else decides the result: parameters, a model's version.
        pool: Where sessions are worked on, several at a time; one after the other, here, if None.
        workers: Size of the pool.

    Raises:
        TableError: No session is in all of the sources.
    """
    roster = frozenset.intersection(*(frozenset(source.parts) for source in sources))
    if not roster:
        raise TableError(f"{stage}: there is no session. Run `kedro run --pipeline=ingest` first.")
    code = code_of(work)
    parts = {name: [source.parts[name] for source in sources] for name in sorted(roster)}
    tasks = {name: partial(_work_on, work, inputs) for name, inputs in parts.items()}
    ask = read_ahead(pool or HereExecutor(), tasks, workers if pool else 1)
    for name, inputs in parts.items():
        key = key_of(stage, code, *(part.key for part in inputs), *ingredients)
        yield Part(name, key, partial(ask, name), roster)


def follow_jointly(
    stage: str,
    work: Callable[..., tuple[Any, ...]],
    sources: Sequence[BySession[Any]],
    *ingredients: object,
    gives: int,
    pool: Executor | None = None,
    workers: int = 1,
) -> Iterator[tuple[Part[Any], ...]]:
    """As ``follow``, for work that makes several tables at once: done once for all of them, or not at all."""
    for part in follow(stage, work, sources, *ingredients, pool=pool, workers=workers):
        once = cache(part.make)
        yield tuple(
            Part(part.session_id, part.key, partial(_pick, once, index), part.roster)
            for index in range(gives)
        )


def _work_on(work: Callable[..., T], parts: list[Part[Any]]) -> T:
    try:
        return work(*(part.make() for part in parts))
    except PtolemyError as error:
        error.add_note(f"session {parts[0].session_id}")
        raise


def _pick(once: Callable[[], tuple[Any, ...]], index: int) -> Any:
    return once()[index]
