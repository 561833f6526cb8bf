"""The nodes of ``target``."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ptolemy_kedro import champions
from ptolemy_kedro.partitions import BySession, Part, SessionTable, TablePart, follow, key_of
from ptolemy_kedro.survey.options import PlanOptions, SurveyOptions
from ptolemy_kedro.workers import ParallelOptions

Note = dict[str, Any]
"""Which model: name, version, kind, origin, and the folder that holds it."""

TABLES = ("squares", "holes", "plan")


def take_models(*notes: Note) -> tuple[Note, ...]:
    """Take each model that was just trained, or the champion where there is none; these come after those."""
    count = len(notes) // 2
    return tuple(trained or champion for trained, champion in zip(notes[:count], notes[count:], strict=True))


def meet_session(new_session: BySession[Path], options: SurveyOptions) -> BySession[Any]:
    """Read what there is of the new session; pixels are read later (``survey.newcomer.Newcomer``)."""
    from ptolemy_kedro.survey.newcomer import meet

    (part,) = new_session.parts.values()
    newcomer = meet(part.make(), options)
    return BySession([Part(part.session_id, key_of(part.key, options), lambda: newcomer)])


def rank_squares(
    newcomer: BySession[Any], square_ranker: Note, parallel: ParallelOptions
) -> Iterator[TablePart]:
    """Find and rank the squares of the new session's tiles (``tables.TargetSquares``)."""
    from ptolemy_kedro.survey.squares import survey_squares

    ranker = champions.of_note(square_ranker)
    work = partial(survey_squares, ranker=ranker, workers=parallel.workers)
    yield from follow("rank_squares", work, [newcomer], *_identity(ranker))


def judge_holes(
    newcomer: BySession[Any],
    squares: SessionTable,
    hole_localiser: Note,
    hole_classifier: Note,
    options: SurveyOptions,
    parallel: ParallelOptions,
) -> Iterator[TablePart]:
    """Find and judge the holes of the new session's medium images (``tables.TargetHoles``)."""
    from ptolemy_kedro.survey.holes import survey_holes

    finds, judges = champions.of_note(hole_localiser), champions.of_note(hole_classifier)
    work = partial(
        survey_holes, options=options, localiser=finds, classifier=judges, workers=parallel.workers
    )
    told = (options, *_identity(finds), *_identity(judges))
    yield from follow("judge_holes", work, [newcomer, squares], *told)


def plan_visits(
    newcomer: BySession[Any], squares: SessionTable, holes: SessionTable, options: PlanOptions
) -> Iterator[TablePart]:
    """Put squares and holes in the order in which to visit them (``tables.Plan``)."""
    from ptolemy_kedro.survey import visits

    (session_id,) = newcomer.session_ids
    work = partial(visits.plan_visits, session_id=session_id, options=options)
    yield from follow("plan_visits", work, [squares.only([session_id]), holes.only([session_id])], options)


def write_exports(
    newcomer: BySession[Any], squares: SessionTable, holes: SessionTable, plan: SessionTable, *models: Note
) -> tuple[Part[Any], ...]:
    """Write the plan for SerialEM, all of it as JSON, and each table as CSV."""
    from ptolemy_kedro.exports.survey import plan_as_navigator, survey_as_json

    ((session_id, new),) = newcomer
    found, judged, visits = (table[session_id] for table in (squares, holes, plan))
    nav = plan_as_navigator("plan.nav", new.images, visits, new.address, new.bottom_first)
    summary = survey_as_json(session_id, new.origin, _told(models), found, judged, visits, new.warnings)
    return tuple(_part(session_id, content) for content in (nav, summary, found, judged, visits))


def draw_survey(
    newcomer: BySession[Any], squares: SessionTable, holes: SessionTable
) -> tuple[Part[Any], ...]:
    """Promise the atlas, the tiles, the gallery of squares and the hole overlays, drawn one at a time."""
    from ptolemy_kedro.survey import pictures

    ((session_id, new),) = newcomer
    of_squares, of_holes = squares[session_id], holes[session_id]
    made: tuple[Callable[[], Any], ...] = (
        partial(pictures.draw_atlases, new, of_squares, of_holes),
        partial(pictures.draw_tiles, new, of_squares),
        partial(pictures.draw_gallery, new, of_squares),
        partial(pictures.draw_holes, new, of_holes),
    )
    return tuple(Part(session_id, "", make) for make in made)


def write_page(
    new_session: BySession[Path],
    squares: SessionTable,
    holes: SessionTable,
    plan: SessionTable,
    summary: BySession[bytes],
    *pictures: Any,
) -> Part[str]:
    """Write one page of it; pictures and models come in the order of the pipeline."""
    import json

    from ptolemy_kedro.figures.survey_page import survey_page

    (session_id,) = new_session.session_ids
    tables = [table[session_id] for table in (squares, holes, plan)]
    drawn = [picture[session_id] for picture in pictures]
    told = json.loads(summary[session_id])
    return _part(session_id, survey_page(session_id, str(new_session[session_id]), told, *tables, *drawn))


def _identity(model: champions.Champion) -> tuple[Any, ...]:
    """What tells a model from others."""
    return model.name, model.version, key_of(model.onnx, model.config)


def _told(models: tuple[Note, ...]) -> dict[str, Note]:
    facts = ("version", "kind", "origin", "data_digest")
    return {
        model["name"]: {fact: model[fact] for fact in facts}
        | {"state": model.get("state", "challenger, just trained")}
        for model in models
    }


def _part(session_id: str, content: Any) -> Part[Any]:
    return Part(session_id, "", lambda: content)
