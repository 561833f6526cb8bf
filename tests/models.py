"""Small models for the tests of registry, champions and commands; trained on nothing but a seed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ptolemy_kedro.squares.classifiers import PUBLISHED, LogregOptions, fit_logreg
from ptolemy_kedro.squares.descriptors import DESCRIPTORS
from ptolemy_kedro.training.model import TrainedModel, write_model


def labelled_squares(seed: int = 0, sessions: int = 4, each: int = 30) -> pd.DataFrame:
    """Squares whose first descriptor tells, with noise, which ones were selected."""
    rng = np.random.default_rng(seed)
    rows = sessions * each
    table = pd.DataFrame(rng.normal(size=(rows, len(DESCRIPTORS))), columns=list(DESCRIPTORS))
    told = table[PUBLISHED[0]] + rng.normal(size=rows) > 0.5
    return table.assign(session_id=np.repeat([f"s{i}" for i in range(sessions)], each)).assign(
        label=np.where(told, "selected", "rejected")
    )


def small_ranker(seed: int = 0) -> TrainedModel:
    return fit_logreg(labelled_squares(seed), LogregOptions())


def model_folder(folder: Path, seed: int = 0) -> Path:
    folder.mkdir(parents=True)
    metrics = {"sites": 120, "roc_auc": {"value": 0.7, "low": 0.6, "high": 0.8}}
    return write_model(
        folder, small_ranker(seed), metrics, name="square-ranker", origin="simulated", data_digest="d" * 64
    )


def stand_in(folder: Path, name: str, kind: str) -> Path:
    """A model's folder of a kind whose network is another one's: to be opened, not to be run."""
    folder.mkdir(parents=True)
    trained = replace(small_ranker(), config={"kind": kind, "radius_px": 7.0})
    return write_model(folder, trained, {}, name=name, origin="simulated", data_digest="d" * 64)
