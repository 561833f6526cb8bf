"""How EPU numbers and names what is in one grid of a simulated session."""

from collections.abc import Hashable
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from ptolemy_kedro.simulation.session import SimulatedSession

Row = dict[Hashable, Any]
"""A row of one of our tables, by column."""

ATLAS_NUMBER = 1
_SETTING = 2
_FIRST_NUMBER = 1000


class GridNumbers:
    """One grid of a session, under EPU's numbers.

    Attributes:
        name: The EPU session's.
        session, grid: Our rows of both.
        images, targets, shots: Our tables of this grid; images by their ids.
        number: EPU's number of each target, image and shot, by our id.
    """

    def __init__(self, simulated: SimulatedSession, grid_id: str) -> None:
        tables = simulated.tables
        self.name = f"{simulated.session_id}_{grid_id}"
        self.session: Row = tables["sessions"].iloc[0].to_dict()
        self.grid: Row = tables["grids"].set_index("grid_id").loc[grid_id].to_dict()
        images, targets, shots = tables["images"], tables["targets"], tables["exposures"]
        self.images = images[images["grid_id"] == grid_id].set_index("image_id", drop=False)
        self.targets = targets[targets["image_id"].isin(self.images.index)]
        self.shots = shots[shots["target_id"].isin(self.targets["target_id"])].set_index("exposure_id")
        counted = [*self.targets["target_id"], *self.images.index]
        self.number = {one: str(number) for number, one in enumerate(counted, start=_FIRST_NUMBER)}
        self._areas = {
            one: str(number)
            for number, one in enumerate(self.shots.index, start=_FIRST_NUMBER + len(counted))
        }
        for image_id, square_id in self.first_patches.items():
            self.number[image_id] = self.number[square_id]

    @cached_property
    def first_patches(self) -> dict[str, str]:
        """The first medium image of each square, and the square, whose number it takes."""
        squares = set(self.targets.loc[self.targets["kind"] == "square", "target_id"])
        owners = {str(one): str(one).rpartition("_p")[0] for one in self.images.index}
        first: dict[str, str] = {}
        for image_id, square_id in owners.items():
            if square_id in squares:
                first.setdefault(square_id, image_id)
        return {image_id: square_id for square_id, image_id in first.items()}

    @cached_property
    def holes(self) -> dict[str, pd.DataFrame]:
        """The holes of each image."""
        holes = self.targets[self.targets["kind"] == "hole"]
        return {str(image_id): of_image for image_id, of_image in holes.groupby("image_id")}

    @cached_property
    def shots_of(self) -> dict[str, list[str]]:
        """The shots of each hole."""
        return {str(hole): list(shots.index) for hole, shots in self.shots.groupby("target_id")}

    @cached_property
    def _taken_at(self) -> dict[str, str]:
        on = dict(zip(self.targets["target_id"], self.targets["image_id"], strict=True))
        return {hole: f"{self.images.loc[image, 'taken_at']:%Y%m%d_%H%M%S}" for hole, image in on.items()}

    def area(self, exposure_id: str) -> str:
        """Number a shot's area of the template: one a shot, so that its offset is kept as it was."""
        return self._areas[exposure_id]

    def image_name(self, image_id: str) -> str:
        """Name an image as EPU does, without suffix."""
        row = self.images.loc[image_id]
        if row["kind"] == "atlas":
            return f"Atlas_{ATLAS_NUMBER}"
        if row["kind"] == "tile":
            return f"Tile_{self.number[image_id]}_0_{ATLAS_NUMBER}"
        return f"GridSquare_{row['taken_at']:%Y%m%d_%H%M%S}"

    def shot_name(self, exposure_id: str) -> str:
        """Name a shot as EPU does, without suffix."""
        hole = str(self.shots.loc[exposure_id, "target_id"])
        return f"FoilHole_{self.number[hole]}_Data_{self.area(exposure_id)}_{_SETTING}_{self._taken_at[hole]}"

    def place(self, folder: Path, image_id: str, suffix: str) -> Path:
        """Place an image's file in the folder of the EPU session."""
        name = self.image_name(image_id) + suffix
        if self.images.loc[image_id, "kind"] in ("atlas", "tile"):
            return folder / "Atlas" / name
        return folder / "Images-Disc1" / f"GridSquare_{self.number[image_id]}" / name
