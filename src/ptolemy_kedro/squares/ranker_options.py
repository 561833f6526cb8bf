"""The options of the ranker; apart from it, so that reading parameters needs no torch."""

from pydantic import Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config={"extra": "forbid"})
class RankerOptions:
    """Networks that order the squares of a session; each learns from all sessions but those of a fold."""

    members: int = Field(default=6, ge=2, le=32)  # networks, and folds of whole sessions
    hidden: int = Field(default=48, ge=4, le=512)  # units of each of two layers
    epochs: int = Field(default=12, ge=1, le=1000)
    sessions_a_step: int = Field(default=16, ge=1)
    learning_rate: float = Field(default=4e-3, gt=0)
    weight_decay: float = Field(default=0.1, ge=0)
    dropout: float = Field(default=0.3, ge=0, lt=1)  # share of the units left out at random
    alone: float = Field(default=0.3, ge=0, le=1)  # weight of squares seen without the rest of their grid
    level: float = Field(default=0.3, gt=0)  # weight of getting the chance right beside the order
    seed: int = Field(default=0, ge=0)
