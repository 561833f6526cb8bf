"""What an import did, session by session."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from ptolemy_kedro.archive.importing.frame import Imported, LeftOut

Status = Literal["imported", "to import", "current", "broken"]
"""``to import`` is what a dry run says of what it would import; ``current``, that nothing changed."""


@dataclass(frozen=True)
class Summary:
    """What became of one session.

    Attributes:
        session_id: As found.
        status: What was done.
        said: Why a session is broken, in one line.
        images: Number by kind.
        pixel_sizes_a: Smallest and largest by kind [A]; kinds without any are absent.
        targets: Number by kind and decision.
        outcomes: Number by quantity.
        left_out: What was not taken, and why.
        warnings: What was odd and lived with.
    """

    session_id: str
    status: Status
    said: str = ""
    images: dict[str, int] = field(default_factory=dict)
    pixel_sizes_a: dict[str, tuple[float, float]] = field(default_factory=dict)
    targets: dict[tuple[str, str], int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()


def summarise(imported: Imported, status: Status) -> Summary:
    """Count what a session holds."""
    tables = imported.tables
    targets = tables.get("targets", pd.DataFrame(columns=["kind", "decision"]))
    return Summary(
        imported.session_id,
        status,
        images=_counts(tables.get("images"), "kind"),
        pixel_sizes_a=_pixel_sizes(tables.get("images")),
        targets=dict(Counter(zip(targets["kind"], targets["decision"], strict=True))),
        outcomes=_counts(tables.get("outcomes"), "quantity"),
        left_out=imported.left_out,
        warnings=imported.warnings,
    )


def _counts(table: pd.DataFrame | None, column: str) -> dict[str, int]:
    return dict(Counter(table[column])) if table is not None and column in table else {}


def _pixel_sizes(images: pd.DataFrame | None) -> dict[str, tuple[float, float]]:
    if images is None or "pixel_size_a" not in images:
        return {}
    known = images.dropna(subset=["pixel_size_a"])
    return {
        str(kind): (float(sizes.astype(float).min()), float(sizes.astype(float).max()))
        for kind, sizes in known.groupby("kind")["pixel_size_a"]
    }
