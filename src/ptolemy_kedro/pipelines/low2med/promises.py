"""Promises of trained rankers: what they follow from, and how they are trained once someone asks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ptolemy_kedro.evaluation import scoring
from ptolemy_kedro.partitions import SessionTable, key_of, whole
from ptolemy_kedro.provenance import code_of
from ptolemy_kedro.squares.crops import CropOptions
from ptolemy_kedro.squares.segmentation import SegmentOptions
from ptolemy_kedro.squares.sight import shipped_sight
from ptolemy_kedro.training.promise import TrainingPromise


def from_tables(
    squares: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    segment: SegmentOptions,
    crop: CropOptions,
    options: Any,
    crops: SessionTable | None = None,
) -> TrainingPromise:
    """Promise the model that options are of, from squares; where crops are given, looked at first."""
    names = scoring.part_of(session_split, "train")
    learn, own = squares.only(names), crops.only(names) if crops is not None else None

    def fit(_: Path) -> Any:
        from ptolemy_kedro.evaluation.fitting import fit_table, look_at

        table = whole(learn) if own is None else look_at(learn, own)
        return scoring.with_origin(fit_table(table, options), learn, sessions, segment, crop)

    if own is None:
        return promised(fit, [learn], sessions, segment, crop, options)
    return promised(fit, [learn, own], sessions, segment, crop, options, shipped_sight().digest)


def promised(
    fit: Callable[[Path], Any], learn_from: list[SessionTable], sessions: SessionTable, *options: Any
) -> TrainingPromise:
    """Promise what a fit makes, named by all that it follows from."""
    digests = [table.digest for table in learn_from]
    return TrainingPromise(key_of(code_of(fit), *digests, scoring.origin_of(sessions), *options), fit)
