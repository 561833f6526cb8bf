"""What each square is like, as two networks see it that learnt from simulated squares of which all is known.

One looks at squares of many pixels, one at those of few, as an atlas shows them. Operators' labels play no
part: what squares are worth is learnt elsewhere, from what is seen here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.resampling import centred_into, scaled
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.squares.condition import extremes
from ptolemy_kedro.squares.crop_table import crops_of
from ptolemy_kedro.squares.crops import Crops
from ptolemy_kedro.training.model import read_model

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

SIDES_PX = {"close": 96, "far": 32}
"""Frames of the two networks; a crop that fits the smaller one is looked at from afar."""

FAINTEST = 0.05
"""Added to the share of the light before the logarithm."""

STATES = ("normal", "cracked", "dry", "thick", "opaque", "torn", "empty")

MEASURED = (
    "seen_ice",  # ln of the mean ice [nm]
    "seen_pool",  # ln of 1 and the pool's ice over the square's
    "seen_specks",  # ln of 1 and the number of specks
    "seen_opening",  # edge free of climbing ice over the pitch
    "seen_tear",  # share without foil
)
PERCEIVED = (*MEASURED, *(f"seems_{state}" for state in STATES))
"""Names of what is seen of a square; the latter are the chances of each state."""


@dataclass(frozen=True)
class SquareSight:
    """The two networks.

    Attributes:
        networks: By the keys of ``SIDES_PX``: pixels and ``looks`` (n, inputs) to ``PERCEIVED`` (n, 12).
        descriptors: Of a square in its image, that they are given beside the pixels.
        digest: Of the networks.
    """

    networks: Mapping[str, OnnxModel]
    descriptors: tuple[str, ...]
    digest: str

    def see(
        self, crops: Crops, values: Mapping[str, Floats], image: NDArray | None = None
    ) -> dict[str, Floats]:
        """Look at squares.

        Args:
            crops: Of n squares.
            values: ``descriptors`` of each, of shape (n,).
            image: Of which image each is, a number or name; shape (n,). Of one image if None.

        Returns:
            Each of ``PERCEIVED``, shape (n,).
        """
        seen = np.zeros((len(crops), len(PERCEIVED)))
        light = levels_of_light(crops, np.zeros(len(crops)) if image is None else image)
        for name, rows in by_distance(crops).items():
            for part in np.array_split(rows, -(-len(rows) // 256)) if len(rows) else ():
                frames = bright(frames_of(crops, part, light, SIDES_PX[name]), light[part])
                beside = looks(crops, values, self.descriptors)[part]
                inputs = np.concatenate([frames.reshape(len(part), -1), beside], axis=1)
                seen[part] = self.networks[name].run(inputs)
        return {name: seen[:, k] for k, name in enumerate(PERCEIVED)}


def levels_of_light(crops: Crops, image: NDArray) -> NDArray[np.float32]:
    """Give the stored levels behind bars and behind nothing of each crop's image; shape (n, 2)."""
    levels = np.zeros((len(crops), 2), np.float32)
    for name in np.unique(np.asarray(image)):
        rows = np.flatnonzero(np.asarray(image) == name)
        levels[rows] = extremes([crops.pixels[row] for row in rows])
    return levels


def by_distance(crops: Crops) -> dict[str, NDArray[np.intp]]:
    """Tell which crops are looked at closely and which from afar, by the keys of ``SIDES_PX``."""
    far = crops.shapes.max(axis=1, initial=0) <= SIDES_PX["far"]
    return {"close": np.flatnonzero(~far), "far": np.flatnonzero(far)}


def frames_of(crops: Crops, rows: NDArray[np.intp], light: NDArray, side_px: int) -> NDArray[np.uint8]:
    """Put crops into frames, shrunk where they are larger, bars around; shape (rows, side_px, side_px)."""
    frames = np.empty((len(rows), side_px, side_px), np.uint8)
    for frame, row in zip(frames, rows, strict=True):
        crop, scale = crops.pixels[row], _scale(crops.pixels[row].shape, side_px)
        frame[:] = light[row, 0]
        shrunk = np.rint(scaled(crop.astype(np.float32), scale)).clip(0, 255) if scale < 1 else crop
        centred_into(frame, shrunk.astype(np.uint8))
    return frames


def bright(frames: NDArray[np.uint8], light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn stored levels into the logarithm of the share of the light that passes; shape of ``frames``."""
    dark, full = light[:, 0, None, None], light[:, 1, None, None]
    share = ((frames - dark) / (full - dark)).clip(0, 1.3)
    return np.log(share + np.float32(FAINTEST)) + np.float32(1.2)


def looks(crops: Crops, values: Mapping[str, Floats], descriptors: tuple[str, ...]) -> NDArray[np.float32]:
    """Gather what goes beside the pixels: descriptors, ln of the side [px], the shrinking; (n, inputs)."""
    sides = crops.shapes.mean(axis=1)
    shrunk = np.array([_scale(crop.shape, SIDES_PX["close"]) for crop in crops.pixels])
    columns = [*(np.asarray(values[name], float) for name in descriptors), np.log(sides), shrunk]
    return np.stack(columns, axis=1).astype(np.float32)


def _scale(shape: tuple[int, ...], side_px: int) -> float:
    return min(1.0, side_px / max(shape))


@cache
def shipped_sight() -> SquareSight:
    """Open the networks that come with the package."""
    found = {name: read_model(folder(name)) for name in SIDES_PX}
    configs = [config for _, config in found.values()]
    digest = " ".join(str(config["network"])[:16] for config in configs)
    networks = {name: OnnxModel(onnx) for name, (onnx, _) in found.items()}
    return SquareSight(networks, tuple(configs[0]["descriptors"]), digest)


def folder(name: str) -> Path:
    """Give the folder of a shipped network, by its key of ``SIDES_PX``."""
    return Path(__file__).parent / "sight_weights" / name


def with_sight(squares: "pd.DataFrame", crops: "pd.DataFrame") -> "pd.DataFrame":
    """Add ``PERCEIVED`` to a session's squares (``tables.Squares``).

    Args:
        squares: Of one session.
        crops: Of these squares and maybe others (``tables.SquareCrops``), in any order.

    Raises:
        TableError: A square has no crop.
    """
    missing = set(squares["square_id"]) - set(crops["square_id"])
    if missing:
        raise TableError(
            f"{len(missing)} squares of {squares['session_id'].iloc[0]} have no crop. Cut them anew."
        )
    own = crops_of(crops.set_index("square_id").loc[squares["square_id"]])
    sight = shipped_sight()
    values = {name: squares[name].to_numpy(float) for name in sight.descriptors}
    return squares.assign(**sight.see(own, values, squares["image_id"].to_numpy(object)))
