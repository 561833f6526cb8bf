"""The nodes of ``med2high`` that locate holes."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ptolemy_kedro.evaluation import judging_holes, locating, scoring
from ptolemy_kedro.holes.crops import HoleCropOptions
from ptolemy_kedro.holes.finding import LocateOptions
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.partitions import BySession, SessionTable, TablePart, follow, follow_jointly, key_of
from ptolemy_kedro.provenance import code_of
from ptolemy_kedro.training.promise import TrainingPromise
from ptolemy_kedro.workers import ParallelOptions, executor


def cut_patches(
    archives: BySession[Path],
    images: SessionTable,
    grids: SessionTable,
    targets: SessionTable,
    session_split: Any,
    options: LocaliserOptions,
    parallel: ParallelOptions,
) -> Iterator[TablePart]:
    """Cut patches about the clicks of the sessions that train (``tables.LocaliserPatches``)."""
    from ptolemy_kedro.holes.learning import patches_of_session

    learn = scoring.part_of(session_split, "train")
    sources = [table.only(learn) for table in (archives, images, grids, targets)]
    work = partial(patches_of_session, options=options)
    with executor(parallel.workers) as pool:
        yield from follow("cut_patches", work, sources, options, pool=pool, workers=parallel.workers)


def train_localiser(patches: SessionTable, sessions: SessionTable, options: LocaliserOptions) -> Any:
    """Promise the localiser, from patches about clicks."""
    origin = scoring.origin_of(sessions)

    def fit(checkpoint: Path) -> Any:
        from ptolemy_kedro.holes.fit_localiser import fit_localiser
        from ptolemy_kedro.holes.learning import gather

        trained = fit_localiser(gather(patches), options, checkpoint)
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
    sources = [
        table.only(judging_holes.judging_sessions(session_split)) for table in (holes, targets, images)
    ]
    yield from follow("compare_with_clicks", locating.compare_with_clicks, sources)
