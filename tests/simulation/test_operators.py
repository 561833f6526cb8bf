"""Operators choose as their families say, and come to the published base rate."""

from dataclasses import replace

import numpy as np
import pytest

from ptolemy_kedro.simulation import SimulateOptions, operators, simulate_session
from ptolemy_kedro.simulation.operators import FAMILIES, Operator, chance, choose, draw_operator, wanting
from ptolemy_kedro.simulation.outcomes import GOOD_A, draw_resolutions, square_worth
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import draw_grid


def someone_of(family: str) -> Operator:
    people = (draw_operator(generator(seed, "operator"), "any") for seed in range(200))
    return next(person for person in people if person.family == family)


def without_half(grid):
    keep = np.arange(len(grid.openings)) % 2 == 0
    fields = {name: getattr(grid.openings, name)[keep] for name in grid.openings.__dataclass_fields__}
    return replace(grid, openings=type(grid.openings)(**fields)), keep


@pytest.mark.parametrize("family", ["absolute thickness", "thick-ice seeker"])
def test_an_absolute_family_does_not_look_at_the_rest_of_the_grid(family):
    grid, person = draw_grid(generator(1, "grid")), someone_of(family)
    half, keep = without_half(grid)
    np.testing.assert_array_equal(wanting(person, grid)[keep], wanting(person, half))


def test_a_relative_family_does():
    grid, person = draw_grid(generator(1, "grid")), someone_of("relative brightness")
    openings = grid.openings
    thicker = replace(
        grid, openings=replace(openings, ice_nm=np.where(openings.ice_nm > 40, 400, openings.ice_nm))
    )
    thin = openings.ice_nm <= 40
    assert not np.allclose(wanting(person, grid)[~thin], wanting(person, thicker)[~thin])


def test_there_are_three_families_and_held_out_ones_apart_from_them():
    trained, held_out = ({family.name for family in FAMILIES[drawn]} for drawn in ("training", "held_out"))
    assert len(trained) >= 3
    assert held_out and not trained & held_out


def test_an_operator_stops_early_and_opens_only_some_tiles():
    person = replace(someone_of("absolute thickness"), viewed_share=0.5, patience=3.0)
    tiles = np.repeat(np.arange(40), 50)

    chosen, opened = choose(generator(1, "choice"), person, np.ones(2000), tiles)

    assert 8 < len(opened) < 32
    assert set(tiles[chosen]) == set(opened)
    assert len(chosen) / len(opened) == pytest.approx(3, rel=0.4)


def test_chance_grows_with_wanting():
    person = someone_of("absolute thickness")
    want = np.linspace(-5, 5, 50)
    assert (np.diff(chance(person, want)) >= 0).all()


def test_empty_and_opaque_squares_are_hardly_wanted():
    for seed in range(5):
        grid, person = draw_grid(generator(seed, "grid")), draw_operator(generator(seed, "operator"), "any")
        hopeless = np.isin(grid.openings.state, ("empty", "opaque"))
        assert chance(person, wanting(person, grid))[hopeless].max(initial=0) < 0.5


@pytest.mark.slow
def test_the_base_rate_is_that_of_the_published_data():
    rates = []
    for seed in range(120):
        truth = simulate_session(seed, SimulateOptions(atlas_px=0, visited_squares=0)).truth
        seen = truth["outlines"].query("share_in_view >= 0.5")["true_id"].unique()
        rates.append(truth["squares"].set_index("true_id").loc[seen, "selected"].to_numpy())
    assert np.concatenate(rates).mean() == pytest.approx(operators.BASE_RATE, abs=0.06)


def test_worth_is_a_share_and_nothing_is_gained_in_an_empty_square():
    grid = draw_grid(generator(2, "grid"))
    worth = square_worth(grid)
    assert ((worth >= 0) & (worth <= 1)).all()
    assert worth[grid.openings.state == "empty"].max(initial=0) == 0


def test_better_squares_give_better_exposures_on_average():
    resolution = draw_resolutions(generator(1, "outcomes"), np.array([-2.0, 0.0, 2.0]), 40, 40)
    good = (resolution <= GOOD_A).mean(axis=(1, 2))
    assert good[0] < good[1] < good[2]
