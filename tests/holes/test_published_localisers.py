import numpy as np
import pytest
import torch

from ptolemy_kedro.holes import published_unet
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.holes.patches import target_maps
from ptolemy_kedro.holes.published_detector import DetectorNet, OneStageDetector, detector_loss, thinned
from ptolemy_kedro.holes.published_unet import PublishedLocaliser, PublishedNet, blobs, is_flat

CLICKS = np.array([[20.0, 30.0], [90.0, 100.0]])


def known():
    options = LocaliserOptions(patch_px=128)
    return torch.from_numpy(target_maps(CLICKS, np.array([[20.0, 100.0]]), 1.2, True, options))[None]


def answers(probability_at, elsewhere=-9.0):
    """Cells of 8 px that answer the clicks rightly."""
    cells = torch.zeros(1, 4, 16, 16)
    cells[:, 0], cells[:, 3] = elsewhere, np.log(1.2)
    for row, col in CLICKS:
        i, j = int((row + 0.5) // 8), int((col + 0.5) // 8)
        cells[0, 0, i, j] = probability_at
        for k, at in ((1, row), (2, col)):
            share = (at + 0.5) / 8 % 1
            cells[0, k, i, j] = float(np.log(share / (1 - share)))
    return cells


def test_the_published_network_has_the_published_number_of_parameters_beside_its_sigma():
    assert sum(p.numel() for p in PublishedNet().parameters()) - 1 == 886_977


def test_the_published_network_gives_a_map_of_half_the_edge():
    with torch.no_grad():
        assert PublishedNet()(torch.zeros(1, 1, 256, 256)).shape == (1, 2, 128, 128)


def test_the_published_network_convolves_what_it_makes_larger_beside_what_it_skipped(monkeypatch):
    def plain(convolution, coarse, fine):
        larger = torch.nn.functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
        return convolution(torch.cat([larger, fine], dim=1))

    torch.manual_seed(0)
    network, images = PublishedNet(rate=0.1), torch.randn(1, 1, 256, 256)
    with torch.no_grad():
        said = network(images)
        monkeypatch.setattr(published_unet, "_over_both", plain)
        np.testing.assert_allclose(said, network(images), rtol=1e-3, atol=1e-6)
    assert said[:, 0].std() > 1e-3


def test_the_detector_gives_an_answer_a_cell_of_eight_pixels():
    with torch.no_grad():
        assert DetectorNet(4)(torch.zeros(1, 1, 64, 96)).shape == (1, 4, 8, 12)


def test_blobs_become_their_middles():
    density = np.zeros((40, 50), np.float32)
    density[10:13, 20:23] = 0.01
    density[30, 5] = 0.02

    np.testing.assert_allclose(blobs(density, 1e-4), [[11, 21], [30, 5]])
    assert blobs(density, 0.5).shape == (0, 2)


def test_right_answers_cost_less_than_wrong_ones():
    right = float(detector_loss(answers(9.0), known()))

    assert right < 0.05
    assert right < float(detector_loss(answers(-9.0), known()))
    assert right < float(detector_loss(answers(9.0, elsewhere=9.0), known()))


def test_a_doubtful_cell_costs_nothing():
    one, other = answers(9.0), answers(9.0)
    other[0, 0, 2, 12] = 9.0  # the site put aside, at (20, 100)

    assert float(detector_loss(one, known())) == pytest.approx(float(detector_loss(other, known())))


class Fixed(torch.nn.Module):
    """Gives one output whatever it is given."""

    def __init__(self, output):
        super().__init__()
        self.output = output

    def forward(self, images):
        return self.output


def test_the_detector_finds_its_cells_at_the_scale_of_the_image():
    detector = OneStageDetector(Fixed(answers(9.0)), pixel_size_a=800.0, threshold=0.5, radius_px=10.0)

    found = detector.find(np.random.default_rng(0).normal(size=(64, 64)), pixel_size_a=1600.0)

    expected = (CLICKS + 0.5) / 2 - 0.5
    np.testing.assert_allclose(sorted(found.tolist()), expected, atol=0.1)


def test_the_detector_reports_nothing_beyond_the_image():
    detector = OneStageDetector(Fixed(answers(9.0)), pixel_size_a=800.0, threshold=0.5, radius_px=10.0)

    found = detector.find(np.random.default_rng(0).normal(size=(70, 70)), pixel_size_a=800.0)

    np.testing.assert_allclose(found, CLICKS[:1], atol=0.2)  # the other lies at (90, 100)


def test_of_answers_to_one_hole_the_surest_stays():
    points = np.array([[10.0, 10.0], [12.0, 10.0], [40.0, 10.0]])

    assert thinned(points, np.array([0.5, 0.9, 0.7]), np.full(3, 8.0)).tolist() == [1, 2]


def test_the_published_localiser_takes_an_image_of_any_shape():
    torch.manual_seed(0)
    localiser = PublishedLocaliser(PublishedNet().eval(), 800.0, 0.5, {})

    density, scale = localiser.density(np.random.default_rng(0).normal(size=(90, 130)), 1600.0)

    assert scale == 2
    assert density.shape == (90, 130)


@pytest.mark.parametrize(
    ("losses", "flat"),
    [
        ([5, 4, 3, 2], False),
        ([5, 4, 3, 3, 3], True),
        ([5, 3, 4, 4], True),
        ([5, 3, 4, 2], False),
        ([5], False),
    ],
)
def test_a_training_is_flat_when_its_last_epochs_gained_nothing(losses, flat):
    assert is_flat(losses, patience=2, min_gain=0.01) is flat
