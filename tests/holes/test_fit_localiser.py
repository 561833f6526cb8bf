from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.holes.discs import draw_discs, square_lattice

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.holes.clicks import ClickedImage
from ptolemy_kedro.holes.fit_localiser import calibrated, click_loss, fit_localiser, to_onnx
from ptolemy_kedro.holes.localiser import HoleLocaliser
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.holes.patches import cut_patches
from ptolemy_kedro.holes.unet import HoleNet, blurred
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.training.options import TrainOptions

QUICK = LocaliserOptions(
    patch_px=64,
    patches_an_image=16,
    channels=(8, 12),
    off_scale_share=0.1,
    train=TrainOptions(epochs=6, batch_size=16, learning_rate=1e-2, last_rate=0.1, precision="float32"),
)


def clicked(seed, session, click_sd_px=1.0):
    shape = (200, 260)
    sites = square_lattice(45, shape, angle_deg=7.0 * seed)
    clicks = sites + np.random.default_rng(seed).normal(0, click_sd_px, sites.shape)
    return ClickedImage(draw_discs(sites, 10, shape, seed), clicks, 10.0, session)


@pytest.fixture(scope="module")
def patches():
    return cut_patches([clicked(seed, f"s{seed % 4}") for seed in range(8)], QUICK, 0)


@pytest.fixture(scope="module")
def trained(patches):
    return fit_localiser(patches, QUICK)


def test_the_loss_is_least_where_as_many_clicks_are_expected_as_were_made():
    known = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    known[:, 1] = 255
    known[0, 0, 3, 4] = 255

    def loss(density):
        maps = torch.zeros(1, 2, 8, 8)
        maps[0, 0, 3, 4] = density
        return float(click_loss(maps, known))

    assert loss(1.0) < min(loss(0.7), loss(1.4))


def test_what_is_not_known_costs_nothing():
    known = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    maps = torch.rand(1, 2, 8, 8)

    assert float(click_loss(maps, known)) == 0


def test_sigma_becomes_the_scatter_of_the_clicks():
    rng = np.random.default_rng(0)
    clicks = torch.zeros(1, 3, 400, 400, dtype=torch.uint8)
    clicks[:, 1] = 255
    marks = torch.zeros(1, 1, 400, 400)
    for row in range(20, 390, 20):
        for col in range(20, 390, 20):
            marks[0, 0, row, col] = 1
            at = np.round(rng.normal((row, col), 2.0)).astype(int)
            clicks[0, 0, *at] = 255
    log_sigma = torch.nn.Parameter(torch.tensor(0.0))
    optimiser = torch.optim.Adam([log_sigma], 0.05)

    for _ in range(60):
        density = blurred(marks, log_sigma.exp())
        value = click_loss(torch.cat([density, torch.zeros_like(density)], dim=1), clicks)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()

    assert float(log_sigma.detach().exp()) == pytest.approx(2.0, rel=0.1)


def test_onnxruntime_and_torch_agree_at_every_shape():
    torch.manual_seed(0)
    network = HoleNet((8, 12, 16)).eval()
    model = OnnxModel(to_onnx(network))

    for shape in [(64, 64), (48, 112)]:
        image = torch.rand(1, 1, *shape)
        with torch.no_grad():
            expected = network(image).numpy()
        np.testing.assert_allclose(model.run(image.numpy()), expected, atol=1e-5)


def test_it_learns_where_holes_are_from_clicks_beside_them(trained):
    assert trained.curve["average_precision"].iloc[-1] > 0.9
    assert trained.curve["validation_loss"].iloc[-1] < trained.curve["validation_loss"].iloc[0]


def test_the_maps_cover_an_image_of_any_shape(trained):
    maps = HoleLocaliser.of(trained).maps(np.zeros((50, 71), np.float32))

    assert maps.shape == (2, 25, 36)


def test_the_curve_tells_sigma_and_precision_of_every_epoch(trained):
    assert {"epoch", "sigma_px", "average_precision"} <= set(trained.curve.columns)
    assert trained.config["sigma_px"] > 0
    assert trained.sessions == ("s0", "s1", "s2", "s3")


def test_it_follows_from_the_seed(patches):
    short = replace(QUICK, train=replace(QUICK.train, epochs=1))

    assert fit_localiser(patches, short).onnx == fit_localiser(patches, short).onnx


def test_a_single_session_is_not_enough():
    with pytest.raises(TableError, match="two or more"):
        fit_localiser(cut_patches([clicked(0, "a")], QUICK, 0), QUICK)


def test_calibration_turns_mass_into_the_share_that_was_clicked():
    rng = np.random.default_rng(0)
    mass = rng.uniform(0.02, 1.0, 20_000)
    odds = mass**2 / 0.25  # slope 2, even odds at a mass of a half
    hit = rng.random(len(mass)) < odds / (1 + odds)

    slope, intercept = calibrated(mass, hit)

    assert slope == pytest.approx(2, abs=0.1)
    assert intercept == pytest.approx(np.log(4), abs=0.1)
