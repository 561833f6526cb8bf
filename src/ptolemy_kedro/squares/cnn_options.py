"""The options of the published network; apart from it, so that reading parameters needs no torch."""

from typing import Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from ptolemy_kedro.training.options import TrainOptions


@dataclass(frozen=True, config={"extra": "forbid"})
class CnnOptions:
    """The published network, and its training."""

    size_px: Literal[30, 60, 120, 240] = 60  # edge of the crops it sees; fewer pools below 240
    held_out_share: float = Field(default=0.2, gt=0, lt=1)  # of the sessions, to tell when to stop
    train: TrainOptions = TrainOptions()
