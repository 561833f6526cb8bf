"""The options of the hole classifiers; apart from them, so that reading parameters needs no torch."""

from pydantic import Field
from pydantic.dataclasses import dataclass

from ptolemy_kedro.training.options import TrainOptions


@dataclass(frozen=True, config={"extra": "forbid"})
class PublishedHoleOptions:
    """The published networks, and their training."""

    largest_px: int = Field(default=32, ge=16, le=256)  # crops larger than this are reduced by a whole number
    held_out_share: float = Field(default=0.2, gt=0, lt=1)  # of the sessions, to tell when to stop
    train: TrainOptions = TrainOptions()


@dataclass(frozen=True, config={"extra": "forbid"})
class HoleClassifierOptions:
    """Our network, and its training."""

    size_px: int = Field(default=24, ge=16, le=64, multiple_of=8)  # edge of the frames it sees
    channels: int = Field(default=32, ge=4, le=128)  # of its layers
    hidden: int = Field(default=64, ge=8, le=512)  # of the layers that join pixels and descriptors
    dropout: float = Field(default=0.2, ge=0, lt=1)
    trees: int = Field(default=120, ge=1, le=2000)  # beside the network, on the descriptors
    held_out_share: float = Field(default=0.2, gt=0, lt=1)  # of the sessions, to stop and to calibrate by
    train: TrainOptions = TrainOptions(
        epochs=12, patience=3, batch_size=128, learning_rate=7e-4, last_rate=0.05, weight_decay=0.02
    )
