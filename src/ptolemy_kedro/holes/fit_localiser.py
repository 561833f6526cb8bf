"""Training the localiser on clicks: a Poisson process, whose scatter is learned with the weights."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.holes.localiser import KIND
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.holes.patches import (
    BRIGHTEST,
    DARKEST,
    RADIUS_BYTES,
    STRIDE,
    Patches,
)
from ptolemy_kedro.holes.peaks import Peaks, find_peaks
from ptolemy_kedro.holes.photometric import vary
from ptolemy_kedro.holes.unet import HoleNet
from ptolemy_kedro.metrics.detection import match_points
from ptolemy_kedro.metrics.ranking import average_precision
from ptolemy_kedro.training.loop import Examples, train
from ptolemy_kedro.training.model import TrainedModel

RADIUS_WEIGHT = 0.3
"""Weight of the radius beside the clicks in the loss."""

MEASURED = 300
"""Held-out patches that average precision is measured on after an epoch."""


def fit_localiser(
    patches: Patches,
    options: LocaliserOptions = LocaliserOptions(),  # noqa: B008
    checkpoint: Path | None = None,
) -> TrainedModel:
    """Train the localiser on patches cut by ``patches.cut_patches``.

    Args:
        patches: Some whole sessions are held out to tell when to stop.
        options: Of network and training.
        checkpoint: File that a killed training goes on from.

    Returns:
        The model; its curve has, beside the loop's columns, ``sigma_px`` (of the clicks about the centres, at
        the scale where a hole's radius is ``options.radius_px``) and the held-out ``average_precision``.

    Raises:
        TableError: Fewer than two sessions have clicks.
    """
    learn, judge = held_out_examples(patches, options)
    torch.manual_seed(options.train.seed)
    network = HoleNet(options.channels)
    chosen = judge.rows[:MEASURED].numpy()
    measured = patches.pixels[chosen], patches.maps[chosen]

    def measure(network: torch.nn.Module) -> dict[str, float]:
        hit, mass, clicks = _judged(network, *measured, options)
        assert isinstance(network, HoleNet)
        return {
            "sigma_px": network.sigma_px * STRIDE,
            "average_precision": _precision(hit, mass, clicks),
        }

    curve = train(network, learn, judge, click_loss, options.train, vary, grey, checkpoint, measure)
    hit, mass, _ = _judged(network, *measured, options)
    config = {
        "kind": KIND,
        "radius_px": options.radius_px,
        "stride": STRIDE,
        "multiple": STRIDE * 2 ** (len(options.channels) - 1),
        "sigma_px": network.sigma_px * STRIDE,
        "calibration": calibrated(mass, hit),
        "parameters": sum(p.numel() for p in network.parameters()),
    }
    return TrainedModel(to_onnx(network), config, tuple(sorted(set(patches.sessions))), curve)


def click_loss(maps: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Compare clicks expected with clicks made: minus the log likelihood of a Poisson process, a click.

    Args:
        maps: Of the network, shape (n, 2, rows, cols).
        known: As ``patches.target_maps`` draws them; shape (n, 3, rows, cols).
    """
    clicks, weight = known[:, 0].float() / 255, known[:, 1].float() / 255
    density = maps[:, 0].clamp_min(1e-7)
    process = (weight * (density - clicks * density.log())).sum() / (weight * clicks).sum().clamp_min(1)
    has_radius = (known[:, 2] > 0).float()
    wanted = (known[:, 2].float() - 128) / RADIUS_BYTES
    misfit = torch.nn.functional.smooth_l1_loss(maps[:, 1], wanted, reduction="none", beta=0.1)
    return process + RADIUS_WEIGHT * (has_radius * misfit).sum() / has_radius.sum().clamp_min(1)


def grey(pixels: torch.Tensor) -> torch.Tensor:
    """Turn bytes back into grey levels, 0 (dark) to 1 (bright)."""
    return (pixels.float() - DARKEST) / (BRIGHTEST - DARKEST)


def calibrated(mass: NDArray[np.float64], hit: NDArray[np.bool_]) -> list[float]:
    """Fit the probability that a peak was clicked: the slope and intercept of its log odds over log mass."""
    from sklearn.linear_model import LogisticRegression

    if hit.all() or not hit.any():
        return [1.0, 0.0]
    model = LogisticRegression(C=100.0).fit(np.log(mass)[:, None], hit)
    return [float(model.coef_[0, 0]), float(model.intercept_[0])]


def to_onnx(network: HoleNet) -> bytes:
    """Save the network as ONNX: images (n, 1, rows, cols) to maps (n, 2, rows / 2, cols / 2)."""
    axes = {0: "n", 2: "rows", 3: "cols"}
    options: dict[str, Any] = {
        "input_names": ["image"],
        "output_names": ["maps"],
        "dynamic_axes": {"image": axes, "maps": axes},
        "dynamo": False,  # the newer exporter writes the paths of its machine into the file
    }
    with tempfile.TemporaryDirectory() as aside, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        place = Path(aside) / "network.onnx"
        torch.onnx.export(network.eval(), (torch.zeros(1, 1, 128, 128),), place, **options)
        return place.read_bytes()


def held_out_examples(patches: Patches, options: LocaliserOptions) -> tuple[Examples, Examples]:
    """Hold out whole sessions, by the seed."""
    names = np.unique(patches.sessions)
    if len(names) < 2:
        raise TableError(
            f"{len(names)} sessions have images with clicked holes: the localiser needs two or more. "
            "Ingest further sessions."
        )
    count = min(len(names) - 1, max(1, round(options.held_out_share * len(names))))
    rng = np.random.default_rng(options.train.seed)
    held_out = np.isin(patches.sessions, rng.choice(names, count, replace=False))
    pixels, maps = torch.from_numpy(patches.pixels), torch.from_numpy(patches.maps)
    learn, judge = (torch.from_numpy(np.flatnonzero(part)) for part in (~held_out, held_out))
    return Examples(pixels, maps, learn), Examples(pixels, maps, judge)


@torch.no_grad()
def _judged(
    network: torch.nn.Module, pixels: NDArray[np.uint8], maps: NDArray[np.uint8], options: LocaliserOptions
) -> tuple[NDArray[np.bool_], NDArray[np.float64], int]:
    """Compare peaks with clicks, where they are known.

    Returns:
        Whether each peak was clicked, its mass, and how many clicks there were.
    """
    device = next(network.parameters()).device
    hits, masses, count = [], [], 0
    for patch, known in zip(torch.from_numpy(pixels), maps, strict=True):
        output = network(grey(patch[None]).to(device)).cpu().numpy()[0]
        hit, peaks, clicks = _compared(output, known, options)
        hits.append(hit)
        masses.append(peaks.mass)
        count += clicks
    return np.concatenate([np.zeros(0, bool), *hits]), np.concatenate([np.zeros(0), *masses]), count


def _compared(
    output: NDArray[np.float32], known: NDArray[np.uint8], options: LocaliserOptions
) -> tuple[NDArray[np.bool_], Peaks, int]:
    radius = options.radius_px / STRIDE
    clicks = _clicks(known[0])
    peaks = find_peaks(output, 0.6 * radius)
    at = np.clip(np.round(peaks.points).astype(int), 0, len(known[1]) - 1)
    sure = known[1][tuple(at.T)] > 127
    peaks = peaks[sure]
    hit = np.zeros(len(peaks), bool)
    hit[match_points(peaks.points, clicks, radius)[:, 0]] = True
    return hit, peaks, len(clicks)


def _clicks(shares: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Find the clicks that were shared among pixels; those beyond the edge by less than a pixel, too."""
    labels, count = ndimage.label(shares, np.ones((3, 3)))
    at = ndimage.center_of_mass(shares.astype(float), labels, np.arange(1, count + 1))
    return np.array(at, float).reshape(-1, 2)


def _precision(hit: NDArray[np.bool_], mass: NDArray[np.float64], clicks: int) -> float:
    """Average precision, where clicks without a peak count as missed."""
    if not hit.any():
        return 0.0
    return average_precision(mass, hit) * float(hit.sum()) / max(clicks, 1)
