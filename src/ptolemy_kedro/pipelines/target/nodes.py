"""The nodes of ``target``."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ptolemy_kedro import champions
from ptolemy_kedro.partitions import BySession, Part, SessionTable, TablePart, follow, key_of
from ptolemy_kedro.survey.options import PlanOptions, SurveyOptions

Note = dict[str, Any]
"""Which model: name, version, kind, origin, and the folder that holds it."""

TABLES = ("squares", "holes", "plan")


def take_models(*notes: Note) -> tuple[Note, ...]:
    """Take each model that was just trained, or the champion where there is none; these come after those."""
    count = len(notes) // 2
    return tuple(trained or champion for trained, champion in zip(notes[:count], notes[count:], strict=True))


def rank_squares(
    new_session: BySession[Path], square_ranker: Note, options: SurveyOptions
) -> Iterator[TablePart]:
    """Find and rank the squares of the new session's tiles (``tables.TargetSquares``)."""
    from ptolemy_kedro.squares.ranker import SquareRanker
    from ptolemy_kedro.survey.squares import survey_squares

    ranker, identity = _opened(square_ranker, SquareRanker)
    work = partial(survey_squares, options=options, ranker=ranker)
    yield from follow("rank_squares", work, [new_session], options, identity)


def judge_holes(
    new_session: BySession[Path],
    squares: SessionTable,
    hole_localiser: Note,
    hole_classifier: Note,
    options: SurveyOptions,
) -> Iterator[TablePart]:
    """Find and judge the holes of the new session's medium images (``tables.TargetHoles``)."""
    from ptolemy_kedro.holes.classifier import HoleClassifier
    from ptolemy_kedro.holes.localiser import HoleLocaliser
    from ptolemy_kedro.survey.holes import survey_holes

    localiser, finds = _opened(hole_localiser, HoleLocaliser)
    classifier, judges = _opened(hole_classifier, HoleClassifier)
    work = partial(survey_holes, options=options, localiser=localiser, classifier=classifier)
    yield from follow("judge_holes", work, [new_session, squares], options, finds, judges)


def plan_visits(
    new_session: BySession[Path], squares: SessionTable, holes: SessionTable, options: PlanOptions
) -> Iterator[TablePart]:
    """Put squares and holes in the order in which to visit them (``tables.Plan``)."""
    from ptolemy_kedro.survey import visits

    (session_id,) = new_session.session_ids
    work = partial(visits.plan_visits, session_id=session_id, options=options)
    yield from follow("plan_visits", work, [squares.only([session_id]), holes.only([session_id])], options)


def write_exports(
    new_session: BySession[Path],
    squares: SessionTable,
    holes: SessionTable,
    plan: SessionTable,
    options: SurveyOptions,
    *models: Note,
) -> tuple[Part[Any], ...]:
    """Write the plan for SerialEM, all of it as JSON, and each table as CSV."""
    from ptolemy_kedro.exports.survey import plan_as_navigator, survey_as_json
    from ptolemy_kedro.survey.newcomer import open_newcomer

    (session_id,) = new_session.session_ids
    tables = [table[session_id] for table in (squares, holes, plan)]
    with open_newcomer(new_session[session_id], options) as newcomer:
        places = (newcomer.images, tables[2], newcomer.address, newcomer.bottom_first)
        nav = plan_as_navigator("plan.nav", *places)
        summary = survey_as_json(
            session_id, newcomer.origin, _told(models), *tables, warnings=newcomer.warnings
        )
    return tuple(_part(session_id, content) for content in (nav, summary, *tables))


def draw_survey(
    new_session: BySession[Path], squares: SessionTable, holes: SessionTable, options: SurveyOptions
) -> tuple[Part[Any], ...]:
    """Promise the atlas, the tiles, the gallery of squares and the hole overlays, drawn one at a time."""
    from ptolemy_kedro.survey import pictures

    (session_id,) = new_session.session_ids
    path, of_squares, of_holes = new_session[session_id], squares[session_id], holes[session_id]
    made: tuple[Callable[[], Any], ...] = (
        partial(pictures.draw_atlases, path, options, of_squares, of_holes),
        partial(pictures.draw_tiles, path, options, of_squares),
        partial(pictures.draw_gallery, path, options, of_squares),
        partial(pictures.draw_holes, path, options, of_holes),
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


def _opened(note: Note, kind: Callable[..., Any]) -> tuple[Any, str]:
    """Open a model, and give what tells it from others beside it."""
    from ptolemy_kedro.runtime import OnnxModel

    model = champions.of_note(note)
    return kind(OnnxModel(model.onnx), model.config, model.version), key_of(model.onnx, model.config)


def _told(models: tuple[Note, ...]) -> dict[str, Note]:
    facts = ("version", "kind", "origin", "data_digest")
    return {model["name"]: {fact: model[fact] for fact in facts} for model in models}


def _part(session_id: str, content: Any) -> Part[Any]:
    return Part(session_id, "", lambda: content)
