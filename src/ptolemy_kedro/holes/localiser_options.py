"""The options of the localiser; apart from it, so that reading parameters needs no torch."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from ptolemy_kedro.training.options import TrainOptions

Ratio = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Channels = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config={"extra": "forbid"})
class LocaliserOptions:
    """The network that marks holes, and its training."""

    radius_px: float = Field(default=10.0, gt=2, le=40)  # hole radius at the scale that it works at
    patch_px: int = Field(default=192, ge=64, multiple_of=32)  # edge of a training patch at that scale
    patches_an_image: int = Field(default=3, ge=1)
    scales: tuple[Ratio, Ratio] = (0.65, 1.5)  # hole radius in a patch over radius_px, from .. to
    off_scale_share: float = Field(
        default=0.2, ge=0, lt=1
    )  # of patches with holes too small or too large to mark
    channels: tuple[Channels, ...] = Field(
        default=(16, 24, 32, 64), min_length=2
    )  # of each level of the network; a level halves the edge
    held_out_share: float = Field(default=0.15, gt=0, lt=1)  # of the sessions, to tell when to stop
    train: TrainOptions = TrainOptions(epochs=12, batch_size=16, learning_rate=3e-3, last_rate=0.05)

    @model_validator(mode="after")
    def _fit_together(self) -> "LocaliserOptions":
        near, far = self.scales
        if near >= far:
            raise ValueError(f"scales go from {near} to {far}; the second must be larger")
        levels = len(self.channels)
        if self.patch_px % 2**levels:
            raise ValueError(f"patch_px is {self.patch_px}; {levels} levels need a multiple of {2**levels}")
        return self
