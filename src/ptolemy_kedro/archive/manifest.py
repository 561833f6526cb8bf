"""``session.json``: format, version, the session's row, and the digests of the archive's files."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from ptolemy_kedro.archive.members import SESSION_FILE
from ptolemy_kedro.errors import ArchiveError
from ptolemy_kedro.files import digest

FORMAT = "ptolemy-session"
VERSION = 1
KEYS = ("format", "version", "session", "files")


@dataclass(frozen=True)
class Manifest:
    """What ``session.json`` says.

    Attributes:
        session: The session's row, by column; absent and null are the same.
        files: sha256 of each other file of the archive, by name; empty where the writer gave none.
        unknown: Keys that the format does not have.
    """

    session: dict[str, Any]
    files: dict[str, str]
    unknown: tuple[str, ...] = ()


def parse(data: bytes) -> Manifest:
    """Read ``session.json``.

    Raises:
        ArchiveError: No JSON object, another format, an unknown version, or a part of the wrong kind.
    """
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as failure:
        said = str(failure).splitlines()[0][:150]
        raise ArchiveError(f"{SESSION_FILE} is no JSON in UTF-8: {said}. Correct it.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ArchiveError(f'{SESSION_FILE} has no "format": "{FORMAT}". Is this a session archive?')
    _need_known_version(content.get("version"))
    session, files = content.get("session"), content.get("files", {})
    if not isinstance(session, dict):
        raise ArchiveError(f'{SESSION_FILE} lacks "session", the row of the session. Add it.')
    if not isinstance(files, dict) or not all(_is_digest(value) for value in files.values()):
        raise ArchiveError(
            f'{SESSION_FILE}: "files" is not a sha256 for each file. Correct it, or leave it out.'
        )
    return Manifest(session, files, tuple(key for key in content if key not in KEYS))


def dump(session: dict[str, Any], files: dict[str, str]) -> bytes:
    """Write ``session.json``; the same content gives the same bytes."""
    content = {"format": FORMAT, "version": VERSION, "session": session, "files": dict(sorted(files.items()))}
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def content_digest(session: dict[str, Any], files: dict[str, str]) -> str:
    """Compute the digest of an archive's content, whatever the container and the order of files."""
    row = {key: value for key, value in session.items() if value is not None}
    lines = [f"{name}\0{value}" for name, value in sorted(files.items())]
    return digest(FORMAT, str(VERSION), json.dumps(row, sort_keys=True), *lines)


def cells(session: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Take the session's row to cells of a CSV, so that one reader serves both; name what cannot be one."""
    texts, odd = {}, []
    for column, value in session.items():
        if value is None:
            texts[column] = ""
        elif isinstance(value, str):
            texts[column] = value
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            texts[column] = repr(value)
        else:
            odd.append(column)
    return texts, odd


def _need_known_version(version: Any) -> None:
    if version != VERSION or isinstance(version, bool):
        raise ArchiveError(
            f"{SESSION_FILE}: version is {str(version)[:40]}. This program reads version {VERSION}; "
            "update it, or write the archive again."
        )


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None
