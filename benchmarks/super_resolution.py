"""Do crops in super-resolution (12.1 A a pixel) tell more of a hole than binned ones (96.8 A)?

    python benchmarks/super_resolution.py [--scenes 150] [--holes 8] [--workers 2]

The same simulated holes are seen twice, with the same electrons an area. Each crop is described by its mean
and by how much it varies at each scale that it resolves, an octave each: from 2 to 64 binned pixels either
way, and in super-resolution the three finer octaves, too. A logistic regression on these, the same for both,
is judged on scenes left out of its fold: AUC of each within scenes, and the difference, with 95 % intervals
from a bootstrap over scenes. Scenes have evaluation seeds; labels are the operators' selections.
"""

import argparse
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.resampling import reduce
from ptolemy_kedro.simulation.medium import draw_scene, render_window
from ptolemy_kedro.simulation.seeds import EVALUATION

BINNED_A, FINE_A = 96.8, 12.1
MOST_UM = 1.3
"""Wider holes are left out: their windows would be of millions of pixels."""

AROUND = 0.8
"""Side of a window, in diameters of the hole: what is inside."""

OCTAVES = 3
"""Between the two pixel sizes."""

FOLDS = 5


def main() -> None:
    """See the holes, judge both ways, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=150)
    parser.add_argument("--holes", type=int, default=8, help="a scene, at most")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    work = partial(seen, most=given.holes)
    with ProcessPoolExecutor(given.workers) as pool:
        parts = [part for part in pool.map(work, EVALUATION[: given.scenes]) if len(part)]
    print(json.dumps(account(pd.concat(parts, ignore_index=True)), indent=1))


def seen(seed: int, most: int) -> pd.DataFrame:
    """Describe some holes of a scene, seen both ways; none where its holes are too wide."""
    os.environ["OMP_NUM_THREADS"] = "1"
    scene = draw_scene(seed, shape=(720, 1024), pixel_size_a=BINNED_A * 2)
    sites, rows = scene.sites, []
    if not scene.picks.viewed or not len(sites) or 2 * np.median(sites.radius_um) > MOST_UM:
        return pd.DataFrame()
    for number in some(scene.picks.selected, np.flatnonzero(sites.open), most, seed):
        width_a = 2 * sites.radius_um[number] * AROUND * 1e4
        side = max(8, round(width_a / BINNED_A))
        binned, fine = (
            render_window(scene, sites.stage[number], (side * k, side * k), BINNED_A / k)
            for k in (1, 2**OCTAVES)
        )
        coarse = dict(enumerate(spectrum(binned.astype(np.float32), 0)))
        finer = dict(enumerate(spectrum(fine.astype(np.float32), OCTAVES)))
        named = {f"binned_{k}": v for k, v in coarse.items()} | {f"fine_{k}": v for k, v in finer.items()}
        chosen = number in scene.picks.selected
        rows.append({"scene": seed, "selected": chosen, "want": scene.picks.want[number], **named})
    return pd.DataFrame(rows)


def some(selected: NDArray, shown: NDArray, most: int, seed: int) -> Iterator[int]:
    """Take as many selected as other holes, where there are; none where all are of one fate."""
    rng = np.random.default_rng(seed)
    others = np.setdiff1d(shown, selected)
    taken = np.intersect1d(shown, selected)
    if len(others) and len(taken):
        for group in (taken, others):
            yield from rng.permutation(group)[: most // 2]


def spectrum(crop: NDArray[np.float32], finer: int) -> list[float]:
    """Log of the mean, and of the variation relative to it, an octave of scale each, finest first.

    Args:
        crop: Counts; shape (side, side).
        finer: Octaves that it resolves beyond the binned pixel.
    """
    mean = max(float(crop.mean()), 1e-3)
    values = [np.log(mean)]
    for _ in range(finer + 5):
        smaller = reduce(crop, 2)
        fits = crop[: len(smaller) * 2, : len(smaller) * 2]
        detail = fits - np.repeat(np.repeat(smaller, 2, 0), 2, 1)
        values.append(np.log(float(detail.std()) / mean + 1e-4))
        crop = smaller if len(smaller) >= 2 else crop
    return values


def account(holes: pd.DataFrame) -> dict:
    """Tell AUC both ways, and the difference."""
    columns = {way: [name for name in holes if str(name).startswith(way)] for way in ("binned", "fine")}
    scores = {way: left_out(holes, names) for way, names in columns.items()} | {
        "oracle": holes["want"].to_numpy()
    }
    auc = pd.DataFrame({way: by_scene(holes, values) for way, values in scores.items()}).dropna()
    told = {way: _figure(auc[way].to_numpy()) for way in auc}
    pooled = {way: round(roc_auc(values, holes["selected"]), 4) for way, values in scores.items()}
    return {
        "holes": len(holes),
        "scenes": len(auc),
        "base rate": round(float(holes["selected"].mean()), 3),
        "AUC within scenes": told,
        "AUC pooled": pooled,
        "super-resolution less binned": _figure((auc["fine"] - auc["binned"]).to_numpy()),
    }


def left_out(holes: pd.DataFrame, columns: list) -> NDArray[np.float64]:
    """Score each scene by a regression that did not see it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    fold = holes["scene"].rank(method="dense").astype(int).to_numpy() % FOLDS
    centred = holes[columns] - holes.groupby("scene")[columns].transform("mean")
    table, scores = np.hstack([holes[columns], centred]), np.zeros(len(holes))
    for number in range(FOLDS):
        model = make_pipeline(
            StandardScaler(),
            PolynomialFeatures(2),
            StandardScaler(),
            LogisticRegression(C=0.003, max_iter=2000),
        )
        model.fit(table[fold != number], holes["selected"][fold != number])
        scores[fold == number] = model.predict_proba(table[fold == number])[:, 1]
    return scores


def by_scene(holes: pd.DataFrame, scores: NDArray[np.float64]) -> pd.Series:
    """AUC within each scene."""
    groups = holes.groupby("scene").indices
    return pd.Series(
        {scene: roc_auc(scores[at], holes["selected"].to_numpy()[at]) for scene, at in groups.items()}
    )


def _figure(values: NDArray[np.float64]) -> dict[str, float]:
    at = np.random.default_rng(0).integers(len(values), size=(4000, len(values)))
    low, high = np.percentile(values[at].mean(axis=1), [2.5, 97.5])
    return {
        "value": round(float(values.mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


if __name__ == "__main__":
    main()
