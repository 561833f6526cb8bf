"""What was found wrong with an archive: collected, and said all at once or first one first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ptolemy_kedro.errors import ArchiveError

LISTED = 1000
"""Problems and warnings beyond this many are counted and not listed."""


@dataclass(frozen=True)
class Report:
    """What ``check`` found in an archive.

    Attributes:
        session_id: The session, if it could be read.
        problems: What must be corrected before the archive can be read, a line each.
        warnings: What was lived with, a line each.
        counts: Rows of each table, and ``files`` of pixels.
        archive_digest: Digest of the content, if it could be read.
        origin: Real or simulated, if it could be read.
    """

    session_id: str | None
    problems: list[str]
    warnings: list[str]
    counts: dict[str, int]
    archive_digest: str | None = None
    origin: str | None = None

    @property
    def ok(self) -> bool:
        """Can the archive be read?"""
        return not self.problems


@dataclass
class Findings:
    """Collects problems and warnings; in permissive reading what can be lived with is a warning.

    Rows that were left out are remembered, so that strict reading names a fault and not what follows from it.
    """

    permissive: bool = False
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    _lost: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _incomplete: set[str] = field(default_factory=set)

    def problem(self, text: str) -> None:
        """Note what no reading can live with."""
        self._note("problems", text)

    def warn(self, text: str) -> None:
        """Note what every reading lives with."""
        self._note("warnings", text)

    def tolerate(self, text: str, done: str, follows: bool = False) -> None:
        """Note what a permissive reading lives with by doing something about it.

        What follows from a fault that was noted is no problem of its own; what was done about it is said.
        """
        if self.permissive:
            self.warn(f"{text} {done}")
        elif not follows:
            self.problem(text)

    def lose(self, table: str, ids: Iterable[str] | None = None) -> None:
        """Remember the ids of rows that were left out of a table; without ids, that nobody knows which."""
        if ids is None:
            self._incomplete.add(table)
        else:
            self._lost[table].update(ids)

    def is_lost(self, table: str, row_id: str) -> bool:
        """May a row be missing from its table only because it was left out?"""
        return table in self._incomplete or row_id in self._lost[table]

    def lost_any(self, table: str) -> bool:
        """Were rows left out of a table?"""
        return table in self._incomplete or bool(self._lost[table])

    def listed(self, kind: str) -> list[str]:
        """List the problems or the warnings, the last line counting those left out."""
        lines: list[str] = getattr(self, kind)
        more = self.left_out.get(kind, 0)
        return [*lines, f"{more:,} more {kind} are not listed."] if more else lines

    def raise_first(self, what: str) -> None:
        """Raise the first problem, if there is any."""
        if not self.problems:
            return
        others = len(self.problems) + self.left_out.get("problems", 0) - 1
        more = f" ({others:,} more; `ptolemy check` lists them.)" if others else ""
        raise ArchiveError(f"{what}: {self.problems[0]}{more}")

    def _note(self, kind: str, text: str) -> None:
        lines: list[str] = getattr(self, kind)
        if len(lines) < LISTED:
            lines.append(text)
        else:
            self.left_out[kind] = self.left_out.get(kind, 0) + 1
