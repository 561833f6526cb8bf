"""The sites of a lattice that deserve a report: network, image and neighbours together.

The foil is made with a hole at every site, so a site is a hole unless a bar, a shadow or a tear lies over it.
Four witnesses speak to that, each in log odds, and their sum is the fused probability:

- **the network**: the probability that its map gives the site; where it made no peak, the less against the
  site, the more sites amid its peaks it passes over;
- **the image**: how like the average hole of this image the site looks, judged against this image's own
  holes and against the foil between them, where there is none;
- **the foil**: whether the level around the site is that around the holes nearby (a bar is darker, a tear
  brighter);
- **the neighbours**: how probable the eight sites around it are, in turn, by the same witnesses.

No constant here was fitted to labels: what a hole and the foil look like is learned from each image anew.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ptolemy_kedro.geometry import Points
from ptolemy_kedro.holes.lattice import Floats, Indices
from ptolemy_kedro.holes.lattice_growth import LatticeFit
from ptolemy_kedro.holes.looks import Looks, look_at

NETWORK = (-3.0, 4.0)
"""Range of what the network says of a site, log odds."""

IMAGE = (-3.0, 4.0)
"""Range of what the image says of a site, log odds."""

SEEN_TWICE = 0.5
"""Weight of the image for a site with a peak: the network has seen it there already."""

LONELY, SURROUNDED, ENOUGH = -2.0, 3.5, 0.6
"""What the neighbours say of a site where none of them is a hole, and of one where this share of them or more
are, log odds: it is on the foil, and the foil has a hole there."""

FEWEST_AROUND, ROUNDS = 3, 6
"""Neighbours in view that a site's support is measured by at least; rounds in which neighbours agree."""

AMID_PEAKS = 5
"""Peaks on the eight sites around that make a site one amid peaks."""

USUAL, FAR = 1.0, 4.0
"""How much darker or brighter foil may be than it is nearby, in contrasts of a hole; and from how many on the
image's darkest or brightest level is that of a bar or a tear, and what lies between may be its shade."""

SHADE, SHADE_SD, LEVEL_WORST = 0.4, 0.15, -8.0
"""Share of the way to a bar's level that shade may go, by how much more it is unlikely to be foil, and what
the foil says at worst, log odds."""

LOCAL = 6
"""Holes nearby whose surroundings tell what the foil's level is."""

STRAY, MANY = -3.0, 12
"""What lying on no site says of a peak, log odds, in an image where a lattice has so many holes: a foil has
one pattern, across its bars too; or where so many likely peaks show none: film has blotches, but no holes."""

UNORDERED, SEVERAL = -1.0, 3
"""What having no lattice at all says of peaks, log odds, where so many likely ones should have one."""

AMID = 2.2
"""Spacings within which three holes of a lattice lie about a point that is amid them."""


@dataclass(frozen=True)
class Sites:
    """The sites of a lattice in an image, n of them, ordered by index.

    Attributes:
        indices: In steps of the lattice; shape (n, 2).
        points: Centres (row, col) [px]; shape (n, 2).
        probability: Fused, that a hole is there and open to view; shape (n,).
        from_lattice: The network made no peak there; shape (n,).
    """

    indices: Indices
    points: Points
    probability: Floats
    from_lattice: NDArray[np.bool_]

    def __len__(self) -> int:
        """Count the sites."""
        return len(self.points)

    def __getitem__(self, chosen: NDArray[np.bool_]) -> "Sites":
        """Take some of the sites."""
        return Sites(
            self.indices[chosen],
            self.points[chosen],
            self.probability[chosen],
            self.from_lattice[chosen],
        )


def complete(
    fit: LatticeFit,
    points: Points,
    probability: Floats,
    radius_px: float,
    image: NDArray[np.float32],
    probability_at: Callable[[Points], Floats],
) -> Sites:
    """Weigh every site of a lattice in an image.

    Args:
        fit: Of the points.
        points: The network's peaks (row, col) [px]; shape (n, 2).
        probability: Of each, by the network; shape (n,).
        radius_px: Of a hole.
        image: Grey levels, any scale and sign; shape (rows, cols). Best with holes of about 10 px radius.
        probability_at: Of a hole at any points (m, 2), read off the network's map, peak or no peak; 0 to 1.

    Returns:
        All sites whose centre lies in the image; what is improbable is for the caller to leave out.
    """
    indices = _all_indices(fit, image.shape)
    member = _members_at(fit, indices)
    sites, peak = fit.sites(indices), member >= 0
    whole = peak & _is_whole(sites, image.shape, radius_px)
    sites[whole] = (sites[whole] + points[member[whole]]) / 2
    said = np.clip(probability_at(sites), 1e-3, 0.999)
    said[peak] = np.maximum(said[peak], np.clip(probability[member[peak]], 1e-3, 0.999))
    sure = peak & (said > 0.5)
    sure = sure if sure.sum() >= 3 else peak
    looks = look_at(image, fit, sites, sure, radius_px)
    logit = (
        np.clip(np.log(said / (1 - said)), _unseen(indices, peak), NETWORK[1])
        + np.where(peak, SEEN_TWICE, 1.0) * np.clip(looks.likeness, *IMAGE)
        + _foil(sites, looks, sure)
    )
    return Sites(indices, sites, _agreed(logit, indices), ~peak)


def settle(found: list[Sites], radius_px: float) -> list[Sites]:
    """Keep of sites of two lattices that meet the more probable one: a tear is claimed from both sides.

    Args:
        found: The sites of each lattice.
        radius_px: Of a hole; sites closer than twice that cannot both be.
    """
    points = np.concatenate([sites.points for sites in found]) if found else np.zeros((0, 2))
    probability = np.concatenate([sites.probability for sites in found]) if found else np.zeros(0)
    of = np.repeat(np.arange(len(found)), [len(sites) for sites in found])
    kept = np.ones(len(points), bool)
    pairs = cKDTree(points).query_pairs(2 * radius_px, output_type="ndarray") if len(found) > 1 else []
    for one, other in pairs:
        if of[one] != of[other]:
            kept[one if probability[one] < probability[other] else other] = False
    return [sites[kept[of == number]] for number, sites in enumerate(found)]


def doubted(probability: Floats, fits: list[LatticeFit], is_even: bool = False) -> Floats:
    """Lower the probability of peaks on no site: far, where there is a lattice or they are many; else some.

    Args:
        probability: Of each, by the network; shape (n,).
        fits: The image's lattices.
        is_even: Are the likely ones as far from each other as a lattice's holes, though too few to show one?
    """
    likely = int((probability > 0.5).sum())
    if max((len(fit.members) for fit in fits), default=0) >= MANY:
        doubt = STRAY
    elif not fits and not is_even and likely >= SEVERAL:
        doubt = STRAY if likely >= MANY else UNORDERED
    else:
        return probability
    odds = np.exp(doubt) * probability / np.maximum(1 - probability, 1e-6)
    return odds / (1 + odds)


def amid(fit: LatticeFit, members: Points, points: Points) -> NDArray[np.bool_]:
    """Tell which points lie amid the holes of a lattice: what is none of its sites there is no hole.

    Args:
        fit: The lattice.
        members: Its holes (row, col) [px]; shape (m, 2), m at least 1.
        points: To judge (row, col) [px]; shape (n, 2).
    """
    if not len(points):
        return np.zeros(0, bool)
    gaps = cKDTree(members).query(points, min(3, len(members)))[0].reshape(len(points), -1)
    return gaps[:, -1] < AMID * np.sqrt(fit.lattice.cell_px2)


def _all_indices(fit: LatticeFit, shape: tuple[int, ...]) -> Indices:
    """List the sites in the image, and those of members whose peaks lie in it."""
    inside = fit.indices_within((shape[0], shape[1]))
    return np.unique(np.concatenate([inside, fit.indices]), axis=0)


def _is_whole(sites: Points, shape: tuple[int, ...], radius_px: float) -> NDArray[np.bool_]:
    """Tell which holes lie in the image as a whole: the peak of one that is cut lies too far inside."""
    inside = (sites >= radius_px - 0.5) & (sites <= np.array(shape) - 0.5 - radius_px)
    return np.all(inside, axis=1)


def _members_at(fit: LatticeFit, indices: Indices) -> Indices:
    """Find the member at each index, -1 for none."""
    places = {tuple(at): int(member) for at, member in zip(fit.indices.tolist(), fit.members, strict=True)}
    return np.array([places.get(tuple(at), -1) for at in indices.tolist()], np.intp)


def _agreed(logit: Floats, indices: Indices) -> Floats:
    """Let each site hear the eight around it, so far as they are in view, until they agree; (n,)."""
    at = indices - indices.min(axis=0) + 1
    around = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)])
    places = (at[:, None] + around).transpose(2, 0, 1)
    grid = np.zeros(np.ptp(indices, axis=0) + 3)
    grid[*at.T] = 1
    in_view = np.maximum(grid[*places].sum(axis=1), FEWEST_AROUND)
    probability = 1 / (1 + np.exp(-logit))
    for _ in range(ROUNDS):
        grid[*at.T] = probability
        share = np.minimum(grid[*places].sum(axis=1) / in_view / ENOUGH, 1)
        probability = 1 / (1 + np.exp(-(logit + LONELY + (SURROUNDED - LONELY) * share)))
    return probability


def _unseen(indices: Indices, peak: NDArray[np.bool_]) -> float:
    """Weigh that the network made no peak at a site: by the share it passes over of those amid its peaks."""
    at = indices - indices.min(axis=0) + 1
    grid = np.zeros(np.ptp(indices, axis=0) + 3)
    grid[*at.T] = peak
    around = sum(grid[at[:, 0] + i, at[:, 1] + j] for i in (-1, 0, 1) for j in (-1, 0, 1)) - peak
    amid_peaks = around >= AMID_PEAKS
    passed = (float((~peak[amid_peaks]).sum()) + 1) / (int(amid_peaks.sum()) + 20)
    return float(np.clip(np.log(passed), *NETWORK))


def _foil(sites: Points, looks: Looks, sure: NDArray[np.bool_]) -> Floats:
    """Weigh the level around each site against that around the holes nearby."""
    _, near = cKDTree(sites[sure]).query(sites, min(LOCAL, int(sure.sum())))
    usual = np.median(looks.level[sure][near.reshape(len(sites), -1)], axis=1)
    off = np.zeros(len(sites))
    for side, extreme in zip((-1, 1), looks.extremes, strict=True):
        away, farthest = side * (looks.level - usual), side * (extreme - usual)
        shade = (away / np.maximum(farthest, 1e-9) - SHADE) / SHADE_SD
        off = np.maximum(off, np.where(farthest > FAR * looks.contrast, shade, away / looks.contrast - USUAL))
    return np.maximum(-(off**2), LEVEL_WORST)
