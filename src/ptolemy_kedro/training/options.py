"""The options of training; apart from the loop, so that reading parameters needs no torch."""

from typing import Literal

from pydantic import Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config={"extra": "forbid"})
class TrainOptions:
    """How long and how fast to learn."""

    epochs: int = Field(default=20, ge=1)  # at most
    batch_size: int = Field(default=64, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0)
    last_rate: float = Field(default=1.0, gt=0, le=1)  # share of it in the last epoch; it falls evenly in log
    weight_decay: float = Field(default=1e-4, ge=0)
    patience: int = Field(default=4, ge=1)  # epochs without gain before it stops
    min_gain: float = Field(default=1e-4, ge=0)  # of the held-out loss, to count as gain
    channels_last: bool = True  # layout of images in memory; wide layers on large images can be slower by it
    precision: Literal["auto", "float32", "bfloat16"] = "auto"  # auto: bfloat16 where the processor has it
    device: Literal["auto", "cpu", "cuda"] = "auto"
    seed: int = Field(default=0, ge=0)
