"""An image in, ranked targets out: what every flow, command and service calls."""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.squares.crops import CropOptions, cut_crops
from ptolemy_kedro.squares.descriptors import describe
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.squares.segmentation import SegmentOptions, Squares, find_squares

Options = TypeVar("Options", SegmentOptions, CropOptions)


@dataclass(frozen=True)
class RankedSquares:
    """The squares of an image, best first.

    Attributes:
        squares: In order of score.
        scores: P(selected | viewed), 0 to 1, falling; shape (n,), n may be 0.
        model: Name, version and origin of what scored them.
    """

    squares: Squares
    scores: NDArray[np.float64]
    model: str

    def __len__(self) -> int:
        """Count the squares."""
        return len(self.scores)


def rank_squares(
    image: NDArray,
    ranker: SquareRanker,
    pixel_size_a: float | None = None,
    options: SegmentOptions | None = None,
) -> RankedSquares:
    """Find the squares of a low-magnification image and rank them.

    Args:
        image: Pixels, shape (rows, cols).
        ranker: The model.
        pixel_size_a: Edge of a pixel [A], where it is known.
        options: Of the segmentation; as the model was trained if None.

    Raises:
        ImageError: The pixels cannot be used.
        ModelError: The model was trained with a segmentation or crops this version does not know.
    """
    options = options or _segmented_as_trained(ranker)
    squares = find_squares(image, options)
    crops = cut_crops(image, squares, _cut_as_trained(ranker)) if ranker.looks_at_crops else None
    scores = ranker.score(describe(image, squares, pixel_size_a), crops)
    order = np.argsort(-scores, kind="stable")
    return RankedSquares(squares[order], scores[order], ranker.label)


def _segmented_as_trained(ranker: SquareRanker) -> SegmentOptions:
    return _as_trained(SegmentOptions, ranker.config.get("segmentation", {}))


def _cut_as_trained(ranker: SquareRanker) -> CropOptions:
    noted = ranker.config.get("crop", {})
    return _as_trained(CropOptions, {name: value for name, value in noted.items() if name != "size_px"})


def _as_trained(options: type[Options], noted: dict[str, Any]) -> Options:
    try:
        return options(**noted)
    except (TypeError, ValueError) as failure:
        first = str(failure).splitlines()[0]
        raise ModelError(
            f"The model's {options.__name__} are not those of this version ({first}). Train it anew."
        ) from None
