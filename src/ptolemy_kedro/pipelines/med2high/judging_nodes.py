"""The nodes of ``med2high`` that train and measure models that judge holes."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from ptolemy_kedro.evaluation import judging_holes, locating, scoring
from ptolemy_kedro.evaluation.comparison import EvaluateOptions
from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions, PublishedHoleOptions
from ptolemy_kedro.holes.crops import HoleCropOptions
from ptolemy_kedro.holes.finding import LocateOptions
from ptolemy_kedro.holes.sight import shipped_sight
from ptolemy_kedro.partitions import SessionTable, TablePart, follow, key_of, whole
from ptolemy_kedro.pipelines.med2high.promises import average_pooling, in_context, padding, promised


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
    return promised(padding, holes, crops, sessions, session_split, locate, crop, options)


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
    return promised(average_pooling, holes, crops, sessions, session_split, locate, crop, options)


def train_hole_classifier(
    holes: SessionTable,
    crops: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    locate: LocateOptions,
    crop: HoleCropOptions,
    options: HoleClassifierOptions,
) -> Any:
    """Promise our own network, on crops and descriptors and what the shipped sight sees."""
    sight = shipped_sight().digest
    return promised(in_context, holes, crops, sessions, session_split, locate, crop, options, sight)


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


def _by_kind(models: tuple[Any, ...]) -> dict[str, Any]:
    return {model.config["kind"]: model for model in models}
