"""Which sites of a lattice deserve a report."""

import numpy as np
import pytest
from points import lattice_of

from ptolemy_kedro.holes.evidence import amid, complete, doubted, settle
from ptolemy_kedro.holes.lattice_fit import fit_lattices

SHAPE, RADIUS = (360, 360), 9.0


def scene(contrast=0.3, noise=0.05, seed=0):
    """Draw foil with holes, a dark bar on the right and a bright tear at the lower left.

    Returns:
        Image, the lattice's sites in it, and which of them are holes on foil, clear of bar and tear.
    """
    lattice = lattice_of("square", 36.0, 14.0)
    sites = lattice.sites_within(SHAPE)
    row, col = np.indices(SHAPE)
    image = 0.5 + 0.0002 * row
    for centre in sites:
        image[np.hypot(row - centre[0], col - centre[1]) < RADIUS] += contrast
    bar, tear = col > 290, (row > 260) & (col < 90)
    image[bar], image[tear] = 0.08, 1.3
    image += np.random.default_rng(seed).normal(0, noise, SHAPE)
    open_ = (sites[:, 1] < 290 - RADIUS) & ~((sites[:, 0] > 260 - RADIUS) & (sites[:, 1] < 90 + RADIUS))
    return image.astype(np.float32), sites, open_


def completed(image, holes, kept, elsewhere=0.1):
    points = holes[kept]
    (fit,) = fit_lattices(points)
    return complete(
        fit, points, np.full(len(points), 0.9), RADIUS, image, lambda sites: np.full(len(sites), elsewhere)
    )


def nearest(sites, points):
    return np.linalg.norm(sites[:, None] - points, axis=2).argmin(axis=1)


@pytest.mark.parametrize(("contrast", "noise"), [(0.3, 0.05), (-0.2, 0.05), (0.1, 0.12)])
def test_holes_the_network_missed_are_reported_and_bars_and_tears_are_not(contrast, noise):
    image, sites, open_ = scene(contrast, noise)
    seen = open_ & (np.random.default_rng(1).random(len(sites)) < 0.6)

    found = completed(image, sites, seen)

    which = nearest(found.points, sites)
    clear = open_ | (sites[:, 1] > 300 + RADIUS) | ((sites[:, 0] > 275 + RADIUS) & (sites[:, 1] < 75))
    reported = found.probability > 0.5
    judged = clear[which]
    assert (reported[judged] == open_[which][judged]).mean() > 0.97
    assert not (reported & judged & ~open_[which]).any()
    np.testing.assert_array_equal(found.from_lattice, ~seen[which])
    assert found.probability[~found.from_lattice].min() > found.probability[found.from_lattice].mean()


def test_a_site_without_a_peak_is_less_probable_than_one_with():
    image, sites, open_ = scene()
    seen = open_.copy()
    seen[np.flatnonzero(open_)[20:24]] = False

    found = completed(image, sites, seen)

    missed = found.from_lattice & open_[nearest(found.points, sites)]
    assert missed.sum() == 4
    assert found.probability[missed].max() < found.probability[~found.from_lattice].min()


def test_what_the_network_expects_counts():
    image, sites, open_ = scene(noise=0.2)
    seen = open_ & (np.random.default_rng(2).random(len(sites)) < 0.5)

    low, high = (completed(image, sites, seen, elsewhere).probability for elsewhere in (0.02, 0.6))

    assert (high >= low).all()
    assert high.mean() > low.mean()


def test_members_keep_close_to_their_peaks():
    image, sites, open_ = scene()
    holes = sites + np.random.default_rng(3).normal(0, 0.5, sites.shape)

    found = completed(image, holes, open_)

    peaks, own = holes[open_], found.points[~found.from_lattice]
    peak = nearest(own, peaks)
    assert sorted(peak) == list(range(len(peaks)))
    assert np.linalg.norm(own - peaks[peak], axis=1).max() < 1.5


def test_points_between_sites_are_amid_the_lattice_and_points_far_off_are_not():
    lattice = lattice_of("square", 36.0, 0.0, origin=(50.0, 50.0))
    holes = lattice.sites([[i, j] for i in range(5) for j in range(5)])
    (fit,) = fit_lattices(holes)

    assert amid(fit, holes, np.array([[68.0, 68.0], [140.0, 122.0], [320.0, 320.0]])).tolist() == [
        True,
        True,
        False,
    ]
    assert amid(fit, holes, np.zeros((0, 2))).shape == (0,)


def test_a_peak_on_no_site_is_doubted_only_where_a_lattice_is_beyond_doubt():
    lattice = lattice_of("square", 36.0)
    large, small = (fit_lattices(lattice.sites([[i, j] for i in range(n) for j in range(n)])) for n in (5, 3))
    probability = np.array([0.0, 0.5, 0.999, 1.0])

    np.testing.assert_array_equal(doubted(probability, small), probability)
    np.testing.assert_array_equal(doubted(probability, []), probability)
    lowered = doubted(probability, large)
    assert (np.diff(lowered) > 0).all()
    assert lowered[1] < 0.1 < 0.9 < lowered[2]


def test_many_likely_peaks_without_any_order_are_doubted_more_than_a_few():
    few, many = np.full(5, 0.9), np.full(20, 0.9)

    assert 0.5 < doubted(few, [])[0] < 0.9
    assert doubted(many, [])[0] < 0.5
    np.testing.assert_array_equal(doubted(many, [], is_even=True), many)


def test_holes_cut_by_the_edge_lie_where_the_lattice_says():
    """A network sees but the half that is in the image, and marks its middle."""
    image, sites, open_ = scene()
    cut = ((sites < RADIUS - 0.5) | (sites > np.array(SHAPE) - 0.5 - RADIUS)).any(axis=1)
    seen = sites + np.where(cut[:, None], np.sign(180 - sites) * 2.5, 0)

    found = completed(image, seen, open_)

    which = nearest(found.points, sites)
    off = np.linalg.norm(found.points - sites[which], axis=1)
    assert (open_ & cut)[which].sum() > 3
    assert off[(open_ & cut)[which]].max() < 1.0


def test_of_two_lattices_sites_in_one_place_the_more_probable_is_kept():
    image, sites, open_ = scene()
    one = completed(image, sites, open_)
    other = completed(image, sites + 8.0, open_, elsewhere=0.02)

    kept = settle([one, other], RADIUS)

    gaps = np.linalg.norm(kept[0].points[:, None] - kept[1].points, axis=2)
    assert gaps.min() > 2 * RADIUS
    left = np.concatenate([sites.points for sites in kept])
    best = np.concatenate([sites.probability for sites in kept])
    for sites in (one, other):
        for point, probability in zip(sites.points, sites.probability, strict=True):
            near = np.linalg.norm(left - point, axis=1) <= 4 * RADIUS
            assert best[near].max() >= probability
    assert settle([one], RADIUS)[0].points.shape == one.points.shape
    assert settle([], RADIUS) == []


def test_the_image_is_not_changed_and_the_answer_stays_the_same():
    image, sites, open_ = scene()
    copy = image.copy()

    one, other = (completed(image, sites, open_) for _ in range(2))

    np.testing.assert_array_equal(image, copy)
    np.testing.assert_array_equal(one.probability, other.probability)
