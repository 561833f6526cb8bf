"""The options of the localiser; apart from it, so that reading parameters needs no torch."""

from pydantic import Field
from pydantic.dataclasses import dataclass

from ptolemy_kedro.training.options import TrainOptions


@dataclass(frozen=True, config={"extra": "forbid"})
class LocaliserOptions:
    """The network that marks holes, and its training."""

    radius_px: float = Field(default=10.0, gt=2, le=40)  # hole radius at the scale that it works at
    patch_px: int = Field(default=192, ge=64, multiple_of=32)  # edge of a training patch at that scale
    patches_an_image: int = Field(default=3, ge=1)
    scales: tuple[float, float] = (0.65, 1.5)  # hole radius in a patch over radius_px, from .. to
    off_scale_share: float = Field(
        default=0.2, ge=0, lt=1
    )  # of patches with holes too small or too large to mark
    channels: tuple[int, ...] = (16, 24, 32, 64)  # of each level of the network; a level halves the edge
    held_out_share: float = Field(default=0.15, gt=0, lt=1)  # of the sessions, to tell when to stop
    train: TrainOptions = TrainOptions(epochs=12, batch_size=16, learning_rate=3e-3, last_rate=0.05)
