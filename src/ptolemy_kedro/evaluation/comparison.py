"""Comparing the models that rank squares, on sessions that none of them learnt from."""

from typing import TYPE_CHECKING, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.metrics import ranking

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, config={"extra": "forbid"})
class EvaluateOptions:
    """Bootstrap over sessions behind every interval."""

    seed: int = Field(0, ge=0)
    draws: int = Field(1000, ge=10, le=100_000)  # resamplings of the sessions


def judge(
    scores: "pd.DataFrame", split: "pd.DataFrame", options: EvaluateOptions
) -> dict[str, dict[str, Any]]:
    """Measure each model on the validation and on the test sessions.

    A square seen in several images counts once, with its mean score; an unknown label counts not at all.

    Args:
        scores: One row a square image and model (``tables.SquareScores``).
        split: One row a session: ``session_id``, ``part``.
        options: Of the bootstrap.

    Returns:
        Model, then part, then the measures of ``metrics.ranking.evaluate``.
    """
    judged: dict[str, dict[str, Any]] = {}
    for (model, part), rows in known_sites(scores).merge(split, on="session_id").groupby(["model", "part"]):
        measures = ranking.evaluate(
            rows["score"], rows["selected"], rows["session_id"], options.seed, options.draws
        )
        judged.setdefault(str(model), {})[str(part)] = measures
    return judged


def known_sites(scores: "pd.DataFrame") -> "pd.DataFrame":
    """Keep the sites of known fate, each once: a square seen in several images with its mean score.

    Args:
        scores: ``tables.SquareScores`` or ``tables.HoleScores``.

    Returns:
        One row a model, session and site: ``model``, ``session_id``, the site's id, ``score``, ``selected``.
    """
    known = scores[scores["label"] != "unknown"]
    site = "physical_id" if "physical_id" in known else "hole_id"
    by_site = known.groupby(["model", "session_id", site], as_index=False)
    return by_site.agg(score=("score", "mean"), selected=("label", _any_selected))


def best_model(judged: dict[str, dict[str, Any]]) -> str:
    """Name the model that ranks best within the validation sessions; the test sessions have no say.

    Raises:
        ModelError: No validation session holds both selected and rejected squares.
    """
    merits = {name: _merit(parts.get("validation", {})) for name, parts in judged.items()}
    merit = {name: value for name, value in merits.items() if value is not None}
    if not merit:
        raise ModelError(
            "No validation session holds both selected and rejected squares, so no model can be called best. "
            "Add sessions, or change the split's seed."
        )
    return max(sorted(merit), key=lambda name: merit[name])


def _merit(measures: dict[str, Any]) -> float | None:
    return measures.get("roc_auc_within_session", {}).get("value")


def _any_selected(labels: "pd.Series") -> bool:
    return bool((labels == "selected").any())
