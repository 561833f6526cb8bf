"""The nodes of ``med2high`` that train and measure models that judge holes."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ptolemy_kedro.evaluation import judging_holes, locating, scoring
from ptolemy_kedro.evaluation.comparison import EvaluateOptions
from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions, PublishedHoleOptions
from ptolemy_kedro.holes.crops import HoleCropOptions
from ptolemy_kedro.holes.finding import LocateOptions
from ptolemy_kedro.partitions import SessionTable, TablePart, follow, key_of, whole
from ptolemy_kedro.provenance import code_of
from ptolemy_kedro.training.promise import TrainingPromise


def train_padding(
    holes: SessionTable,
    crops: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    locate: LocateOptions,
    crop: HoleCropOptions,
    options: PublishedHoleOptions,
) -> Any:
    """Promise the published network on crops padded to one size."""

    def fit(learn: SessionTable, cut_out: SessionTable, checkpoint: Path) -> Any:
        from ptolemy_kedro.holes.published_classifiers import fit_padding
        from ptolemy_kedro.holes.training_sets import gather_crops

        return fit_padding(*gather_crops(learn, cut_out, options.largest_px), options, checkpoint)

    return _promised(fit, holes, crops, sessions, session_split, locate, crop, options)


def train_average_pooling(
    holes: SessionTable,
    crops: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    locate: LocateOptions,
    crop: HoleCropOptions,
    options: PublishedHoleOptions,
) -> Any:
    """Promise the published network with average pooling, on crops in their own size."""

    def fit(learn: SessionTable, cut_out: SessionTable, checkpoint: Path) -> Any:
        from ptolemy_kedro.holes.published_classifiers import fit_average_pooling
        from ptolemy_kedro.holes.training_sets import gather_crops

        return fit_average_pooling(*gather_crops(learn, cut_out, options.largest_px), options, checkpoint)

    return _promised(fit, holes, crops, sessions, session_split, locate, crop, options)


def train_hole_classifier(
    holes: SessionTable,
    crops: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    locate: LocateOptions,
    crop: HoleCropOptions,
    options: HoleClassifierOptions,
) -> Any:
    """Promise our own network, on crops and descriptors."""

    def fit(learn: SessionTable, cut_out: SessionTable, checkpoint: Path) -> Any:
        from ptolemy_kedro.holes.fit_classifier import fit_on_frames
        from ptolemy_kedro.holes.training_sets import gather_frames

        frames, numbers, known = gather_frames(learn, cut_out, options.size_px)
        return fit_on_frames(frames, numbers, known["label"], known["session_id"], options, checkpoint)

    return _promised(fit, holes, crops, sessions, session_split, locate, crop, options)


def score_holes(
    holes: SessionTable, crops: SessionTable, session_split: Any, *models: Any
) -> Iterator[TablePart]:
    """Score the holes of the sessions that no model learnt from (``tables.HoleScores``)."""
    judging = judging_holes.judging_sessions(session_split)
    work = partial(judging_holes.score_holes_of_session, models=_by_kind(models))
    digests = [key_of(model.onnx, model.config) for model in models]
    yield from follow("score_holes", work, [holes.only(judging), crops.only(judging)], *digests)


def evaluate_holes(
    detections: SessionTable,
    scores: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    options: EvaluateOptions,
    *models: Any,
) -> dict[str, Any]:
    """Measure locating and judging on the sessions held out, the published figures beside them."""
    located = locating.judge_locating(whole(detections), session_split, options)
    judged = judging_holes.judge_hole_models(whole(scores), session_split, options)
    return judging_holes.account(located, judged, session_split, scoring.origin_of(sessions), models)


def put_localiser_forward(metrics: dict[str, Any], localiser: Any) -> tuple[Any, dict[str, Any]]:
    """Take the localiser, with its measures on the test sessions."""
    return localiser, metrics["located"][metrics["default"]]["test"]


def choose_hole_challenger(metrics: dict[str, Any], *models: Any) -> tuple[Any, dict[str, Any]]:
    """Take the model that is best on the validation sessions, with its measures on the test sessions."""
    best = metrics["best"]
    return _by_kind(models)[best], metrics["judged"][best].get("test", {})


def _promised(
    fit: Callable[[SessionTable, SessionTable, Path], Any],
    holes: SessionTable,
    crops: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    locate: LocateOptions,
    crop: HoleCropOptions,
    options: Any,
) -> TrainingPromise:
    names = scoring.part_of(session_split, "train")
    known, cut_out, origin = holes.only(names), crops.only(names), scoring.origin_of(sessions)

    def train(checkpoint: Path) -> Any:
        trained = fit(known, cut_out, checkpoint)
        return judging_holes.with_origin(trained, origin, known.digest, locate=locate, hole_crop=crop)

    key = key_of(code_of(fit), fit.__qualname__, known.digest, cut_out.digest, origin, locate, crop, options)
    return TrainingPromise(key, train)


def _by_kind(models: tuple[Any, ...]) -> dict[str, Any]:
    return {model.config["kind"]: model for model in models}
