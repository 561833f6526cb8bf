"""How well squares are ranked on simulated sessions: the published models, ours, and what there is to gain.

    python benchmarks/ranking.py [--train 480] [--sessions 120] [--held-out 64] [--closing] [--kinds ...]

Models learn from seeds 0 and up. They are judged on seeds from 20,100; ``--held-out`` so many also under
optics and operators that no training used; with ``--closing`` on seeds from 90,000, for the last look only. A
square seen in several images counts once. The gap is from the best published model, chosen family by family,
to the operator's own wanting without noise. Intervals are a 95 % bootstrap over sessions.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ptolemy_kedro.evaluation.published import RANKING
from ptolemy_kedro.evaluation.rehearsal import Rehearsed, rehearse
from ptolemy_kedro.evaluation.scoring import score_session
from ptolemy_kedro.metrics.ranking import evaluate, roc_auc
from ptolemy_kedro.simulation.seeds import CLOSING, TRAINING
from ptolemy_kedro.squares.classifiers import ForestOptions, LogregOptions, fit_forest, fit_logreg
from ptolemy_kedro.squares.cnn_options import CnnOptions
from ptolemy_kedro.squares.crop_table import crops_of
from ptolemy_kedro.squares.fit_ranker import fit_ranker
from ptolemy_kedro.training.model import TrainedModel
from ptolemy_kedro.training.options import TrainOptions

EVALUATED_FROM = 20_100
PUBLISHED_KINDS = ("logreg", "forest", "cnn")
"""In the order of the published table."""

KINDS = (*PUBLISHED_KINDS, "ranker")


@dataclass(frozen=True)
class Judged:
    """The squares of known label of all judging sessions: one row a square.

    Attributes:
        squares: ``session_id``, ``physical_id``, ``family``, ``selected``, a column a model, ``oracle``.
    """

    squares: pd.DataFrame

    def within(self, model: str) -> pd.DataFrame:
        """AUC of a model within each session: ``family``, ``auc``."""
        rows = [
            (family, session, roc_auc(part[model], part["selected"]))
            for (family, session), part in self.squares.groupby(["family", "session_id"])
        ]
        return pd.DataFrame(rows, columns=["family", "session_id", "auc"]).dropna()


def fit(kind: str, learn: list[Rehearsed], given: argparse.Namespace) -> TrainedModel:
    """Train a model of a kind; the published ones on tiles alone, as published."""
    if kind == "ranker":
        return fit_ranker(pd.concat([made.looked_at() for made in learn], ignore_index=True))
    if kind != "cnn":
        tiles = pd.concat([made.squares[on_tile(made)] for made in learn], ignore_index=True)
        return fit_logreg(tiles, LogregOptions()) if kind == "logreg" else fit_forest(tiles, ForestOptions())
    from ptolemy_kedro.squares.cnn import fit_cnn

    few = learn[: given.cnn_sessions]
    frames = np.concatenate([crops_of(made.crops[known_on_tile(made)]).frames(given.cnn_px) for made in few])
    labels, sessions = (
        np.concatenate([made.squares[name][known_on_tile(made)] for made in few])
        for name in ("label", "session_id")
    )
    options = CnnOptions(size_px=given.cnn_px, train=TrainOptions(epochs=60, batch_size=128, patience=4))
    return fit_cnn(
        frames, labels, sessions, options, given.aside / f"cnn{given.cnn_px}-{len(few)}.checkpoint"
    )


def on_tile(made: Rehearsed) -> np.ndarray:
    """Tell which squares are seen in tiles, not in the atlas."""
    return ~made.squares["image_id"].str.contains("atlas").to_numpy()


def known_on_tile(made: Rehearsed) -> np.ndarray:
    """Tell which of these have a known label."""
    return on_tile(made) & (made.squares["label"] != "unknown").to_numpy()


def judge(sessions: Iterable[Rehearsed], models: dict[str, TrainedModel]) -> Judged:
    """Score the sessions; each square once, by the published models where tiles show it."""
    rows = []
    for made in sessions:
        scores = pd.concat(_scores(made, models), ignore_index=True)
        table = made.wanting.assign(label=made.squares["label"], physical_id=made.squares["physical_id"])
        table = table.assign(session_id=made.squares["session_id"], tile=on_tile(made))
        wide = scores.pivot(index="square_id", columns="model", values="score").reset_index()
        rows.append(table.merge(wide, on="square_id"))
    known = pd.concat(rows, ignore_index=True)
    known = known[(known["label"] != "unknown") & known["tile"]]
    once = known.groupby(["family", "session_id", "physical_id"], as_index=False).agg(
        selected=("label", lambda labels: (labels == "selected").any()),
        oracle=("want", "mean"),
        **{name: (name, "mean") for name in models},
    )
    return Judged(once.dropna())


def _scores(made: Rehearsed, models: dict[str, TrainedModel]) -> Iterator[pd.DataFrame]:
    """Score a session: ours with all images of the grid, the published ones the squares that are judged."""
    published = {kind: model for kind, model in models.items() if kind in PUBLISHED_KINDS}
    known = known_on_tile(made)
    if published and known.any():
        yield score_session(made.squares[known], made.crops[known], published)
    ours = {kind: model for kind, model in models.items() if kind not in published}
    if ours:
        yield score_session(made.looked_at(), made.crops, ours)


def account(judged: Judged, published: list[str], ours: list[str], draws: int = 2000) -> dict:
    """Tell AUC within sessions by family, and what share of the gap each of ours closes."""
    within = pd.DataFrame({name: judged.within(name)["auc"] for name in ("oracle", *published, *ours)})
    family = judged.within("oracle")["family"]
    rng = np.random.default_rng(0)
    told = {}
    for name, rows in [("all", within), *within.groupby(family)]:
        drawn = rng.integers(len(rows), size=(draws, len(rows)))
        values = {model: rows[model].to_numpy() for model in rows}
        means = {model: value[drawn].mean(axis=1) for model, value in values.items()}
        best = max(published, key=lambda model: values[model].mean())
        told[name] = {
            "sessions": len(rows),
            "auc": {m: _figure(values[m].mean(), means[m]) for m in values},
            "best published": best,
            "gain": {m: _figure((values[m] - values[best]).mean(), means[m] - means[best]) for m in ours},
            "gap closed": {m: _closed(values, means, m, best) for m in ours},
        }
    return told


def _closed(values: dict, means: dict, model: str, best: str) -> dict:
    value = (values[model] - values[best]).mean() / (values["oracle"] - values[best]).mean()
    return _figure(value, (means[model] - means[best]) / (means["oracle"] - means[best]))


def _figure(value: float, drawn: np.ndarray) -> dict[str, float]:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {"value": round(float(value), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def table_2(judged: Judged, models: list[str]) -> dict:
    """Put pooled AUC and average precision beside the published figures."""
    squares, told = judged.squares, {}
    for name, published in zip(PUBLISHED_KINDS, RANKING.values(), strict=True):
        if name not in models:
            continue
        measured = evaluate(squares[name], squares["selected"], squares["session_id"], seed=0)
        told[name] = {
            measure: {**measured[measure], "published": value, "distance": measured[measure]["value"] - value}
            for measure, value in published.items()
        } | {"base_rate": measured["base_rate"]}
    return told


def measures(judged: Judged, models: list[str]) -> dict:
    """Measure each model over all sessions: calibration, squares needed, base rate and the rest."""
    squares = judged.squares
    return {
        name: evaluate(squares[name], squares["selected"], squares["session_id"], seed=0) for name in models
    }


def main() -> None:
    """Print the figures as JSON."""
    given = _arguments()
    learn = list(rehearse(TRAINING[: given.train], 4, given.aside, workers=given.workers))
    models = {kind: fit(kind, learn, given) for kind in given.kinds}
    first = CLOSING[0] if given.closing else EVALUATED_FROM
    told = {"inner folds": {kind: model.config.get("inner_auc") for kind, model in models.items()}}
    for drawn, count in (("training", given.sessions), ("held_out", given.held_out)):
        if count:
            seeds = range(first, first + count)
            told[drawn] = figures(judge(rehearse(seeds, 6, given.aside, drawn, given.workers), models))
            told[drawn]["seeds"] = [seeds[0], seeds[-1]]
    print(json.dumps(told, indent=1))


def figures(judged: Judged) -> dict:
    """Put all figures of one set of sessions together."""
    models = [kind for kind in KINDS if kind in judged.squares]
    published = [kind for kind in PUBLISHED_KINDS if kind in models]
    return {
        "within session": account(judged, published, [kind for kind in models if kind not in published]),
        "measures": measures(judged, models),
        "table 2": table_2(judged, published),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", type=int, default=480, help="sessions to learn from")
    parser.add_argument("--sessions", type=int, default=120, help="to judge by")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--cnn-px", type=int, default=30, choices=[30, 60, 120, 240])
    parser.add_argument(
        "--cnn-sessions", type=int, default=200, help="that the published network learns from"
    )
    parser.add_argument(
        "--held-out", type=int, default=0, help="sessions of optics and operators that no training uses"
    )
    parser.add_argument("--closing", action="store_true", help="seeds from 90,000: the last look")
    parser.add_argument("--workers", type=int, default=2)
    place = Path(tempfile.gettempdir()) / "ptolemy-ranking"
    parser.add_argument(
        "--aside", type=Path, default=place, help="folder that simulated sessions are kept in"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
