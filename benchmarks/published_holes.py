"""The published localisers, trained here on simulated images at one pixel size, and kept aside."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ptolemy_kedro.holes.clicks import ClickedImage, clicked_image
from ptolemy_kedro.holes.fit_localiser import click_loss
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.holes.patches import STRIDE, Patches, cut_patches
from ptolemy_kedro.holes.published_detector import DetectorNet, OneStageDetector, detector_loss
from ptolemy_kedro.holes.published_lattice import weighed_sites
from ptolemy_kedro.holes.published_unet import PublishedLocaliser, PublishedNet, blobs, fit_published, is_flat
from ptolemy_kedro.holes.resample import from_scaled
from ptolemy_kedro.metrics.detection import match_points
from ptolemy_kedro.simulation.medium import MediumExample, simulate_example
from ptolemy_kedro.simulation.seeds import TRAINING
from ptolemy_kedro.training.options import TrainOptions

PIXEL_SIZE_A = 600.0
"""What every image is brought to: the usual hole has a radius of 10 px there."""

SCANNED = np.exp(np.linspace(np.log(1e-4), np.log(0.2), 20))
"""Thresholds of the map that are tried on training images."""

SITE_SCANNED = (0.0, *np.exp(np.linspace(np.log(1e-5), np.log(0.2), 16)))
"""Thresholds at the sites of the lattice that are tried on training images."""

LAST_RATE = 0.1
"""Their learning rate in the last epoch, share of the first: at an even one the loss keeps jumping."""

JUDGED = 40
"""Training images that thresholds are chosen on."""


@dataclass(frozen=True)
class Baselines:
    """The published methods, ready to find holes.

    Attributes:
        detector: One stage.
        unet: Nine levels.
        site_threshold: Of the map, at the sites of the lattice.
        curves: Of both trainings, by name.
        learnt: Names of the networks that learnt until their held-out loss was flat.
    """

    detector: OneStageDetector
    unet: PublishedLocaliser
    site_threshold: float
    curves: dict[str, pd.DataFrame]
    learnt: set[str]

    def find(self, image: NDArray, pixel_size_a: float) -> dict[str, NDArray[np.float64]]:
        """Find holes by each method (row, col) [px], shape (n, 2)."""
        density, scale = self.unet.density(image, pixel_size_a)
        centres = blobs(density, self.unet.threshold)
        sites, said = weighed_sites(centres, density, self.unet.threshold)
        in_image = [_in_image(p, scale) for p in (centres, sites, sites[said >= self.site_threshold])]
        names = ("U-Net", "U-Net + lattice", "U-Net + lattice + threshold")
        found = {"one stage": self.detector.find(image, pixel_size_a)}
        found |= dict(zip(names, in_image, strict=True))
        return {f"{name}{self._mark(name)}": points for name, points in found.items()}

    def _mark(self, name: str) -> str:
        """Mark a method whose network has not learnt to the end: no win over it counts."""
        return "" if any(name.startswith(learnt) for learnt in self.learnt) else " (under-trained)"


def options(epochs: int) -> LocaliserOptions:
    """Patches of 256 px at one pixel size, and a training that stops once the held-out loss is flat."""
    train = TrainOptions(
        epochs=epochs, batch_size=4, learning_rate=1e-3, last_rate=LAST_RATE, patience=4, min_gain=0.005,
        channels_last=False,
    )  # fmt: skip
    return LocaliserOptions(
        patch_px=256, patches_an_image=2, scales=(0.999, 1.001), off_scale_share=0.0, train=train
    )


def trained(images: int, epochs: int, work: Path) -> Baselines:
    """Train both networks on training seeds, or take them up where they stand.

    Args:
        images: That they learn from.
        epochs: At most.
        work: Folder they are kept in.
    """
    wanted = options(epochs)
    patches = _patches(images, wanted, work / f"patches_{images}.npz")
    curves = {}
    torch.manual_seed(0)
    unet, detector = PublishedNet(), DetectorNet()
    curves["U-Net"] = fit_published(unet, click_loss, patches, wanted, work / "unet.safetensors")
    kept = work / "detector.safetensors"
    curves["one stage"] = fit_published(detector, detector_loss, patches, wanted, kept)
    seen = [example for example in _clicked(TRAINING[-4 * JUDGED :]) if len(example.clicks)][:JUDGED]
    localiser = _best_unet(PublishedLocaliser(unet.eval(), PIXEL_SIZE_A, 0.01, {}), seen)
    one_stage = _best_detector(OneStageDetector(detector.eval(), PIXEL_SIZE_A, 0.5, wanted.radius_px), seen)
    learnt = {name for name, curve in curves.items() if _is_flat(curve, wanted)}
    return Baselines(one_stage, localiser, _best_site_threshold(localiser, seen), curves, learnt)


def _is_flat(curve: pd.DataFrame, wanted: LocaliserOptions) -> bool:
    return is_flat(curve["validation_loss"].tolist(), wanted.train.patience, wanted.train.min_gain)


def _patches(images: int, wanted: LocaliserOptions, kept: Path) -> Patches:
    """Cut patches at the one pixel size."""
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        cut = cut_patches(_at_one_pixel_size(TRAINING[:images], wanted), wanted, 0)
        np.savez_compressed(kept, pixels=cut.pixels, maps=cut.maps, sessions=cut.sessions)
    with np.load(kept) as stored:
        return Patches(stored["pixels"], stored["maps"], stored["sessions"])


def _at_one_pixel_size(seeds: range, wanted: LocaliserOptions) -> Iterator[ClickedImage]:
    """Give images whose radius is said to be what the pixel size alone makes of it."""
    for seed in seeds:
        seen = simulate_example(seed)
        if len(seen.clicks):
            example = clicked_image(
                seen.image, seen.clicks, seen.rejected, seen.click_size_px, f"sim{seed:05d}"
            )
            radius_px = wanted.radius_px * PIXEL_SIZE_A / seen.pixel_size_a
            yield ClickedImage(
                example.image,
                example.clicks,
                radius_px,
                example.session,
                example.doubtful,
                example.exhaustive,
            )


def _clicked(seeds: range) -> Iterator[MediumExample]:
    for seed in seeds:
        yield simulate_example(seed)


def _f1(found: list[NDArray[np.float64]], seen: list[MediumExample]) -> float:
    hits = sum(
        len(match_points(points, example.clicks, example.click_size_px / 4))
        for points, example in zip(found, seen, strict=True)
    )
    count = sum(map(len, found)) + sum(len(example.clicks) for example in seen)
    return 2 * hits / max(count, 1)


def _best_unet(localiser: PublishedLocaliser, seen: list[MediumExample]) -> PublishedLocaliser:
    """Choose the threshold of the map by F1 against the clicks of training images."""
    maps = [localiser.density(example.image, example.pixel_size_a) for example in seen]

    def score(threshold: float) -> float:
        found = [_in_image(blobs(density, threshold), scale) for density, scale in maps]
        return _f1(found, seen)

    return PublishedLocaliser(localiser.network, PIXEL_SIZE_A, float(max(SCANNED, key=score)), {})


def _best_site_threshold(localiser: PublishedLocaliser, seen: list[MediumExample]) -> float:
    """Choose the threshold at the sites of the lattice, the same way."""
    weighed = []
    for example in seen:
        density, scale = localiser.density(example.image, example.pixel_size_a)
        centres = blobs(density, localiser.threshold)
        sites, said = weighed_sites(centres, density, localiser.threshold)
        weighed.append((_in_image(sites, scale), said))

    def score(threshold: float) -> float:
        return _f1([sites[said >= threshold] for sites, said in weighed], seen)

    return float(max(SITE_SCANNED, key=score))


def _best_detector(detector: OneStageDetector, seen: list[MediumExample]) -> OneStageDetector:
    """Choose the detector's threshold, the same way."""
    answers = [detector.answers(example.image, example.pixel_size_a) for example in seen]

    def at(threshold: float) -> OneStageDetector:
        return OneStageDetector(detector.network, PIXEL_SIZE_A, threshold, detector.radius_px)

    def score(threshold: float) -> float:
        chosen = at(threshold).chosen
        pairs = zip(answers, seen, strict=True)
        return _f1([chosen(cells, e.image.shape, e.pixel_size_a) for cells, e in pairs], seen)

    return at(max((0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7), key=score))


def _in_image(points: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    return from_scaled(points * STRIDE + (STRIDE - 1) / 2, scale)


def told(baselines: Baselines) -> list[str]:
    """Say how long each network learnt, and whether to the end."""
    lines = []
    for name, curve in baselines.curves.items():
        flat = name in baselines.learnt
        state = "until flat" if flat else "UNDER-TRAINED: stopped by the number of epochs"
        best: Any = curve["validation_loss"].min()
        lines.append(f"{name}: {len(curve)} epochs, {state}, held-out loss {best:.3f}")
    return lines
