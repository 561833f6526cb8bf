"""Choosing the scale to look at: the one where the network is surest, and sees holes of its own size."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.holes.localiser import HoleLocaliser
from ptolemy_kedro.holes.looking import Look, look
from ptolemy_kedro.holes.probing import is_within_holes, is_worth_a_look
from ptolemy_kedro.holes.resample import Pyramid
from ptolemy_kedro.holes.weighing import SURE, evidence

Floats = NDArray[np.float64]

STEP = 1.7
"""Between the hole radii that are tried: less than the network tolerates."""

SMALLEST_PX, LARGEST_SHARE = 2.5, 0.45
"""Hole radii tried: from so many pixels to so much of the image's shorter side."""

FREE_PIXELS, MAGNIFIED, MOST_PIXELS = 8e6, 4.0, 6.4e7
"""Pixels of an image as the network sees it: so many of any, so many times as many of a larger one as it has,
and so many at most. Holes are thus looked for down to a radius of 2.5 px in an image of 700 x 700 px, of 5 px
in one of 1,400 x 1,400 to 4,000 x 4,000 px, and of 10 px in one of 8,000 x 8,000 px."""

STRONG, FAR_DOWN, NOTHING = 4.0, 0.35, 0.15
"""Once a scale's evidence is strong, so much of it twice in a row, or nearly none once, ends the search,
but for a pattern within the holes: they may be squares."""

CERTAIN, DOWN = 12.0, 0.5
"""Once it is beyond doubt, so much of it once does."""

AS_GOOD = 0.9
"""Evidence of the second look, over that of the first, from which it is preferred."""

NEAR_ENOUGH = 0.15
"""Log units of the size as seen that need no second look."""


def best_look(image: Pyramid, localiser: HoleLocaliser, expected_px: float | None = None) -> Look:
    """Look at an image at one scale after the other, from coarse to fine, and again at the best.

    Args:
        image: What to look at.
        localiser: The network.
        expected_px: Hole radius that is expected [px], where it is known; a scale that shows it is preferred.
    """
    best: Look | None = None
    weights: list[float] = []
    for radius_px in _radii(image.shape, localiser):
        scale, most = localiser.radius_px / radius_px, max(weights, default=0.0)
        if best is not None and _is_over(weights) and not is_within_holes(image, scale, best, STRONG):
            continue
        if best is None or is_worth_a_look(image, scale, best, most >= STRONG):
            seen = look(image, localiser, scale)
            weights.append(evidence(seen, expected_px, least=FAR_DOWN * most))
            best = seen if best is None or weights[-1] > most else best
        else:
            weights.append(0.0)
        if _is_over(weights) and max(weights) > CERTAIN:
            break
    assert best is not None
    return _again(image, localiser, best, max(weights), expected_px)


def _radii(shape: tuple[int, ...], localiser: HoleLocaliser) -> Iterator[float]:
    """List the hole radii to try [px], falling."""
    finest = localiser.radius_px * np.sqrt(np.prod(shape) / _most_pixels(shape))
    last = max(SMALLEST_PX, finest)
    radius = max(LARGEST_SHARE * min(shape), last)
    while radius > last * np.sqrt(STEP):
        yield radius
        radius /= STEP
    yield last


def _most_pixels(shape: tuple[int, ...]) -> float:
    """Give the pixels that an image of a shape may have as the network sees it."""
    return float(np.clip(MAGNIFIED * np.prod(shape), FREE_PIXELS, MOST_PIXELS))


def _is_over(weights: list[float]) -> bool:
    best = max(weights)
    if best < STRONG:
        return False
    if best > CERTAIN and weights[-1] < DOWN * best:
        return True
    return weights[-1] < NOTHING * best or all(weight < FAR_DOWN * best for weight in weights[-2:])


def _again(
    image: Pyramid, localiser: HoleLocaliser, seen: Look, weight: float, expected_px: float | None
) -> Look:
    """Look at the scale that the sizes seen ask for; keep what is better."""
    sure = seen.probability > SURE
    if not sure.any():
        return seen
    off = float(np.median(seen.log_ratio[sure]))
    scale = seen.scale * np.exp(-off)
    if abs(off) < NEAR_ENOUGH or np.prod(image.shape) * scale**2 > _most_pixels(image.shape):
        return seen
    other = look(image, localiser, scale)
    return other if evidence(other, expected_px) >= AS_GOOD * weight else seen
