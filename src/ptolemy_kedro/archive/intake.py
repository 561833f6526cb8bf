"""Taking archives in: a report on each, the choice among them, and the tables of those chosen."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic.dataclasses import dataclass

from ptolemy_kedro import archive
from ptolemy_kedro.errors import ArchiveError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, config={"extra": "forbid"})
class IngestOptions:
    """How strictly archives are read, and whether simulated ones count."""

    permissive: bool = False
    simulated: bool = True


def report_on(path: Path, permissive: bool = False) -> "pd.DataFrame":
    """Look at an archive from end to end and report what was found.

    Returns:
        One row (``tables.ArchiveReports``); without problems the archive can be taken in.
    """
    import pandas as pd

    report = archive.check(path, permissive=permissive)
    row = {
        "session_id": path.name,
        "archive": path.name,
        "problems": "\n".join(map(str, report.problems)) or None,
        "warnings": "\n".join(map(str, report.warnings)) or None,
    }
    if not report.problems:
        row |= {"session_id": report.session_id, "origin": report.origin}
        row["archive_digest"] = report.archive_digest
    return pd.DataFrame([row])


def choose(reports: "pd.DataFrame", simulated: bool = True) -> "tuple[pd.DataFrame, dict[str, list[str]]]":
    """Choose the archives to work on: without problems, each session once, no simulated one beside real ones.

    Args:
        reports: One row an archive (``tables.ArchiveReports``).
        simulated: Whether simulated sessions are taken at all.

    Returns:
        The reports of the chosen archives, and the problems of those set aside, by archive.

    Raises:
        ArchiveError: No archive is left.
    """
    if not len(reports):
        raise ArchiveError("There are no archives to use. Import some sessions, or simulate some.")
    broken = reports["problems"].notna()
    stated = zip(reports["archive"][broken], reports["problems"][broken], strict=True)
    set_aside = {name: problems.splitlines() for name, problems in stated}
    sound = reports[~broken].sort_values("archive")
    if not simulated:
        refused = sound.loc[sound["origin"] == "simulated", "archive"]
        set_aside |= {
            name: ["It holds a simulated session, and allow_demo is false here."] for name in refused
        }
        sound = sound[sound["origin"] == "real"]
    if (sound["origin"] == "real").any():
        sound = sound[sound["origin"] == "real"]
    chosen = sound.drop_duplicates("session_id")
    kept = dict(zip(chosen["session_id"], chosen["archive"], strict=True))
    again = sound[sound.duplicated("session_id")]
    for name, session_id in zip(again["archive"], again["session_id"], strict=True):
        twin = kept[session_id]
        set_aside[name] = [f"Session {session_id} is in {twin} already. Remove one of the two."]
    if not len(chosen):
        name, problems = next(iter(set_aside.items()))
        raise ArchiveError(f"None of {len(reports)} archives can be used; the first, {name}: {problems[0]}")
    return chosen, set_aside


def read_tables(path: Path, names: Sequence[str], permissive: bool = False) -> "tuple[pd.DataFrame, ...]":
    """Read the raw tables of a session, in the order of their names."""
    with archive.open_session(path, permissive=permissive) as session:
        return tuple(session.tables[name] for name in names)
