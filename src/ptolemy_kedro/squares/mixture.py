"""The two-component Poisson mixture of a tile's intensities: dark bars, bright squares.

The published method (REFERENCE, section 3), fitted to the histogram instead of the pixels, from a start that
needs no random numbers, on any pixel type: intensities are shifted and scaled to counts first.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ptolemy_kedro.errors import ImageError

LEVELS = 256
"""Counts that the range of an image's intensities is spread over."""

MAX_ITERATIONS = 100
TOLERANCE = 1e-3
SAMPLE = 2**18
"""About as many pixels make the histogram; a larger image is sampled evenly."""


@dataclass(frozen=True)
class Mixture:
    """Two Poisson components over counts ``(intensity - offset) / scale``.

    Attributes:
        pi: Share of the brighter component, 0 to 1.
        means: Mean intensity of the darker and the brighter component, in the image's own units.
        log_likelihood: Of the counts, the mean of a pixel.
        iterations: Steps that EM took.
        offset: Intensity of count 0.
        scale: Intensities to a count.
        threshold: Intensity above which the brighter component is the likelier.
    """

    pi: float
    means: tuple[float, float]
    log_likelihood: float
    iterations: int
    offset: float
    scale: float
    threshold: float


def fit_mixture(image: NDArray) -> Mixture:
    """Fit the mixture to an image of any real type by expectation maximisation on its histogram.

    Args:
        image: Intensities; shape (rows, cols). What is not finite is left out.

    Raises:
        ImageError: No pixel is finite.
    """
    offset, scale, histogram = count_histogram(image)
    pi, dark, bright, log_likelihood, iterations = expectation_maximisation(histogram)
    threshold = min(poisson_boundary(dark, bright, pi), LEVELS - 1.0)
    means = (offset + scale * dark, offset + scale * bright)
    return Mixture(pi, means, log_likelihood, iterations, offset, scale, offset + scale * threshold)


def count_histogram(image: NDArray) -> tuple[float, float, NDArray[np.float64]]:
    """Spread an image's intensities over ``LEVELS`` counts, its brightest and darkest pixels clipped.

    Returns:
        Intensity of count 0, intensities to a count, and pixels by count, shape (LEVELS,).

    Raises:
        ImageError: No pixel is finite.
    """
    sample = finite_sample(image, SAMPLE)
    low, high = np.percentile(sample, [0.1, 99.9])
    scale = float(high - low) / (LEVELS - 1) or 1.0
    counts = np.clip(np.rint((sample - low) / scale), 0, LEVELS - 1).astype(np.intp)
    return float(low), scale, np.bincount(counts, minlength=LEVELS).astype(float)


def finite_sample(image: NDArray, size: int) -> NDArray[np.float32]:
    """Take about ``size`` finite pixels, evenly over the image; shape (n,).

    Raises:
        ImageError: No pixel is finite.
    """
    step = max(1, int(np.sqrt(image.size / size)))
    sample = image[::step, ::step].astype(np.float32).ravel()
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        raise ImageError("The image has no finite pixel. Give an image that holds intensities.")
    return finite


def expectation_maximisation(histogram: NDArray[np.float64]) -> tuple[float, float, float, float, int]:
    """Fit pi and the two means to a histogram of counts.

    The start is pi .5 and the means below and above the mean of all.

    Returns:
        pi, darker mean, brighter mean, mean log likelihood, iterations. The means are equal where all
        counts are the same.
    """
    counts = np.arange(len(histogram), dtype=float)
    constant = histogram @ gammaln(counts + 1)
    total = histogram.sum()
    pi, (dark, bright) = 0.5, _split_means(counts, histogram)
    likelihood, iterations = -np.inf, 0
    while iterations < MAX_ITERATIONS:
        iterations += 1
        of_dark = np.log1p(-pi) + counts * np.log(dark) - dark
        of_bright = np.log(pi) + counts * np.log(bright) - bright
        of_both = np.logaddexp(of_dark, of_bright)
        weight = histogram * np.exp(of_bright - of_both)
        pi = float(np.clip(weight.sum() / total, 1e-6, 1 - 1e-6))
        dark = _positive((histogram - weight) @ counts / (total * (1 - pi)))
        bright = _positive(weight @ counts / (total * pi))
        previous, likelihood = likelihood, float(histogram @ of_both - constant)
        if abs(likelihood - previous) < TOLERANCE:
            break
    return pi, dark, bright, likelihood / total, iterations


def poisson_boundary(dark: float, bright: float, pi: float = 0.5) -> float:
    """Count at which two Poisson components are equally likely; the brighter mean where the two coincide."""
    if bright - dark < 1e-9:
        return float(bright)
    return float((bright - dark - np.log(pi / (1 - pi))) / np.log(bright / dark))


def _split_means(counts: NDArray[np.float64], histogram: NDArray[np.float64]) -> tuple[float, float]:
    middle = histogram @ counts / histogram.sum()
    below, above = np.where(counts <= middle, histogram, 0), np.where(counts > middle, histogram, 0)
    dark = below @ counts / max(below.sum(), 1)
    bright = above @ counts / above.sum() if above.any() else middle
    return _positive(dark), _positive(bright)


def _positive(mean: float) -> float:
    return float(max(mean, 1e-3))
