"""Promises of trained judges of holes: what they follow from, and how each is trained once someone asks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ptolemy_kedro.evaluation import judging_holes, scoring
from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions, PublishedHoleOptions
from ptolemy_kedro.holes.crops import HoleCropOptions
from ptolemy_kedro.holes.finding import LocateOptions
from ptolemy_kedro.partitions import SessionTable, key_of
from ptolemy_kedro.provenance import code_of
from ptolemy_kedro.training.promise import TrainingPromise


def promised(
    fit: Callable[[SessionTable, SessionTable, Any, Path], Any],
    holes: SessionTable,
    crops: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    locate: LocateOptions,
    crop: HoleCropOptions,
    options: Any,
    *more: object,
) -> TrainingPromise:
    """Promise what a fit makes of the sessions to train on, named by all that it follows from, more too."""
    names = scoring.part_of(session_split, "train")
    learn, cut_out, origin = holes.only(names), crops.only(names), scoring.origin_of(sessions)

    def train(checkpoint: Path) -> Any:
        trained = fit(learn, cut_out, options, checkpoint)
        return judging_holes.with_origin(trained, origin, learn.digest, locate=locate, hole_crop=crop)

    follows_from = (learn.digest, cut_out.digest, origin, locate, crop, options, *more)
    return TrainingPromise(key_of(code_of(fit), fit.__qualname__, *follows_from), train)


def padding(learn: SessionTable, crops: SessionTable, options: PublishedHoleOptions, checkpoint: Path) -> Any:
    """Fit the published network on crops padded to one size."""
    from ptolemy_kedro.holes.published_classifiers import fit_padding
    from ptolemy_kedro.holes.training_sets import gather_crops

    return fit_padding(*gather_crops(learn, crops, options.largest_px), options, checkpoint)


def average_pooling(
    learn: SessionTable, crops: SessionTable, options: PublishedHoleOptions, checkpoint: Path
) -> Any:
    """Fit the published network with average pooling, on crops in their own size."""
    from ptolemy_kedro.holes.published_classifiers import fit_average_pooling
    from ptolemy_kedro.holes.training_sets import gather_crops

    return fit_average_pooling(*gather_crops(learn, crops, options.largest_px), options, checkpoint)


def in_context(
    learn: SessionTable, crops: SessionTable, options: HoleClassifierOptions, checkpoint: Path
) -> Any:
    """Fit our own network, on crops and descriptors."""
    from ptolemy_kedro.holes.fit_classifier import fit_on_frames
    from ptolemy_kedro.holes.training_sets import gather_frames

    frames, numbers, known = gather_frames(learn, crops, options.size_px)
    return fit_on_frames(frames, numbers, known["label"], known["session_id"], options, checkpoint)
