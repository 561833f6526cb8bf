"""The tables of an opened container, checked against their schemas, each other and the files."""

import hashlib
from dataclasses import dataclass, field
from typing import BinaryIO

import pandas as pd

from ptolemy_kedro import tables
from ptolemy_kedro.archive import manifest
from ptolemy_kedro.archive.containers import Container, told
from ptolemy_kedro.archive.csv_tables import line_of, none_of, read_csv, typed
from ptolemy_kedro.archive.findings import Findings
from ptolemy_kedro.archive.images import read_header
from ptolemy_kedro.archive.limits import Limits
from ptolemy_kedro.archive.members import IMAGES, SESSION_FILE, TABLE_FILES, safe_name
from ptolemy_kedro.archive.relations import hold_together
from ptolemy_kedro.errors import ArchiveError, ImageError

_OUT = "It was left out."


@dataclass(frozen=True)
class Contents:
    """What an archive holds beside pixels. ``session_id`` is empty where it could not be read."""

    session_id: str = ""
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    archive_digest: str | None = None


def read_tables(container: Container, findings: Findings, limits: Limits) -> Contents:
    """Read and check everything of an archive but its pixels; what is wrong goes to the findings."""
    try:
        stated = manifest.parse(_read(container, SESSION_FILE, limits))
    except ArchiveError as failure:
        findings.problem(str(failure))
        return Contents()
    for key in stated.unknown:
        findings.tolerate(
            f"{SESSION_FILE}: {key[:80]!r} is no key of the format. Remove it.", "It was left out."
        )
    sessions = _sessions(stated, findings)
    if sessions.empty:
        return Contents()
    session_id = str(sessions["session_id"].iloc[0])
    raw = {"sessions": sessions}
    for name, file in TABLE_FILES.items():
        raw[name] = _table(container, name, file, session_id, findings, limits)
    raw = hold_together(raw, {name: line_of(name) for name in raw}, findings)
    named = raw["images"]["file"].dropna()
    raw["images"] = _with_files(container, raw["images"], findings, limits)
    _look_for_strays(container, named, findings)
    digests = _digests(container, stated, findings)
    digest = manifest.content_digest(stated.session, digests)
    raw["sessions"]["archive_digest"] = digest
    plain = {name: raw[name].reset_index(drop=True) for name in tables.RAW}
    if findings.warnings:  # what was emptied or left out may have changed a type
        plain = {name: tables.validate(tables.RAW[name], table, name) for name, table in plain.items()}
    return Contents(session_id, plain, digests, digest)


def stated_digests(container: Container, limits: Limits) -> dict[str, str]:
    """Read the sha256 of each file as the archive's writer stated it; empty where none is."""
    return manifest.parse(_read(container, SESSION_FILE, limits)).files


def read_id(container: Container, limits: Limits) -> str:
    """Read the id of the session, unchecked beside that it is a text.

    Raises:
        ArchiveError: There is none.
    """
    session_id = manifest.parse(_read(container, SESSION_FILE, limits)).session.get("session_id")
    if not isinstance(session_id, str) or not session_id:
        raise ArchiveError(f'{SESSION_FILE}: "session" lacks session_id. Add it.')
    return session_id


def image_files(images: pd.DataFrame) -> list[str]:
    """List the files that an images table names, each once, in its order."""
    return list(dict.fromkeys(images["file"].dropna()))


def _read(container: Container, name: str, limits: Limits) -> bytes:
    if name not in container.sizes:
        raise ArchiveError(
            f"{name} is not in the archive. Add it; docs/session-archive.md says what it holds."
        )
    if container.sizes[name] > limits.table_bytes:
        raise ArchiveError(
            f"{name} has {container.sizes[name]:,} bytes; at most {limits.table_bytes:,} are read."
        )
    with told(name), container.open(name) as stored:
        return stored.read()


def _sessions(stated: manifest.Manifest, findings: Findings) -> pd.DataFrame:
    known = tables.Sessions.to_schema().columns
    row, odd = manifest.cells(stated.session)
    for column in odd:
        findings.tolerate(
            f"{SESSION_FILE}: {column[:80]!r} is no text or number. Correct it.", "It was left out."
        )
    for column in [name for name in row if name not in known or name == "archive_digest"]:
        findings.tolerate(
            f"{SESSION_FILE}: {column[:80]!r} is no key of a session. Remove it.", "It was left out."
        )
        del row[column]
    if "session_id" not in row or "origin" not in row:
        findings.problem(f'{SESSION_FILE}: "session" lacks session_id or origin. Add it.')
        return tables.empty(tables.Sessions)
    texts = {column: [cell] for column, cell in row.items()}
    before = len(findings.problems) + len(findings.warnings)
    table = typed("sessions", texts, [1], line_of("sessions"), row["session_id"], findings)
    if table.empty and findings.permissive:
        findings.problem((findings.warnings[before:] or [f"{SESSION_FILE}: no session."])[0])
    return table


def _table(
    container: Container, name: str, file: str, session_id: str, findings: Findings, limits: Limits
) -> pd.DataFrame:
    if file not in container.sizes:
        header = ",".join(column for column in tables.RAW[name].to_schema().columns if column != "session_id")
        findings.tolerate(
            f"{file} is not in the archive. Add it, if only with its header line: {header}",
            "It was read as empty.",
        )
        return none_of(name, findings)
    try:
        return read_csv(name, _read(container, file, limits), session_id, findings)
    except ArchiveError as failure:
        findings.problem(str(failure))
        return none_of(name, findings)


def _look_for_strays(container: Container, named: pd.Series, findings: Findings) -> None:
    known = {SESSION_FILE, *TABLE_FILES.values(), *(f"{IMAGES}{file}" for file in named)}
    for name in container.sizes:
        if name in known:
            continue
        is_image = name.startswith(IMAGES)
        reason = (
            "no line of images.csv that could be read names it" if is_image else "the format has no such file"
        )
        findings.tolerate(
            f"{name}: {reason}. Remove the file, or name it.",
            _OUT,
            follows=is_image and findings.lost_any("images"),
        )


def _with_files(
    container: Container, images: pd.DataFrame, findings: Findings, limits: Limits
) -> pd.DataFrame:
    """Hold every image's row against the header of its file; files that do not fit are left out."""
    images = images.copy()
    rows = images[images["file"].notna()]
    for line, file, shape_row, shape_col, size_a in zip(
        rows.index, rows["file"], rows["rows_px"], rows["cols_px"], rows["pixel_size_a"], strict=True
    ):
        try:
            header = _header(container, file, limits)
        except (ImageError, ArchiveError) as failure:
            fault = str(failure)
        else:
            shape = (int(shape_row), int(shape_col))
            fault = _misfit(shape, header.shape)
            _compare_sizes(line, file, size_a, header.pixel_size_a, findings)
        if fault:
            findings.tolerate(f"images.csv line {line}: file {fault}", "The file was left out.")
            images.loc[line, "file"] = pd.NA
    return images


def _misfit(stated: tuple[int, int], found: tuple[int, int]) -> str:
    if stated == found:
        return ""
    return (
        f"holds {found[0]} x {found[1]} pixels; rows_px and cols_px say {stated[0]} x {stated[1]}. "
        "Correct the line, or the file."
    )


def _header(container: Container, file: str, limits: Limits):
    name = safe_name(f"{IMAGES}{safe_name(file)}")
    if name not in container.sizes:
        raise ArchiveError(f"{name} is not in the archive. Add the file, or leave the cell empty.")
    with told(name), container.open(name) as stored:
        return read_header(stored, container.sizes[name], name, limits)


def _compare_sizes(line: int, file: str, table_a: float, file_a: float | None, findings: Findings) -> None:
    if file_a is not None and pd.notna(table_a) and abs(file_a - table_a) > 0.01 * table_a:
        findings.warn(
            f"images.csv line {line}: pixel_size_a is {table_a:g}, and {file} says {file_a:g}. "
            "The table counts."
        )


def _digests(container: Container, stated: manifest.Manifest, findings: Findings) -> dict[str, str]:
    """Give the sha256 of each file: as stated, if stated, else computed; tables are verified at once."""
    found = {}
    for name in container.sizes:
        if name == SESSION_FILE:
            continue
        known = stated.files.get(name)
        if known is None or name in TABLE_FILES.values():
            with told(name), container.open(name) as stored:
                found[name] = _sha256(stored)
        if known is not None and found.setdefault(name, known) != known:
            findings.tolerate(
                f"{name} has changed since the archive was written (its sha256 is another). Write it again.",
                "It was read as it is.",
            )
    for name in stated.files:
        if name not in container.sizes:
            findings.tolerate(
                f"{name[:200]} is in {SESSION_FILE} and not in the archive. Add it.", "Left out."
            )
    return found


def _sha256(stored: BinaryIO) -> str:
    total = hashlib.sha256()
    while chunk := stored.read(2**20):
        total.update(chunk)
    return total.hexdigest()
