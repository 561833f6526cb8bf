"""From split sessions to what a model learns from, and from models to scores and their account."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.evaluation import published
from ptolemy_kedro.evaluation.comparison import best_model
from ptolemy_kedro.evaluation.splits import FEWEST_TO_LEARN
from ptolemy_kedro.partitions import SessionTable, whole
from ptolemy_kedro.squares.crop_table import crops_of
from ptolemy_kedro.squares.crops import CropOptions
from ptolemy_kedro.squares.descriptors import DESCRIPTORS
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.squares.segmentation import SegmentOptions
from ptolemy_kedro.squares.sight import PERCEIVED, with_sight
from ptolemy_kedro.squares.sightings import best_sightings, context_of_table
from ptolemy_kedro.training.model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd


def part_of(split: "pd.DataFrame", part: str) -> list[str]:
    """List the sessions of a part of the split.

    Raises:
        TableError: It holds none.
    """
    names = split.loc[split["part"] == part, "session_id"].tolist()
    if not names:
        raise TableError(
            f"Of {len(split)} session(s) none is in the part {part!r}. At least {FEWEST_TO_LEARN} are "
            "needed: two train, one chooses the model, one measures it; a fifth decides on promotions."
        )
    return names


def labelled_frames(
    squares: SessionTable, crops: SessionTable, size_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.str_], NDArray[np.str_]]:
    """Bring the crops of the squares with a known label to one size, a session at a time, a byte a pixel.

    Args:
        squares: Of the sessions to learn from.
        crops: Of these sessions and maybe others.
        size_px: Rows and cols.

    Returns:
        Frames (n, 1, size, size), labels (n,) and session ids (n,).

    Raises:
        TableError: A labelled square has no crop.
    """
    known = {name: table.loc[table["label"] != "unknown", ["square_id", "label"]] for name, table in squares}
    frames = np.empty((sum(map(len, known.values())), 1, size_px, size_px), np.uint8)
    labels: list[str] = []
    for session_id, wanted in known.items():
        rows = crops[session_id].merge(wanted, on="square_id", validate="one_to_one")
        if len(rows) < len(wanted):
            raise TableError(
                f"{len(wanted) - len(rows)} squares of {session_id} have no crop. Cut them anew."
            )
        frames[len(labels) : len(labels) + len(rows)] = crops_of(rows).frames(size_px)
        labels += rows["label"].tolist()
    return frames, np.array(labels), np.repeat(list(known), [len(wanted) for wanted in known.values()])


def with_origin(
    trained: TrainedModel,
    learnt_from: SessionTable,
    sessions: SessionTable,
    segment: SegmentOptions,
    crop: CropOptions,
) -> TrainedModel:
    """Note in a model's configuration what it learnt from, and how squares are found and cut out for it."""
    noted = {
        "origin": origin_of(sessions),
        "data_digest": learnt_from.digest,
        "segmentation": asdict(segment),
        "crop": {**trained.config.get("crop", {}), **asdict(crop)},
    }
    return replace(trained, config={**trained.config, **noted})


def origin_of(sessions: SessionTable) -> str:
    """Say whether sessions are real or simulated; one simulated session makes them simulated."""
    return "simulated" if (whole(sessions)["origin"] == "simulated").any() else "real"


def score_session(
    squares: "pd.DataFrame", crops: "pd.DataFrame", models: Mapping[str, TrainedModel]
) -> "pd.DataFrame":
    """Score a session's squares with each model (``tables.SquareScores``).

    A model that compares a square with its grid scores it where it shows best; each sighting has that score.
    Squares are looked at for the models that need it, unless the table holds ``PERCEIVED``.
    """
    import pandas as pd

    rows = squares.merge(crops, on=["session_id", "square_id"], suffixes=("", "_crop"), validate="one_to_one")
    names = ["session_id", "square_id", "physical_id", "image_id", "label"]
    cut_out = crops_of(rows.rename(columns={"mean": "_", "mean_crop": "mean"}))
    rankers = {name: SquareRanker.of(model) for name, model in models.items()}
    look = any(ranker.sight for ranker in rankers.values()) and PERCEIVED[0] not in squares
    seen = with_sight(rows[list(squares)], crops) if look else rows
    descriptors = {name: rows[name].to_numpy(float) for name in DESCRIPTORS} | context_of_table(seen)
    best = best_sightings(rows)
    scored = []
    for name, ranker in rankers.items():
        scores = ranker.score(descriptors, cut_out)
        scored.append(rows[names].assign(model=name, score=scores[best] if ranker.looks_at_grids else scores))
    return pd.concat(scored, ignore_index=True)


def account(
    judged: dict[str, dict[str, Any]],
    split: "pd.DataFrame",
    sessions: SessionTable,
    models: Sequence[TrainedModel] = (),
) -> dict[str, Any]:
    """Put the measures together with what they were measured on, and with the published figures.

    The best model is the one that ranks best the sessions left out of its training's folds; the validation
    sessions decide where such figures are missing.
    """
    inner = {str(model.config["kind"]): model.config.get("inner_auc") for model in models}
    told = bool(inner) and None not in inner.values()
    return {
        "origin": origin_of(sessions),
        "best": max(sorted(inner), key=lambda kind: inner[kind] or 0.0) if told else best_model(judged),
        "inner folds": inner if told else {},
        "models": judged,
        "sessions": {str(part): names.tolist() for part, names in split.groupby("part")["session_id"]},
        "published": {
            "base_rate": published.BASE_RATE,
            "split by session": published.RANKING,
            "split at random": published.RANKING_AT_RANDOM,
        },
    }
