"""Operators choose holes as their families say, and come to the published base rate."""

from dataclasses import replace

import numpy as np
import pytest

from ptolemy_kedro.simulation import SimulateOptions, simulate_session
from ptolemy_kedro.simulation.hole_operators import (
    BASE_RATE,
    HOLE_FAMILIES,
    chance,
    choose_holes,
    draw_hole_operator,
    wanting,
)
from ptolemy_kedro.simulation.operators import FAMILIES, draw_operator
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.sites import Sites

SHAPE = (1000, 1000)


def made_sites(n=200, seed=1):
    """Clean, open holes with ice of 20 to 150 nm, well within the image and the bars."""
    rng = generator(seed, "made sites")
    centre_px = rng.uniform(50, 950, (n, 2))
    zeros = np.zeros(n)
    return Sites(
        centre_px=centre_px, stage=centre_px / 100, radius_px=np.full(n, 20.0), radius_um=np.full(n, 0.6),
        index=np.zeros((n, 3), dtype=np.int64), open=np.ones(n, dtype=bool), doubtful=np.zeros(n, dtype=bool),
        ice_nm=rng.uniform(20, 150, n), bar_um=np.full(n, 20.0), dirt=zeros, around=zeros,
        state=np.full(n, "iced", dtype="<U11"),
    )  # fmt: skip


def someone_of(family):
    people = (draw_operator(generator(seed, "operator"), "any") for seed in range(300))
    person = next(person for person in people if person.family == family)
    return draw_hole_operator(generator(1, "hole operator"), person)


def test_every_family_of_squares_has_one_of_holes():
    assert set(HOLE_FAMILIES) == {family.name for family in FAMILIES["any"]}


@pytest.mark.parametrize("family", ["absolute thickness", "thick-ice seeker"])
def test_an_absolute_family_does_not_look_at_the_other_holes(family):
    sites, half = made_sites(), np.arange(200) % 2 == 0
    person = someone_of(family)
    np.testing.assert_array_equal(wanting(person, sites, SHAPE)[half], wanting(person, sites[half], SHAPE))


def test_a_relative_family_does():
    sites, person = made_sites(), someone_of("relative brightness")
    thin = sites.ice_nm < 80
    thicker = replace(sites, ice_nm=np.where(thin, sites.ice_nm, 1.0))
    assert not np.allclose(wanting(person, sites, SHAPE)[thin], wanting(person, thicker, SHAPE)[thin])


@pytest.mark.parametrize("family", sorted(HOLE_FAMILIES))
@pytest.mark.parametrize(
    "worse",
    [{"bar_um": 0.3}, {"dirt": 0.9}, {"state": "empty"}, {"state": "exposed"}],
    ids=["at the bar", "dirty", "empty", "used"],
)
def test_nobody_prefers_a_hole_for_a_fault(family, worse):
    sites, person = made_sites(), someone_of(family)
    (name, value), *_ = worse.items()
    faulty = replace(sites, **{name: np.full(len(sites), value)})
    assert (wanting(person, faulty, SHAPE) <= wanting(person, sites, SHAPE)).all()


def test_chance_grows_with_wanting_and_hardly_any_is_left_to_what_cannot_be_seen():
    sites, person = made_sites(), someone_of("absolute thickness")
    want = np.linspace(-9, 1, len(sites))
    assert (np.diff(chance(person, want, sites)) >= 0).all()
    hidden = replace(sites, open=np.zeros(len(sites), dtype=bool))
    assert chance(person, want, hidden).max() == 0


def test_clicks_are_beside_the_centre_by_the_operators_own_measure():
    sites = made_sites(2000)
    person = replace(
        someone_of("absolute thickness"),
        click_share=0.1,
        bias=(0.0, 0.0),
        early=0.0,
        unviewed=0.0,
        threshold=-50,
    )
    picks = choose_holes(generator(1, "choice"), person, sites, SHAPE)
    off = (picks.clicks - sites.centre_px[picks.selected]) / sites.radius_px[picks.selected, None]
    assert off.std() == pytest.approx(0.1, rel=0.1)
    assert np.abs(off.mean(axis=0)).max() < 0.02


def test_who_stops_early_leaves_a_whole_side():
    sites = made_sites(2000)
    person = replace(
        someone_of("absolute thickness"), early=1.0, unviewed=0.0, whim=0.0, miss=0.0, threshold=-50
    )
    picks = choose_holes(generator(2, "choice"), person, sites, SHAPE)
    chosen = np.isin(np.arange(2000), picks.selected)
    middles = [sites.centre_px[which].mean(axis=0) for which in (chosen, ~chosen)]
    assert 200 < chosen.sum() < 1900
    assert np.linalg.norm(middles[0] - middles[1]) > 200


def test_what_is_put_aside_was_not_selected():
    person = replace(someone_of("careful screener"), early=0.0, unviewed=0.0, threshold=0.0)
    picks = choose_holes(generator(3, "choice"), person, made_sites(2000), SHAPE)
    assert len(picks.rejected) > 0
    assert not set(picks.rejected) & set(picks.selected)


def test_an_image_nobody_looked_at_has_no_clicks():
    picks = choose_holes(
        generator(1, "choice"), replace(someone_of("careful screener"), unviewed=1.0), made_sites(), SHAPE
    )
    assert not picks.viewed and not len(picks.clicks) and not len(picks.rejections)


@pytest.mark.slow
@pytest.mark.parametrize("drawn", ["training", "held_out"])
def test_the_base_rate_is_that_of_the_published_data(drawn):
    options = SimulateOptions(
        tiles=2, tile_px=256, atlas_px=0, visited_squares=8, patches_a_square=1, medium_images=6,
        optics=drawn, operators=drawn,
    )  # fmt: skip
    selected = []
    for seed in range(3000, 3024):
        session = simulate_session(seed, options)
        images = session.tables["images"]
        viewed = images.loc[images["viewed"], "image_id"]
        holes = session.truth["holes"]
        selected.append(
            holes[holes["open"].astype(bool) & holes["image_id"].isin(viewed)]["selected"].to_numpy(bool)
        )
    assert np.concatenate(selected).mean() == pytest.approx(BASE_RATE, abs=0.08)
