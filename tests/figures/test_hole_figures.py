import numpy as np
import pytest

from ptolemy_kedro.figures.holes import holes_overlay
from ptolemy_kedro.holes.found import FoundHoles

IMAGE = np.random.default_rng(0).normal(100, 10, (200, 300))


def holes(count: int, radius_px: float = 20.0) -> FoundHoles:
    """Holes along the diagonal, every second one from the lattice."""
    places = np.linspace(30, 170, count)
    return FoundHoles(
        np.stack([places, places + 50], 1),
        np.full(count, radius_px),
        np.full(count, 0.9),
        np.arange(count) % 2 == 1,
        np.zeros(count, int),
        np.zeros((count, 2), int),
    )


def test_each_hole_is_circled_at_its_place_and_radius():
    found = holes(5)

    axes = holes_overlay(IMAGE, found, np.linspace(0.1, 0.9, 5)).axes[0]

    centres = np.concatenate([circles.get_offsets() for circles in axes.collections])
    assert sorted(map(tuple, centres)) == sorted((col, row) for row, col in found.centres)
    assert all(circles.get_widths() == pytest.approx(2 * 20) for circles in axes.collections)


def test_the_best_is_the_bluest_and_the_worst_the_reddest():
    scores = np.array([0.9, 0.5, 0.1, 0.4, 0.6])

    network, _ = holes_overlay(IMAGE, holes(5), scores).axes[0].collections

    best, worst, _ = network.get_edgecolors()
    assert best[2] > best[0] and worst[0] > worst[2]


def test_holes_without_a_peak_are_dashed_and_named_in_the_key():
    axes = holes_overlay(IMAGE, holes(4), np.ones(4) / 2).axes[0]

    network, lattice = axes.collections
    assert network.get_linestyle()[0][1] is None and lattice.get_linestyle()[0][1] is not None
    assert "2 of them from the lattice;" in axes.get_title()
    assert axes.get_legend().get_texts()[-1].get_text() == "from the lattice, no peak of the network there"


@pytest.mark.parametrize(("radius_px", "written"), [(60.0, 3), (3.0, 0)])
def test_scores_are_written_only_where_they_leave_the_hole_visible(radius_px, written):
    axes = holes_overlay(IMAGE, holes(3, radius_px), np.ones(3) / 2).axes[0]

    assert len(axes.texts) == written


def test_an_image_without_holes_is_still_drawn():
    axes = holes_overlay(IMAGE, FoundHoles(), np.zeros(0)).axes[0]

    assert axes.get_title().startswith("0 holes") and not axes.collections
