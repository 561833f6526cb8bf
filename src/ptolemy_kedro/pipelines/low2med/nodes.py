"""The nodes of ``low2med``."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ptolemy_kedro.evaluation import comparison, scoring
from ptolemy_kedro.evaluation.comparison import EvaluateOptions
from ptolemy_kedro.evaluation.leakage import at_random
from ptolemy_kedro.partitions import BySession, SessionTable, TablePart, follow, follow_jointly, key_of, whole
from ptolemy_kedro.pipelines.low2med.promises import from_tables, promised
from ptolemy_kedro.squares.classifiers import ForestOptions, LogregOptions
from ptolemy_kedro.squares.cnn_options import CnnOptions
from ptolemy_kedro.squares.crops import CropOptions
from ptolemy_kedro.squares.ranker_options import RankerOptions
from ptolemy_kedro.squares.segmentation import SegmentOptions
from ptolemy_kedro.workers import ParallelOptions, executor


def find_squares(
    archives: BySession[Path],
    images: SessionTable,
    segment: SegmentOptions,
    crop: CropOptions,
    parallel: ParallelOptions,
) -> Iterator[tuple[TablePart, ...]]:
    """Find the squares of each session's tiles and atlases, describe them and cut them out.

    Yields:
        Squares (``tables.Squares``) and crops (``tables.SquareCrops``).
    """
    from ptolemy_kedro.squares.finding import find_in_session

    with executor(parallel.workers) as pool:
        work = partial(find_in_session, segment=segment, crop=crop, pool=pool, workers=parallel.workers)
        yield from follow_jointly("find_squares", work, [archives, images], segment, crop, gives=2)


def label_squares(found: SessionTable, targets: SessionTable, images: SessionTable) -> Iterator[TablePart]:
    """Say which squares are one, and which the operator selected or rejected (``tables.Squares``)."""
    from ptolemy_kedro.squares.table import join_sightings

    yield from follow("label_squares", join_sightings, [found, targets, images])


def train_logreg(
    squares: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    segment: SegmentOptions,
    crop: CropOptions,
    options: LogregOptions,
) -> Any:
    """Promise the published logistic regression on the statistics of the squares' crops."""
    return from_tables(squares, sessions, session_split, segment, crop, options)


def train_forest(
    squares: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    segment: SegmentOptions,
    crop: CropOptions,
    options: ForestOptions,
) -> Any:
    """Promise the published random forest on the statistics of the squares' crops."""
    return from_tables(squares, sessions, session_split, segment, crop, options)


def train_ranker(
    squares: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    segment: SegmentOptions,
    crop: CropOptions,
    options: RankerOptions,
    square_crops: SessionTable,
) -> Any:
    """Promise our ranker, which sees each square beside the rest of its grid."""
    return from_tables(squares, sessions, session_split, segment, crop, options, square_crops)


def train_cnn(
    squares: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    segment: SegmentOptions,
    crop: CropOptions,
    options: CnnOptions,
    square_crops: SessionTable,
) -> Any:
    """Promise the published network on the squares' crops."""
    learn, crops = (t.only(scoring.part_of(session_split, "train")) for t in (squares, square_crops))

    def fit(checkpoint: Path) -> Any:
        from ptolemy_kedro.squares.cnn import fit_cnn

        labelled = scoring.labelled_frames(learn, crops, options.size_px)
        return scoring.with_origin(fit_cnn(*labelled, options, checkpoint), learn, sessions, segment, crop)

    return promised(fit, [learn, crops], sessions, segment, crop, options)


def score_squares(
    squares: SessionTable, square_crops: SessionTable, session_split: Any, *models: Any
) -> Iterator[TablePart]:
    """Score the squares of the sessions that no model learnt from (``tables.SquareScores``)."""
    held_out = [name for part in ("validation", "test") for name in scoring.part_of(session_split, part)]
    work = partial(scoring.score_session, models=_by_kind(models))
    digests = [key_of(model.onnx, model.config) for model in models]
    yield from follow("score_squares", work, [squares.only(held_out), square_crops.only(held_out)], *digests)


def evaluate_models(
    scores: SessionTable,
    sessions: SessionTable,
    session_split: Any,
    options: EvaluateOptions,
    squares: SessionTable,
    logreg: LogregOptions,
    forest: ForestOptions,
    *models: Any,
) -> dict[str, Any]:
    """Measure the models on sessions kept aside and, to show what leaks, split at random."""
    judged = comparison.judge(whole(scores), session_split, options)
    own = [name for part in ("train", "validation", "test") for name in scoring.part_of(session_split, part)]
    leaking = at_random(whole(squares.only(own)), (logreg, forest), options)
    return scoring.account(judged, session_split, sessions, models) | {"split at random": leaking}


def choose_challenger(metrics: dict[str, Any], *models: Any) -> tuple[Any, dict[str, Any]]:
    """Take the model that is best on sessions left out of training, with its measures on the test ones."""
    best = metrics["best"]
    return _by_kind(models)[best], metrics["models"][best].get("test", {})


def _by_kind(models: tuple[Any, ...]) -> dict[str, Any]:
    return {model.config["kind"]: model for model in models}
