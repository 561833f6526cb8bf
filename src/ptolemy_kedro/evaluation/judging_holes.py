"""Comparing the models that judge holes, on sessions that none of them learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.evaluation import locating, published
from ptolemy_kedro.evaluation.comparison import EvaluateOptions, best_model
from ptolemy_kedro.evaluation.scoring import part_of
from ptolemy_kedro.evaluation.splits import PARTS
from ptolemy_kedro.metrics import ranking
from ptolemy_kedro.metrics.shares import pooled_share
from ptolemy_kedro.training.model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd


def score_holes_of_session(
    holes: "pd.DataFrame", crops: "pd.DataFrame", models: Mapping[str, TrainedModel]
) -> "pd.DataFrame":
    """Score a session's holes with each model (``tables.HoleScores``)."""
    import pandas as pd

    from ptolemy_kedro import tables
    from ptolemy_kedro.holes.classifier import HoleClassifier
    from ptolemy_kedro.holes.context import DESCRIPTORS
    from ptolemy_kedro.holes.crop_table import hole_crops_of

    if not len(holes):
        return tables.empty(tables.HoleScores)
    ordered = crops.set_index("hole_id").loc[holes["hole_id"]].reset_index()
    descriptors = {name: holes[name].to_numpy(float) for name in DESCRIPTORS}
    named = holes[["session_id", "hole_id", "image_id", "label"]]
    cut_out = hole_crops_of(ordered)
    scored = [
        named.assign(model=name, score=HoleClassifier.of(model).score(cut_out, descriptors))
        for name, model in models.items()
    ]
    return pd.concat(scored, ignore_index=True)


def judge_hole_models(
    scores: "pd.DataFrame", split: "pd.DataFrame", options: EvaluateOptions
) -> dict[str, dict[str, Any]]:
    """Measure each model on the validation and on the test sessions; unknown labels count not at all.

    Args:
        scores: One row a hole and model (``tables.HoleScores``).
        split: One row a session: ``session_id``, ``part``.
        options: Of the bootstrap.

    Returns:
        Model, then part, then the measures of ``metrics.ranking.evaluate``, with ``accuracy`` at a half and
        ``roc_auc_within_image``: the mean over the images that hold both kinds.

    Raises:
        TableError: No test session holds both selected and rejected holes.
    """
    known = scores[scores["label"] != "unknown"].merge(split, on="session_id")
    known = known.assign(selected=known["label"] == "selected")
    test = known[known["part"] == "test"]
    if not (test.groupby("session_id")["selected"].nunique() > 1).any():
        raise TableError(
            "No test session holds both selected and rejected holes, so no judge of holes can be measured. "
            "Add sessions with images in which operators chose some holes and left others."
        )
    judged: dict[str, dict[str, Any]] = {}
    for (model, part), rows in known.groupby(["model", "part"]):
        judged.setdefault(str(model), {})[str(part)] = _measures(rows, options)
    return judged


def account(
    located: dict[str, dict[str, Any]],
    judged: dict[str, dict[str, Any]],
    split: "pd.DataFrame",
    origin: str,
    models: Sequence[TrainedModel],
) -> dict[str, Any]:
    """Put the measures together with what they were measured on, the curves, and the published figures.

    Args:
        located: As ``locating.judge_locating`` gives it.
        judged: As ``judge_hole_models`` gives it.
        split: One row a session: ``session_id``, ``part``.
        origin: Of the sessions.
        models: The localiser, then the judges; ``curves`` has theirs by kind, a row an epoch.
    """
    parts = split.groupby("part")["session_id"].agg(list).to_dict()
    return {
        "origin": origin,
        "best": best_model(judged),
        "localiser": models[0].config["kind"],
        "default": locating.DEFAULT,
        "located": located,
        "judged": judged,
        "sessions": {part: parts.get(part, []) for part in PARTS},
        "curves": {m.config["kind"]: m.curve.to_dict("records") for m in models if m.curve is not None},
        "published": {
            "located": published.HOLES_LOCATED,
            "judged": published.HOLES_JUDGED,
            "base_rate": published.HOLES_BASE_RATE,
        },
    }


def judging_sessions(split: "pd.DataFrame") -> list[str]:
    """List the sessions that choose and measure models: those of the validation and of the test part."""
    return [name for part in ("validation", "test") for name in part_of(split, part)]


def with_origin(trained: TrainedModel, origin: str, data_digest: str, **made_with: Any) -> TrainedModel:
    """Note in a model's configuration what it learnt from, and the options of the steps before it."""
    noted: dict[str, Any] = {"origin": origin, "data_digest": data_digest}
    noted |= {name: asdict(options) for name, options in made_with.items()}
    return replace(trained, config={**trained.config, **noted})


def _measures(rows: "pd.DataFrame", options: EvaluateOptions) -> dict[str, Any]:
    seed, draws = options.seed, options.draws
    sessions, selected, score = rows["session_id"], rows["selected"], rows["score"]
    right = (score >= 0.5) == selected
    return {
        **ranking.evaluate(score, selected, sessions, seed, draws),
        "accuracy": pooled_share(right, np.ones(len(rows)), sessions, seed, draws),
        "roc_auc_within_image": _within_image(rows, seed, draws),
    }


def _within_image(rows: "pd.DataFrame", seed: int, draws: int) -> ranking.Figure:
    areas = [
        (str(session_id), ranking.roc_auc(image["score"], image["selected"]))
        for (session_id, _), image in rows.groupby(["session_id", "image_id"])
    ]
    known = [(session_id, area) for session_id, area in areas if not np.isnan(area)]
    sessions, values = [name for name, _ in known], [area for _, area in known]
    return pooled_share(values, np.ones(len(values)), sessions, seed, draws)
