"""Rankers whose worth is known: each reads one descriptor that holds the answer under so much noise."""

from collections.abc import Iterable
from functools import partial

import numpy as np
import pandas as pd

from ptolemy_kedro import tables
from ptolemy_kedro.partitions import BySession, Part
from ptolemy_kedro.squares.classifiers import LogregOptions, fit_logreg
from ptolemy_kedro.squares.crop_table import crop_table
from ptolemy_kedro.squares.crops import Crops
from ptolemy_kedro.squares.descriptors import DESCRIPTORS
from ptolemy_kedro.training.model import TrainedModel

READS = {
    "better": "relative_mean",
    "good": "relative_edge",
    "as good": "relative_variation",
    "worse": "rank_mean",
}
SIGNAL = {"better": 1.5, "good": 0.7, "as good": 0.7, "worse": 0.2}
"""How far selected squares stand out in the descriptor that a model reads, in its standard deviations."""

TRAINED_ON = tuple(f"t{n}" for n in range(12))
HELD_OUT = tuple(f"h{n}" for n in range(12))


def squares_of(session_id: str, seed: int, squares: int = 80) -> pd.DataFrame:
    """Squares of which a third was selected."""
    rng = np.random.default_rng(seed)
    selected = rng.random(squares) < 0.33
    table = pd.DataFrame(rng.normal(size=(squares, len(DESCRIPTORS))), columns=list(DESCRIPTORS))
    for name, signal in SIGNAL.items():
        table[READS[name]] += signal * selected
    ids = np.array([f"{session_id}-{n}" for n in range(squares)])
    table = table.assign(
        session_id=session_id,
        square_id=ids,
        physical_id=ids,
        image_id="tile",
        grid_id="grid",
        label=np.where(selected, "selected", "rejected"),
        area_px=900.0,
        filled=0.9,
        cut=0.0,
        row_px=100.0 * (np.arange(squares) // 10),
        col_px=100.0 * (np.arange(squares) % 10),
    )
    others = [name for name in tables.Squares.to_schema().columns if name not in table]
    return table.assign(**dict.fromkeys(others, np.nan))


def crops_of(session_id: str, squares: int = 80) -> pd.DataFrame:
    """Crops of these squares; the models do not look at them."""
    ones = np.ones(squares)
    black = [np.zeros((24, 24), np.uint8)] * squares
    crops = Crops(black, 24 * ones.astype(int), ones, ones, 20 * ones, ones.astype(int))
    return crop_table(session_id, [f"{session_id}-{n}" for n in range(squares)], crops)


def planted_squares(names: Iterable[str] = HELD_OUT, first_seed: int = 1000) -> BySession:
    seeds = {name: first_seed + n for n, name in enumerate(names)}
    return BySession(
        Part(name, f"squares {seed}", partial(squares_of, name, seed)) for name, seed in seeds.items()
    )


def planted_crops(names: Iterable[str] = HELD_OUT) -> BySession:
    return BySession(Part(name, f"crops {name}", partial(crops_of, name)) for name in names)


def planted_split(held_out: Iterable[str] = HELD_OUT) -> pd.DataFrame:
    rows = [(name, "train") for name in TRAINED_ON] + [(name, "held_out") for name in held_out]
    return pd.DataFrame(rows, columns=["session_id", "part"])


def planted_ranker(worth: str, sessions: Iterable[str] = TRAINED_ON) -> TrainedModel:
    """Fit a ranker of known worth."""
    names = list(sessions)
    learn = pd.concat([squares_of(name, seed) for seed, name in enumerate(names)], ignore_index=True)
    trained = fit_logreg(learn, LogregOptions(descriptors=(READS[worth],)))
    trained.config.update(origin="simulated", data_digest="d" * 64)
    return trained
