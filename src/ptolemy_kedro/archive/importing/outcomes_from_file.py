"""CTF resolutions from a table that another program wrote, joined to exposures by the image's name."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from ptolemy_kedro.archive.importing.ctf_tables import Fit, read_fits
from ptolemy_kedro.archive.importing.frame import Found, Imported, LeftOut
from ptolemy_kedro.archive.importing.image_names import plain_name, reduced_name
from ptolemy_kedro.files import digest, sha256_of


@dataclass(frozen=True)
class CtfTable:
    """A table: its file, and its fits by the plain name of their image (of two the later)."""

    path: Path
    fits: Mapping[str, Fit]


def with_outcomes(found: Iterable[Found], files: Sequence[Path]) -> Iterator[Found]:
    """Add the CTF resolutions of tables to sessions as they are loaded.

    Args:
        found: The sessions.
        files: CSV or STAR tables, as ``ctf_tables.read_fits`` reads; one may cover several sessions.

    Raises:
        VendorFileError: A table cannot be read; names file and line.
    """
    tables = [CtfTable(path, {plain_name(fit.name): fit for fit in read_fits(path)}) for path in files]
    stamp = digest(*[sha256_of(path) for path in files])
    for one in found:
        load = partial(_joined, one.load, tables)
        yield replace(one, stamp=digest(one.stamp, stamp), load=load)


def _joined(load: Callable[[], Imported], tables: Iterable[CtfTable]) -> Imported:
    imported = load()
    for table in tables:
        imported = join_outcomes(imported, table)
    return imported


def join_outcomes(imported: Imported, table: CtfTable) -> Imported:
    """Add to a session the outcomes of the images that a table names.

    An exposure is known by its id, its image's id and its image's file. Names are compared without folders
    and endings; where none is the same, without the marks that processing adds (``-a``, ``_doseweighted``).
    """
    exposures = imported.tables.get("exposures")
    if exposures is None or exposures.empty:
        return imported
    fits, unclear = _matched(_names(imported, exposures), table.fits)
    rows = [
        {
            "exposure_id": exposure,
            "quantity": "ctf_resolution",
            "value": fit.resolution_a,
            "unit": "A",
            "confidence": fit.confidence,
            "program": fit.program,
        }
        for exposure, fit in fits.items()
    ]
    left = (
        [LeftOut(f"{unclear:,} rows of {table.path.name}", "they name several shots alike")]
        if unclear
        else []
    )
    said = [] if rows else [f"none of its {len(exposures):,} exposures is named in {table.path.name}"]
    outcomes = [imported.tables.get("outcomes", pd.DataFrame()), pd.DataFrame(rows)]
    kept = [part for part in outcomes if not part.empty]
    tables = imported.tables | ({"outcomes": pd.concat(kept, ignore_index=True)} if kept else {})
    return replace(
        imported, tables=tables, left_out=(*imported.left_out, *left), warnings=(*imported.warnings, *said)
    )


def _names(imported: Imported, exposures: pd.DataFrame) -> dict[str, set[str]]:
    """The exposures that each plain name stands for."""
    images = imported.tables.get("images", pd.DataFrame(columns=["image_id", "file"]))
    files = dict(zip(images["image_id"], images["file"], strict=True)) if "file" in images else {}
    named: dict[str, set[str]] = defaultdict(set)
    shown = exposures["image_id"] if "image_id" in exposures else [None] * len(exposures)
    for exposure, image in zip(exposures["exposure_id"], shown, strict=True):
        for name in (exposure, image, files.get(image)):
            if isinstance(name, str):
                named[plain_name(name)].add(exposure)
    return named


def _matched(named: Mapping[str, set[str]], fits: Mapping[str, Fit]) -> tuple[dict[str, Fit], int]:
    """Find each exposure's fit, and count the fits that name several exposures alike."""
    reduced: dict[str, set[str]] = defaultdict(set)
    for name, exposures in named.items():
        reduced[reduced_name(name)] |= exposures
    found: dict[str, Fit] = {}
    unclear = 0
    exact = {name for name in fits if name in named}
    for name, fit in fits.items():
        exposures = named.get(name) or reduced.get(reduced_name(name)) or set()
        if len(exposures) > 1:
            unclear += 1
        for exposure in exposures if len(exposures) == 1 else ():
            if name in exact or exposure not in found:
                found[exposure] = fit
    return found, unclear
