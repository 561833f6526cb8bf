"""From an image to its holes: scale, network, lattice; and where there is none, the gaps of a web."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from scipy.spatial import cKDTree

from ptolemy_kedro.holes.evidence import Sites, amid, complete, doubted, settle
from ptolemy_kedro.holes.found import FoundHoles, usual_spacing_px
from ptolemy_kedro.holes.lace import PROBABILITY, Gaps, find_gaps
from ptolemy_kedro.holes.lattice import one_thread
from ptolemy_kedro.holes.lattice_fit import LatticeOptions, fit_lattices
from ptolemy_kedro.holes.lattice_growth import LatticeFit
from ptolemy_kedro.holes.localiser import HoleLocaliser
from ptolemy_kedro.holes.looking import Look
from ptolemy_kedro.holes.resample import Pyramid
from ptolemy_kedro.holes.scale import best_look
from ptolemy_kedro.holes.spectrum import spacing_of
from ptolemy_kedro.holes.weighing import evenness

Floats = NDArray[np.float64]

SEEN = 0.05
"""Probability from which a peak may belong to a lattice."""

EVEN = 0.5
"""Share of the likely holes at even distances from which they are taken to be in order."""

CONVINCING = 0.75
"""Median probability from which holes on no lattice are believed; of peaks in a web it was .57 at most."""

FEW, REPEATED = 12, 0.08
"""Holes that may be too few to show a lattice; and strength from which one that the image shows is tried."""


@dataclass(frozen=True, config={"extra": "forbid"})
class LocateOptions:
    """Reading holes off an image."""

    threshold: float = Field(default=0.5, gt=0, lt=1)  # probability from which a hole is reported
    lattice: LatticeOptions = LatticeOptions()


@one_thread
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
        The holes whose centre lies in the image, most probable first; none where there are none.

    Raises:
        ImageError: The pixels cannot be used.
    """
    expected_px = _expected_px(pixel_size_a, spacing_um, diameter_um)
    pyramid = Pyramid(image)
    seen = best_look(pyramid, localiser, expected_px)
    may_be = seen.probability >= SEEN
    points, probability = seen.points[may_be], seen.probability[may_be]
    fits = fit_lattices(points, probability, options.lattice, _hints(seen, probability))
    radius = _typical(seen.radius_px[may_be], probability)
    sites = [complete(fit, points, probability, radius, seen.seen, seen.probability_at) for fit in fits]
    sites = settle(sites, radius)
    found = _reported(_gathered(seen, may_be, fits, sites), image.shape, options.threshold)
    gaps = None if fits or _is_convincing(found) else find_gaps(pyramid)
    if gaps is None:
        return found
    of_lace = _reported(_of_lace(gaps, localiser), image.shape, options.threshold)
    return of_lace if len(of_lace) > len(found) else found


def _hints(seen: Look, probability: Floats) -> Floats | None:
    """Read the lattice off the image itself where few holes show it; shape (k, 2, 2) [px as seen]."""
    if (probability > 0.5).sum() > FEW:
        return None
    repeated = [one.basis for one in spacing_of(seen.seen) if one.strength > REPEATED]
    return np.array(repeated) if repeated else None


def _expected_px(
    pixel_size_a: float | None, spacing_um: float | None, diameter_um: float | None
) -> float | None:
    """Give the hole radius to expect [px]."""
    if not pixel_size_a or not (spacing_um or diameter_um):
        return None
    radius_um = diameter_um / 2 if diameter_um else 0.25 * (spacing_um or 0)
    return radius_um / pixel_size_a * 1e4


def _gathered(
    seen: Look, may_be: NDArray[np.bool_], fits: list[LatticeFit], sites: list[Sites]
) -> FoundHoles:
    """Put the sites of all lattices and the peaks beside them together, in pixels of the image."""
    parts = [
        _of_lattice(seen, may_be, number, fit, site)
        for number, (fit, site) in enumerate(zip(fits, sites, strict=True))
    ]
    parts.append(_of_none(seen, may_be, fits, sites))
    return FoundHoles(
        np.concatenate([part.centres for part in parts]),
        np.concatenate([part.radius_px for part in parts]),
        np.concatenate([part.probability for part in parts]),
        np.concatenate([part.from_lattice for part in parts]),
        np.concatenate([part.lattice for part in parts]),
        np.concatenate([part.indices for part in parts]),
        np.array([fit.lattice.basis for fit in fits]).reshape(-1, 2, 2) / seen.scale,
        localiser=seen.localiser.label,
    )


def _of_lattice(
    seen: Look, may_be: NDArray[np.bool_], number: int, fit: LatticeFit, sites: Sites
) -> FoundHoles:
    radius = _typical(seen.radius_px[may_be][fit.members], seen.probability[may_be][fit.members])
    return FoundHoles(
        seen.in_image(sites.points),
        np.full(len(sites), radius / seen.scale),
        sites.probability,
        sites.from_lattice,
        np.full(len(sites), number),
        sites.indices.astype(np.int64),
    )


def _of_none(seen: Look, may_be: NDArray[np.bool_], fits: list[LatticeFit], sites: list[Sites]) -> FoundHoles:
    """Take the peaks that belong to no lattice, and do not lie amid one."""
    points = seen.points[may_be]
    left = np.ones(len(points), bool)
    for fit, site in zip(fits, sites, strict=True):
        left[fit.members] = False
        left &= ~amid(fit, points[fit.members], points)
        likely = site.points[site.probability > SEEN]
        if len(likely):
            left &= cKDTree(likely).query(points)[0] > seen.localiser.radius_px
    count = int(left.sum())
    return FoundHoles(
        seen.in_image(points[left]),
        seen.radius_px[may_be][left] / seen.scale,
        doubted(seen.probability[may_be][left], fits, _is_even(points, seen.probability[may_be])),
        np.zeros(count, bool),
        np.full(count, -1),
        np.zeros((count, 2), np.int64),
    )


def _is_convincing(found: FoundHoles) -> bool:
    """Tell whether holes on no lattice are sure enough that no web need be looked for."""
    return len(found) > 1 and float(np.median(found.probability)) > CONVINCING


def _of_lace(gaps: Gaps, localiser: HoleLocaliser) -> FoundHoles:
    """Take the gaps of a web: on no lattice, and none surer than another."""
    count = len(gaps.centres)
    return FoundHoles(
        gaps.centres,
        gaps.radius_px,
        np.full(count, PROBABILITY),
        np.zeros(count, bool),
        np.full(count, -1),
        np.zeros((count, 2), np.int64),
        localiser=localiser.label,
    )


def _is_even(points: Floats, probability: Floats) -> bool:
    """Tell whether the likely holes, four at least, are mostly as far apart as each other."""
    likely = points[probability > 0.5]
    return len(likely) > 3 and evenness(likely) > EVEN


def _reported(found: FoundHoles, shape: tuple[int, ...], threshold: float) -> FoundHoles:
    inside = np.all((found.centres >= -0.5) & (found.centres < np.array(shape) - 0.5), axis=1)
    found = found[inside & (found.probability >= threshold)]
    found = found[np.argsort(-found.probability, kind="stable")]
    return replace(found, spacing_px=usual_spacing_px(found))


def _typical(radius_px: Floats, probability: Floats) -> float:
    """Give the median radius of what is likely; of all where nothing is."""
    likely = probability > 0.5
    chosen = radius_px[likely] if likely.any() else radius_px
    return float(np.median(chosen)) if len(chosen) else 1.0
