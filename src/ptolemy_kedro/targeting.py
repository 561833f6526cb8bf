"""An image in, ranked targets out: what every flow, command and service calls."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.squares.crops import CropOptions, cut_crops
from ptolemy_kedro.squares.descriptors import describe
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.squares.segmentation import SegmentOptions, Squares, find_squares
from ptolemy_kedro.squares.sightings import context_of_image
from ptolemy_kedro.squares.verdict import Verdict, judge_squares

if TYPE_CHECKING:
    from ptolemy_kedro.holes.classifier import HoleClassifier
    from ptolemy_kedro.holes.found import FoundHoles
    from ptolemy_kedro.holes.localiser import HoleLocaliser

Options = TypeVar("Options")


@dataclass(frozen=True)
class RankedSquares:
    """The squares of an image, best first.

    Attributes:
        squares: In order of score.
        scores: P(selected | viewed), 0 to 1, falling; shape (n,), n may be 0.
        model: Name, version and origin of what scored them.
        doubts: How far the model's members disagree: the standard deviation of their scores; shape (n,). NaN
            of a model that has one member.
        verdict: What may be expected of all of them together.
    """

    squares: Squares
    scores: NDArray[np.float64]
    model: str
    doubts: NDArray[np.float64]
    verdict: Verdict

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
    crops = cut_crops(image, squares, _cut_as_trained(ranker))
    values = describe(image, squares, pixel_size_a, crops)
    if ranker.sight is not None:
        values |= ranker.sight.see(crops, values)
    if ranker.looks_at_grids:
        values |= context_of_image(squares.centres, np.sqrt(squares.area_px), squares.cut, values)
    scores, doubts = ranker.score_and_doubt(values, crops)
    order = np.argsort(-scores, kind="stable")
    verdict = judge_squares(scores, values, ranker.config)
    return RankedSquares(squares[order], scores[order], ranker.label, doubts[order], verdict)


@dataclass(frozen=True)
class RankedHoles:
    """The holes of an image, best first.

    Attributes:
        found: Where they are and how they were found, in order of score.
        scores: P(selected | viewed), 0 to 1, falling; shape (n,), n may be 0.
        model: Name, version and origin of what scored them; ``found.localiser`` found them.
    """

    found: "FoundHoles"
    scores: NDArray[np.float64]
    model: str

    def __len__(self) -> int:
        """Count the holes."""
        return len(self.scores)

    @property
    def corners(self) -> NDArray[np.float64]:
        """The square around each hole, upright along its lattice, else the image: (row, col) [px], (n, 4, 2).

        Clockwise on the screen, its edge the hole's diameter; may lie outside the image.
        """
        from ptolemy_kedro.holes.crops import lattice_turns

        turn = lattice_turns(self.found)
        along = np.stack([np.sin(turn), np.cos(turn)]) * self.found.radius_px
        down = np.stack([along[1], -along[0]])
        corners = [down * below + along * right for below, right in ((-1, -1), (-1, 1), (1, 1), (1, -1))]
        return self.found.centres[:, None] + np.stack(corners).transpose(2, 0, 1)

    @property
    def area_px(self) -> NDArray[np.float64]:
        """Area of these squares [px^2]; shape (n,)."""
        return (2 * self.found.radius_px) ** 2


def rank_holes(
    image: NDArray,
    localiser: "HoleLocaliser",
    classifier: "HoleClassifier",
    pixel_size_a: float | None = None,
    spacing_um: float | None = None,
    diameter_um: float | None = None,
) -> RankedHoles:
    """Find the holes of a medium-magnification image and rank them.

    Args:
        image: Pixels, shape (rows, cols).
        localiser: Finds them.
        classifier: Judges them.
        pixel_size_a: Edge of a pixel [A], where it is known; not believed where the image says otherwise.
        spacing_um: Between the centres of neighbouring holes [um], where it is known; the same.
        diameter_um: Of a hole [um], where it is known; the same.

    Raises:
        ImageError: The pixels cannot be used.
        ModelError: A model was trained with options this version does not know.
    """
    from ptolemy_kedro.holes.context import describe_holes
    from ptolemy_kedro.holes.crops import HoleCropOptions, cut_hole_crops
    from ptolemy_kedro.holes.finding import LocateOptions, find_holes

    known = {"pixel_size_a": pixel_size_a, "spacing_um": spacing_um, "diameter_um": diameter_um}
    locate = _as_trained(LocateOptions, classifier.config.get("locate", {}))
    found = find_holes(image, localiser, **known, options=locate)
    if not len(found):
        return RankedHoles(found, np.zeros(0), classifier.label)
    crops = cut_hole_crops(image, found, _as_trained(HoleCropOptions, classifier.config.get("hole_crop", {})))
    scores = classifier.score(crops, describe_holes(image, found, pixel_size_a))
    order = np.argsort(-scores, kind="stable")
    return RankedHoles(found[order], scores[order], classifier.label)


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
