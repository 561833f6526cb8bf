"""The targets of a session: of a target's versions the latest counts, of its states the last."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ptolemy_kedro.archive.leginon.database import Database

SHOT_REACH_UM = 1.0
"""Targets made from another one of the same image up to this far off are shots of one hole [um]: assumed."""

TYPES = {"acquisition": "operator", "focus": "operator"}
"""Types of targets that are taken."""

_FIELDS = {
    "image": "REF|AcquisitionImageData|image",
    "list": "REF|ImageTargetListData|list",
    "from": "REF|AcquisitionImageTargetData|fromtarget",
    "type": "type",
    "status": "status",
    "number": "number",
    "version": "version",
    "rows": "delta row",
    "cols": "delta column",
}


@dataclass(frozen=True)
class Aim:
    """A target as one row of the database has it.

    Attributes:
        row_id, image, made_from, list_id: Ids of rows.
        kind: acquisition or focus.
        status: new, processing, done, aborted or another word.
        number, version: In its image.
        off_centre_px: (row, col) from the image's centre, in its pixels as read out.
    """

    row_id: int
    image: int
    made_from: int | None
    list_id: int | None
    kind: str
    status: str
    number: int
    version: int
    off_centre_px: tuple[float, float]

    @property
    def site(self) -> tuple[int | None, int, str, int]:
        """What all versions and states of a target share."""
        return self.list_id, self.image, self.kind, self.number


@dataclass
class Targets:
    """The targets that count.

    Attributes:
        aims: Those that count, by row id, in the order in which they were made.
        counts_as: The row that counts for each row.
        superseded: How many were replaced by a later version.
        others: Types of targets that were not taken, and how many.
    """

    aims: dict[int, Aim] = field(default_factory=dict)
    counts_as: dict[int, int] = field(default_factory=dict)
    superseded: int = 0
    others: dict[str, int] = field(default_factory=dict)

    def of(self, row: int | None) -> Aim | None:
        """The target that counts for a row."""
        return None if row is None else self.aims.get(self.counts_as.get(row, row))


def read_targets(database: Database, session_row: int) -> Targets:
    """Read the targets of a session."""
    rows, others = _rows(database, session_row)
    targets = latest(rows)
    targets.others = others
    return targets


def _rows(database: Database, session_row: int) -> tuple[list[Aim], dict[str, int]]:
    aims, others = [], dict[str, int]()
    here = {"REF|SessionData|session": (session_row, session_row)}
    for row in database.all("AcquisitionImageTargetData", _FIELDS, here):
        image, rows, cols = row.whole("image"), row.number("rows"), row.number("cols")
        kind = row.text("type") or "acquisition"
        if image is None or rows is None or cols is None or kind not in TYPES:
            said = kind if kind not in TYPES else "without image or position"
            others[said] = others.get(said, 0) + 1
            continue
        aims.append(
            Aim(
                row.identity(), image, row.whole("from"), row.whole("list"), kind, row.text("status"),
                row.whole("number") or 0, row.whole("version") or 0, (rows, cols),
            )
        )  # fmt: skip
    return aims, others


def latest(aims: Iterable[Aim]) -> Targets:
    """Choose the rows that count: each target's latest version, in its last state, not yet passed on.

    A row made from another one (moved onto a retaken image, or copied by a filter) takes its place; rows
    that a filter spread out around one on the same image leave it where it is.
    """
    targets = Targets()
    by_site: dict[tuple[int | None, int, str, int], list[Aim]] = {}
    for aim in aims:
        by_site.setdefault(aim.site, []).append(aim)
    for versions in by_site.values():
        chosen = max(versions, key=lambda aim: (aim.version, aim.row_id))
        targets.aims[chosen.row_id] = chosen
        targets.counts_as |= {aim.row_id: chosen.row_id for aim in versions}
        targets.superseded += len({aim.version for aim in versions}) - 1
    _pass_on(targets)
    targets.aims = dict(sorted(targets.aims.items()))
    return targets


def _pass_on(targets: Targets) -> None:
    """Let each row that was moved or copied stand in for the one it was made from."""
    for aim in sorted(targets.aims.values(), key=lambda aim: aim.row_id):
        origin = targets.of(aim.made_from)
        if origin is None or origin.row_id == aim.row_id or aim.row_id not in targets.aims:
            continue
        if origin.image == aim.image and origin.off_centre_px != aim.off_centre_px:
            continue
        if origin.row_id < aim.row_id:
            del targets.aims[origin.row_id]
            moved = (row for row, counts in targets.counts_as.items() if counts == origin.row_id)
            targets.counts_as |= dict.fromkeys(list(moved), aim.row_id)
            targets.superseded += 1
