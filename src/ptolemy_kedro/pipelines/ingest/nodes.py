"""The nodes of ``ingest``."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ptolemy_kedro.archive import intake
from ptolemy_kedro.evaluation.splits import Arrivals, SplitOptions
from ptolemy_kedro.partitions import BySession, Part, SessionTable, TablePart, follow, follow_jointly, whole
from ptolemy_kedro.workers import ParallelOptions, executor

RAW_TABLES = ("sessions", "grids", "images", "targets", "exposures", "outcomes")

log = logging.getLogger(__name__)


def check_archives(
    archives: BySession[Path], options: intake.IngestOptions, parallel: ParallelOptions
) -> Iterator[TablePart]:
    """Look at each archive from end to end.

    Yields:
        One row an archive (``tables.ArchiveReports``).
    """
    work = partial(intake.report_on, permissive=options.permissive)
    with executor(parallel.workers) as pool:
        yield from follow("check_archives", work, [archives], options, pool=pool, workers=parallel.workers)


def choose_sessions(
    archives: BySession[Path], archive_reports: SessionTable, options: intake.IngestOptions
) -> tuple[BySession[Path], dict[str, list[str]]]:
    """Choose the archives to work on; what is set aside is said, with the reason.

    Returns:
        The chosen archives by session, and the problems of those set aside by archive.
    """
    reports = whole(archive_reports.only(archives.session_ids))
    chosen, set_aside = intake.choose(reports, options.simulated)
    for archive, problems in set_aside.items():
        log.warning("%s is set aside: %s", archive, problems[0])
    log.info("%d sessions chosen, %d archives set aside", len(chosen), len(set_aside))
    rows = zip(chosen["session_id"], chosen["archive_digest"], chosen["archive"], strict=True)
    parts = [Part(name, digest, archives.parts[archive].make) for name, digest, archive in rows]
    return BySession(parts), set_aside


def read_tables(
    archives: BySession[Path], options: intake.IngestOptions, parallel: ParallelOptions
) -> Iterator[tuple[TablePart, ...]]:
    """Read the raw tables of each session, in the order of ``RAW_TABLES``."""
    work = partial(intake.read_tables, names=RAW_TABLES, permissive=options.permissive)
    several = {"gives": len(RAW_TABLES), "workers": parallel.workers}
    with executor(parallel.workers) as pool:
        yield from follow_jointly("read_tables", work, [archives], options, pool=pool, **several)


def split_sessions(grids: SessionTable, options: SplitOptions) -> Arrivals:
    """Say which sessions are there, and of what samples; the split gives the new ones a part."""
    samples = {name: tuple(sorted(set(table["sample"].dropna()))) for name, table in grids}
    return Arrivals(samples, options, datetime.now(UTC).date().isoformat())
