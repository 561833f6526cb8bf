"""A model that can be trained: named by all that it follows from, so that none is trained twice."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ptolemy_kedro.training.model import TrainedModel


@dataclass(frozen=True)
class TrainingPromise:
    """The promise of a model.

    Attributes:
        key: Hash of the data, the options and the code.
        train: Trains it; takes the file that a killed training goes on from.
    """

    key: str
    train: Callable[[Path], TrainedModel]
