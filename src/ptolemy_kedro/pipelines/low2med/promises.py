"""Promises of trained rankers: what they follow from, and how they are trained once someone asks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ptolemy_kedro.evaluation import scoring
from ptolemy_kedro.partitions import SessionTable, key_of, whole
from ptolemy_kedro.provenance import code_of
from ptolemy_kedro.squares.crops import CropOptions
from ptolemy_kedro.squares.segmentation import SegmentOptions
from ptolemy_kedro.training.promise import TrainingPromise


def from_tables(
    squares: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    segment: SegmentOptions,
    crop: CropOptions,
    options: Any,
) -> TrainingPromise:
    """Promise the model that options are of, which learns from tables of squares alone."""
    learn = squares.only(scoring.part_of(session_split, "train"))

    def fit(_: Path) -> Any:
        from ptolemy_kedro.evaluation.fitting import fit_table

        return scoring.with_origin(fit_table(whole(learn), options), learn, sessions, segment, crop)

    return promised(fit, [learn], sessions, segment, crop, options)


def promised(
    fit: Callable[[Path], Any], learn_from: list[SessionTable], sessions: SessionTable, *options: Any
) -> TrainingPromise:
    """Promise what a fit makes, named by all that it follows from."""
    digests = [table.digest for table in learn_from]
    return TrainingPromise(key_of(code_of(fit), *digests, scoring.origin_of(sessions), *options), fit)
