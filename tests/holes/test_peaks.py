import numpy as np
import pytest

from ptolemy_kedro.holes.peaks import find_peaks, mass_at

CENTRES = np.array([[10.3, 12.8], [10.1, 25.4], [31.6, 20.2]])
MASSES = np.array([0.9, 0.5, 0.2])


def maps(shape=(48, 40), sd=1.1):
    rows, cols = np.indices(shape)
    density = sum(
        mass / (2 * np.pi * sd**2) * np.exp(-0.5 * ((rows - r) ** 2 + (cols - c) ** 2) / sd**2)
        for (r, c), mass in zip(CENTRES, MASSES, strict=True)
    )
    return np.stack([density, np.full(shape, 0.3)]).astype(np.float32)


def test_peaks_lie_between_pixels_most_likely_first():
    peaks = find_peaks(maps(), reach_px=4)

    np.testing.assert_allclose(peaks.points, CENTRES, atol=0.1)


def test_the_mass_about_a_peak_is_the_number_of_clicks_expected():
    peaks = find_peaks(maps(), reach_px=4)

    np.testing.assert_allclose(peaks.mass, MASSES, rtol=0.03)
    np.testing.assert_allclose(mass_at(maps()[0], CENTRES, 4), MASSES, rtol=0.03)


def test_the_radius_is_read_where_the_clicks_are():
    assert find_peaks(maps(), reach_px=4).log_radius == pytest.approx([0.3, 0.3, 0.3])


def test_a_peak_on_the_edge_is_found():
    peaks = find_peaks(maps()[:, :, 25:], reach_px=4)

    assert np.abs(peaks.points - [10.1, 0.4]).max(axis=1).min() < 1


def test_an_empty_map_has_no_peaks():
    peaks = find_peaks(np.zeros((2, 16, 16), np.float32), reach_px=4)

    assert peaks.points.shape == (0, 2)
