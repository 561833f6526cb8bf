"""Tables of CTF fits: CSV of any kind, and the STAR files of RELION and its relatives."""

import csv
import linecache
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptolemy_kedro.errors import VendorFileError

MAX_BYTES = 512 * 2**20

# Names of columns in small letters and digits only; the first one that is there counts.
_NAMES = (
    "rlnmicrographname", "micrographblobpath", "micrographname", "micrograph", "imagename", "image",
    "filename", "file", "path", "name",
)  # fmt: skip
_RESOLUTIONS = {
    "rlnctfmaxresolution": "RELION table",
    "ctfctffittoa": "cryoSPARC",
    "ctffittoa": "cryoSPARC",
    "ctffind4resolution": "CTFFIND4",
    "resolution50percent": "Appion, 50 % agreement",
    "ctfmaxresolutionangstrom": "CTF table",
    "ctfmaxresolution": "CTF table",
    "ctfresolution": "CTF table",
    "resolutiona": "CTF table",
    "resolution": "CTF table",
    "ctf": "CTF table",
}
_CONFIDENCES = (
    "rlnctffigureofmerit",
    "ctfcrosscorrelation",
    "crosscorrelation",
    "confidence",
    "figureofmerit",
    "cc",
)
_HEADLESS = {2: (0, 1, None), 3: (0, 1, 2), 5: (0, 3, 4)}
"""Name, resolution and confidence in a CSV without a head, by its number of columns; five are CryoRL's."""


@dataclass(frozen=True)
class Fit:
    """The CTF fit of one image: the image's name as written, resolution [A], confidence, and the program."""

    name: str
    resolution_a: float
    confidence: float | None
    program: str


def read_fits(path: Path) -> list[Fit]:
    """Read the fits of a table, in its order.

    A CSV (comma, semicolon, tab or blanks) has a head that names the columns, or none and two columns (name,
    resolution), three (and confidence) or five (name, x, y, resolution, confidence, as CryoRL's). Rows
    without a positive resolution hold no fit and are passed over; the very large number by which programs
    mark a failed fit is a fit.

    Raises:
        VendorFileError: No table, no such columns, or a value that is no number; names the line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise VendorFileError(f"{path} is larger than {MAX_BYTES:,} bytes. Take out what is no CTF fit.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as failure:
        raise VendorFileError(f"{path} cannot be read: {failure.strerror}. Check the path.") from None
    except UnicodeDecodeError:
        raise VendorFileError(f"{path} is no text. Give a CSV or STAR table.") from None
    return list(_of_star(path) if _is_star(text) else _of_csv(path, text))


def _is_star(text: str) -> bool:
    return re.search(r"^\s*data_\S*\s*$", text, re.MULTILINE) is not None


def _of_star(path: Path) -> Iterator[Fit]:
    import starfile

    linecache.checkcache(str(path))
    try:
        blocks = starfile.read(path, always_dict=True, parse_as_string=[])
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, StopIteration) as failure:
        said = " ".join(str(failure).split())[:120]
        raise VendorFileError(f"{path} is a broken STAR file ({said}). Export it again.") from None
    for name, block in blocks.items():
        if not hasattr(block, "columns"):
            continue
        columns = _columns([str(column) for column in block.columns])
        if columns is not None:
            for number, row in enumerate(block.itertuples(index=False), start=1):
                yield from _fit(row, columns, f"{path} data_{name} row {number}")
            return
    raise VendorFileError(
        f"{path} has no rlnMicrographName with rlnCtfMaxResolution. Give the micrographs' STAR file."
    )


def _of_csv(path: Path, text: str) -> Iterator[Fit]:
    lines = text.splitlines()
    separator = next((mark for mark in ",;\t" if lines and mark in lines[0]), None)
    rows = csv.reader(lines, delimiter=separator) if separator else (line.split() for line in lines)
    columns: _Columns | None = None
    try:
        for number, row in enumerate(rows, start=1):
            if not row or row[0].lstrip().startswith("#"):
                continue
            where = f"{path} line {number}"
            if columns is None:
                columns, is_head = _first_line(row, where)
                if is_head:
                    continue
            if len(row) != columns.count:
                raise VendorFileError(
                    f"{where} has {len(row)} values, the first line {columns.count}. Correct it."
                )
            yield from _fit(row, columns, where)
    except csv.Error as failure:
        raise VendorFileError(f"{path} is no CSV ({failure}). Export it again.") from None
    if columns is None:
        raise VendorFileError(f"{path} is empty. Give a CSV or STAR table of image name and resolution.")


@dataclass(frozen=True)
class _Columns:
    """Places of name, resolution and confidence in a row of so many values."""

    name: int
    resolution: int
    confidence: int | None
    program: str
    count: int


def _first_line(row: Sequence[str], where: str) -> tuple[_Columns, bool]:
    columns = _columns(row)
    if columns is not None:
        return columns, True
    places = _HEADLESS.get(len(row))
    if places is None or not _is_number(row[places[1]]):
        raise VendorFileError(
            f"{where}: no columns of image name and resolution. Name them micrograph_name and resolution, or "
            "give two columns without a head."
        )
    return _Columns(*places, "CTF table", len(row)), False


def _columns(head: Sequence[str]) -> _Columns | None:
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in head]
    name = next((plain.index(known) for known in _NAMES if known in plain), None)
    resolution = next((known for known in _RESOLUTIONS if known in plain), None)
    if name is None or resolution is None:
        return None
    confidence = next((plain.index(known) for known in _CONFIDENCES if known in plain), None)
    return _Columns(name, plain.index(resolution), confidence, _RESOLUTIONS[resolution], len(head))


def _fit(row: Sequence[Any], columns: _Columns, where: str) -> Iterator[Fit]:
    resolution = _number(row[columns.resolution], "resolution", where)
    confidence = None if columns.confidence is None else _number(row[columns.confidence], "confidence", where)
    name = str(row[columns.name]).strip()
    if resolution is not None and resolution > 0 and name:
        yield Fit(name, resolution, confidence, columns.program)


def _number(value: Any, what: str, where: str) -> float | None:
    """A finite number; None for an empty value and for NaN and infinity."""
    text = str(value).strip()
    if text in ("", "<NA>", "None", "null"):
        return None
    if not _is_number(text):
        raise VendorFileError(f"{where}: {what} is {text[:40]!r}. It must be a number. Correct it.")
    return float(text) if math.isfinite(float(text)) else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
