"""Trying a finer scale on a small part of a large image, before the whole is looked at."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.holes.looking import Look, look
from ptolemy_kedro.holes.resample import Pyramid
from ptolemy_kedro.holes.weighing import SURE, evidence

Pixels = NDArray[np.int64]

FREE_PIXELS = 4e5
"""An image with so many pixels, as the network would see it, is looked at whole."""

EDGE_PX = 384
"""Edge of a part, as the network sees it."""

LEAST = 0.5
"""Evidence in a part that makes the whole worth a look, where it is also more than the best scale's there."""

THUMB_PX = 64
"""Longer edge of the thumbnail that parts are chosen on."""


def is_worth_a_look(image: Pyramid, scale: float, best: Look, is_strong: bool) -> bool:
    """Try a scale on parts of an image.

    Args:
        image: The whole.
        scale: To try.
        best: What the best scale so far has shown.
        is_strong: Is that beyond chance? Then only a part where it shows holes is tried.
    """
    if np.prod(image.shape) * scale**2 <= FREE_PIXELS:
        return True
    edge = np.minimum(int(EDGE_PX / scale), image.shape)
    lows = [_amid_holes(best, edge, image.shape)] if is_strong else _promising(image, edge)
    return any(_shows_more(image, scale, best, low, low + edge) for low in lows)


def is_within_holes(image: Pyramid, scale: float, best: Look, least: float) -> bool:
    """Whether one of the holes seen is full of holes itself at a finer scale, as the squares of a grid are.

    Args:
        image: The whole.
        scale: To try, on a part.
        best: What the best scale so far has shown, at least a hole.
        least: Evidence that the part must show.
    """
    edge = np.minimum(int(EDGE_PX / scale), image.shape)
    low = _amid_holes(best, edge, image.shape)
    seen = look(image.part(low, low + edge), best.localiser, scale)
    return evidence(seen) >= max(least, evidence(best.within(low, low + edge)))


def _shows_more(image: Pyramid, scale: float, best: Look, low: Pixels, high: Pixels) -> bool:
    before = evidence(best.within(low, high))
    seen = look(image.part(low, high), best.localiser, scale)
    return evidence(seen) >= max(LEAST, before)


def _amid_holes(best: Look, edge: Pixels, shape: tuple[int, int]) -> Pixels:
    """Place a part about the hole that is nearest the middle of all."""
    points = best.in_image(best.points[best.probability > SURE])
    middle = points[np.argmin(np.abs(points - np.median(points, axis=0)).sum(axis=1))]
    return np.clip(np.round(middle - edge / 2).astype(np.int64), 0, np.array(shape) - edge)


def _promising(image: Pyramid, edge: Pixels) -> list[Pixels]:
    """Place a part where the image is brightest, and one where it changes most."""
    scale = THUMB_PX / max(image.shape)
    thumb = image.at(min(scale, 1.0))
    size = np.maximum(np.round(edge * scale).astype(int), 1)
    lows = []
    for measure in (thumb, ndimage.gaussian_gradient_magnitude(thumb, 1.0)):
        mean = ndimage.uniform_filter(measure, size, mode="constant")
        at = np.array(np.unravel_index(np.argmax(mean), mean.shape))
        lows.append(np.clip(np.round(at / scale - edge / 2).astype(np.int64), 0, image.shape - edge))
    return lows
