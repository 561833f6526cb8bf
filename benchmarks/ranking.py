"""How well squares are ranked on simulated sessions: the published models, ours, and what there is to gain.

    python benchmarks/ranking.py [--train 240] [--sessions 120] [--held-out | --closing] [--kinds ...]

Models learn from seeds 0 and up. They are judged on seeds from 20,100; with ``--held-out`` under optics and
operators that no training used; with ``--closing`` on seeds from 90,000, which is for the last look only. A
square seen in several images counts once. The gap is from the best published model, chosen family by family,
to the operator's own wanting without noise. Intervals are a 95 % bootstrap over sessions.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ptolemy_kedro.evaluation.published import RANKING
from ptolemy_kedro.evaluation.rehearsal import Rehearsed, rehearse
from ptolemy_kedro.metrics.ranking import evaluate, roc_auc
from ptolemy_kedro.simulation.seeds import CLOSING, TRAINING
from ptolemy_kedro.squares.classifiers import ForestOptions, LogregOptions, fit_forest, fit_logreg
from ptolemy_kedro.squares.ranker import SquareRanker

EVALUATED_FROM = 20_100
PUBLISHED_KINDS = ("logreg", "forest")
CROP_STATISTICS = ("crop_mean", "crop_maximum", "crop_variance", "area_px")
BAR = 0.3

Scorer = Callable[[Rehearsed], np.ndarray]


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


def with_crop_statistics(made: Rehearsed) -> pd.DataFrame:
    """Give a session's squares their crops' statistics as published: normalised by the image's squares."""
    mean, std = (made.crops[name].to_numpy() for name in ("mean", "std"))
    squares = made.squares
    return squares.assign(
        crop_mean=(squares["mean"] - mean) / std,
        crop_maximum=(squares["maximum"] - mean) / std,
        crop_variance=squares["variance"] / std**2,
        tile=~squares["image_id"].str.contains("atlas"),
    )


def fit_published(learn: list[Rehearsed]) -> dict[str, Scorer]:
    """Fit the published classifiers to crop statistics of the tiles' squares."""
    table = pd.concat([with_crop_statistics(made) for made in learn], ignore_index=True)
    table = table[table["tile"]]
    models = {
        "logreg": fit_logreg(table, LogregOptions(descriptors=CROP_STATISTICS)),
        "forest": fit_forest(table, ForestOptions(descriptors=CROP_STATISTICS)),
    }
    return {name: _on_tiles(SquareRanker.of(model)) for name, model in models.items()}


def _on_tiles(ranker: SquareRanker) -> Scorer:
    def score(made: Rehearsed) -> np.ndarray:
        table = with_crop_statistics(made)
        scores = ranker.score({name: table[name].to_numpy() for name in CROP_STATISTICS})
        return np.where(table["tile"], scores, np.nan)

    return score


def judge(sessions: list[Rehearsed], scorers: dict[str, Scorer]) -> Judged:
    """Score the sessions; each square once."""
    rows = []
    for made in sessions:
        table = made.squares[["session_id", "physical_id", "label"]].assign(
            family=made.wanting["family"].to_numpy(), oracle=made.wanting["want"].to_numpy()
        )
        table = table.assign(**{name: score(made) for name, score in scorers.items()})
        rows.append(table[table["label"] != "unknown"])
    known = pd.concat(rows, ignore_index=True)
    once = known.groupby(["family", "session_id", "physical_id"], as_index=False).agg(
        selected=("label", lambda labels: (labels == "selected").any()),
        **{name: (name, "mean") for name in ("oracle", *scorers)},
    )
    return Judged(once.dropna())


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
    for name, published in zip(models, RANKING.values(), strict=False):
        measured = evaluate(squares[name], squares["selected"], squares["session_id"], seed=0)
        told[name] = {
            measure: {**measured[measure], "published": value, "distance": measured[measure]["value"] - value}
            for measure, value in published.items()
        } | {"base_rate": measured["base_rate"]}
    return told


def main() -> None:
    """Print the figures as JSON."""
    given = _arguments()
    learn = list(rehearse(TRAINING[: given.train], 4, given.aside, workers=given.workers))
    scorers = fit_published(learn)
    first = CLOSING[0] if given.closing else EVALUATED_FROM
    drawn = "held_out" if given.held_out else "training"
    seeds = range(first, first + given.sessions)
    judged = judge(list(rehearse(seeds, 6, given.aside, drawn, given.workers)), scorers)
    figures = {
        "seeds": [seeds[0], seeds[-1]],
        "operators and optics": drawn,
        "within session": account(judged, list(scorers), []),
        "table 2": table_2(judged, list(PUBLISHED_KINDS)),
    }
    print(json.dumps(figures, indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", type=int, default=240, help="sessions to learn from")
    parser.add_argument("--sessions", type=int, default=120, help="to judge by")
    parser.add_argument("--held-out", action="store_true", help="optics and operators that no training uses")
    parser.add_argument("--closing", action="store_true", help="seeds from 90,000: the last look")
    parser.add_argument("--workers", type=int, default=2)
    place = Path(tempfile.gettempdir()) / "ptolemy-ranking"
    parser.add_argument(
        "--aside", type=Path, default=place, help="folder that simulated sessions are kept in"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
