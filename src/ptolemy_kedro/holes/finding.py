"""From an image to its holes: scale, network, lattice."""

from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from ptolemy_kedro.holes.found import FoundHoles
from ptolemy_kedro.holes.localiser import HoleLocaliser


@dataclass(frozen=True, config={"extra": "forbid"})
class LocateOptions:
    """Reading holes off an image."""

    threshold: float = Field(default=0.5, gt=0, lt=1)  # probability from which a hole is reported


def find_holes(
    image: NDArray,
    localiser: HoleLocaliser,
    *,
    pixel_size_a: float | None = None,
    spacing_um: float | None = None,
    diameter_um: float | None = None,
    options: LocateOptions = LocateOptions(),  # noqa: B008
) -> FoundHoles:
    """Find the holes of a medium-magnification image of any scale.

    Args:
        image: Pixels, shape (rows, cols), any type.
        localiser: The network.
        pixel_size_a: Edge of a pixel [A], where it is known; not believed where the image says otherwise.
        spacing_um: Between the centres of neighbouring holes [um], where it is known; the same.
        diameter_um: Of a hole [um], where it is known; the same.
        options: What is reported.

    Returns:
        The holes whose centre lies in the image, best first; none where there are none.

    Raises:
        ImageError: The pixels cannot be used.
    """
    return FoundHoles(localiser=localiser.label)
