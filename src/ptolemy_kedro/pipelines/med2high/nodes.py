"""The nodes of ``med2high``."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ptolemy_kedro.evaluation import judging_holes, locating, scoring
from ptolemy_kedro.evaluation.comparison import EvaluateOptions
from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions, PaddedOptions, PooledOptions
from ptolemy_kedro.holes.crops import HoleCropOptions
from ptolemy_kedro.holes.finding import LocateOptions
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.partitions import BySession, SessionTable, TablePart, follow, follow_jointly, key_of, whole
from ptolemy_kedro.provenance import code_of
from ptolemy_kedro.training.promise import TrainingPromise
from ptolemy_kedro.workers import ParallelOptions, executor


def cut_patches(
    archives: BySession[Path],
    images: SessionTable,
    targets: SessionTable,
    grids: SessionTable,
    session_split: Any,
    options: LocaliserOptions,
    parallel: ParallelOptions,
) -> Iterator[TablePart]:
    """Cut patches about the clicks of the sessions that train (``tables.LocaliserPatches``)."""
    from ptolemy_kedro.holes.learning import patches_of_session

    learn = scoring.part_of(session_split, "train")
    sources = [table.only(learn) for table in (archives, images, targets, grids)]
    work = partial(patches_of_session, options=options)
    with executor(parallel.workers) as pool:
        yield from follow("cut_patches", work, sources, options, pool=pool, workers=parallel.workers)


def train_localiser(patches: SessionTable, sessions: SessionTable, options: LocaliserOptions) -> Any:
    """Promise the localiser, from patches about clicks."""
    origin = scoring.origin_of(sessions)

    def fit(checkpoint: Path) -> Any:
        from ptolemy_kedro.holes.fit_localiser import fit_patches
        from ptolemy_kedro.holes.learning import gather

        trained = fit_patches(gather(patches), options, checkpoint)
        return judging_holes.with_origin(trained, origin, patches.digest)

    return TrainingPromise(key_of(code_of(fit), patches.digest, origin, options), fit)


def locate_holes(
    archives: BySession[Path],
    images: SessionTable,
    grids: SessionTable,
    localiser: Any,
    locate: LocateOptions,
    crop: HoleCropOptions,
    parallel: ParallelOptions,
) -> Iterator[tuple[TablePart, ...]]:
    """Locate the holes of each session, describe them and cut them out.

    Yields:
        Holes (``tables.Holes``) and crops (``tables.HoleCrops``).
    """
    from ptolemy_kedro.holes.locating import Locating, locate_in_session

    with executor(parallel.workers) as pool:
        by = Locating(localiser, locate, crop)
        work = partial(locate_in_session, locating=by, pool=pool, workers=parallel.workers)
        made_by = key_of(localiser.onnx, localiser.config)
        yield from follow_jointly(
            "locate_holes", work, [archives, images, grids], made_by, locate, crop, gives=2
        )


def label_holes(found: SessionTable, targets: SessionTable, images: SessionTable) -> Iterator[TablePart]:
    """Say which holes the operator selected or rejected (``tables.Holes``)."""
    from ptolemy_kedro.holes.labels import with_labels

    yield from follow("label_holes", with_labels, [found, targets, images])


def match_exposures(
    holes: SessionTable, targets: SessionTable, exposures: SessionTable, images: SessionTable
) -> Iterator[TablePart]:
    """Say which shot exposed which hole (``tables.HoleExposures``)."""
    from ptolemy_kedro.holes.matching import match_exposures as match

    yield from follow("match_exposures", match, [holes, targets, exposures, images])


def compare_with_clicks(
    holes: SessionTable, targets: SessionTable, images: SessionTable, session_split: Any
) -> Iterator[TablePart]:
    """Count hits and misses of the localiser in the sessions held out (``tables.HoleDetections``)."""
    sources = [table.only(_judging(session_split)) for table in (holes, targets, images)]
    yield from follow("compare_with_clicks", locating.compare_with_clicks, sources)


def train_padded(
    holes: SessionTable, crops: SessionTable, sessions: SessionTable, session_split: Any,
    crop: HoleCropOptions, options: PaddedOptions,
) -> Any:  # fmt: skip
    """Promise the published network on crops padded to one size."""
    from ptolemy_kedro.holes.published_classifiers import fit_padded

    return _promised(fit_padded, holes, crops, sessions, session_split, crop, options)


def train_pooled(
    holes: SessionTable, crops: SessionTable, sessions: SessionTable, session_split: Any,
    crop: HoleCropOptions, options: PooledOptions,
) -> Any:  # fmt: skip
    """Promise the published network with average pooling, on crops in their own size."""
    from ptolemy_kedro.holes.published_classifiers import fit_pooled

    return _promised(fit_pooled, holes, crops, sessions, session_split, crop, options)


def train_hole_classifier(
    holes: SessionTable, crops: SessionTable, sessions: SessionTable, session_split: Any,
    crop: HoleCropOptions, options: HoleClassifierOptions,
) -> Any:  # fmt: skip
    """Promise our own, on crops and descriptors."""
    from ptolemy_kedro.holes.fit_classifier import fit_classifier

    return _promised(fit_classifier, holes, crops, sessions, session_split, crop, options)


def score_holes(
    holes: SessionTable, crops: SessionTable, session_split: Any, *models: Any
) -> Iterator[TablePart]:
    """Score the holes of the sessions that no model learnt from (``tables.HoleScores``)."""
    judging = _judging(session_split)
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
    return localiser, metrics["located"][locating.DEFAULT]["test"]


def choose_hole_challenger(metrics: dict[str, Any], *models: Any) -> tuple[Any, dict[str, Any]]:
    """Take the model that is best on the validation sessions, with its measures on the test sessions."""
    best = metrics["best"]
    return _by_kind(models)[best], metrics["judged"][best].get("test", {})


def _promised(
    learn: Callable[..., Any], holes: SessionTable, crops: SessionTable, sessions: SessionTable,
    session_split: Any, crop: HoleCropOptions, options: Any,
) -> TrainingPromise:  # fmt: skip
    names = scoring.part_of(session_split, "train")
    known, cut_out, origin = holes.only(names), crops.only(names), scoring.origin_of(sessions)

    def fit(checkpoint: Path) -> Any:
        trained = learn(known, cut_out, options, checkpoint)
        return judging_holes.with_origin(trained, origin, known.digest, hole_crop=crop)

    key = key_of(code_of(fit), code_of(learn), known.digest, cut_out.digest, origin, crop, options)
    return TrainingPromise(key, fit)


def _judging(session_split: Any) -> list[str]:
    return [name for part in ("validation", "test") for name in scoring.part_of(session_split, part)]


def _by_kind(models: tuple[Any, ...]) -> dict[str, Any]:
    return {model.config["kind"]: model for model in models}
