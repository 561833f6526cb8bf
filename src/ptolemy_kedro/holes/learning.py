"""What the localiser learns from: an operator's clicks in a session's images, and patches about them."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro import archive as archives
from ptolemy_kedro.choices import rejected_sites, selected_sites
from ptolemy_kedro.files import digest
from ptolemy_kedro.holes.clicks import ClickedImage, clicked_image
from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.holes.locating import images_of_holes
from ptolemy_kedro.holes.patches import Patches, cut_patches
from ptolemy_kedro.partitions import SessionTable

if TYPE_CHECKING:
    import pandas as pd


def patches_of_session(
    archive: Path,
    images: "pd.DataFrame",
    grids: "pd.DataFrame",
    targets: "pd.DataFrame",
    options: LocaliserOptions,
) -> "pd.DataFrame":
    """Cut the patches that a session teaches by (``tables.LocaliserPatches``), one image in memory at a time.

    Args:
        archive: The session's archive.
        images: ``tables.Images`` rows of the session.
        grids: ``tables.Grids`` rows of the session.
        targets: ``tables.Targets`` rows of the session.
        options: Of the localiser.
    """
    import pandas as pd

    from ptolemy_kedro import tables

    rows = [
        row
        for image_id, example in _clicked_images(archive, images, grids, targets)
        for row in _rows(image_id, _cut(image_id, example, options), options.patch_px)
    ]
    return pd.DataFrame(rows) if rows else tables.empty(tables.LocaliserPatches)


def gather(patches: SessionTable) -> Patches:
    """Read the patches of several sessions into memory, a session at a time.

    Args:
        patches: Rows of ``tables.LocaliserPatches``.
    """
    parts = [_patches(table) for _, table in patches if len(table)]
    if not parts:
        return cut_patches([], LocaliserOptions(), 0)
    return Patches(
        np.concatenate([part.pixels for part in parts]),
        np.concatenate([part.maps for part in parts]),
        np.concatenate([part.sessions for part in parts]),
    )


def _clicked_images(
    archive: Path, images: "pd.DataFrame", grids: "pd.DataFrame", targets: "pd.DataFrame"
) -> Iterator[tuple[str, ClickedImage]]:
    selected = dict(iter(selected_sites(targets, "hole").groupby("image_id")))
    rejected = dict(iter(rejected_sites(targets, "hole").groupby("image_id")))
    shown = images_of_holes(images).merge(grids[["grid_id", "hole_diameter_um"]], on="grid_id", how="left")
    store = archives.open_pixels(archive, permissive=True)
    with closing(store.container):
        for image in shown.to_dict("records"):
            name = image["image_id"]
            size_px = _size_px(selected[name], image) if name in selected else None
            if size_px is not None:
                clicks, aside = _points(selected[name]), _points(rejected.get(name, targets[:0]))
                pixels = store.read(image["file"])
                yield name, clicked_image(pixels, clicks, aside, size_px, image["session_id"])


def _cut(image_id: str, example: ClickedImage, options: LocaliserOptions) -> Patches:
    """Cut an image's patches, seeded by its name: no two images share their scales and turns."""
    seed = int(digest(str(options.train.seed), example.session, image_id)[:16], 16)
    return cut_patches([example], options, seed)


def _size_px(clicks: "pd.DataFrame", image: Mapping[Any, Any]) -> float | None:
    """Read the diameter of the holes off the targets, else off what is known of the foil [px]; or None."""
    recorded = clicks["size_px"].dropna()
    if len(recorded):
        return float(recorded.median())
    diameter_px = image["hole_diameter_um"] / image["pixel_size_a"] * 1e4
    return float(diameter_px) if np.isfinite(diameter_px) else None


def _rows(image_id: str, patches: Patches, size_px: int) -> Iterator[dict[str, Any]]:
    for number, (pixels, maps) in enumerate(zip(patches.pixels, patches.maps, strict=True)):
        row = {"session_id": str(patches.sessions[number]), "image_id": image_id, "patch": number}
        yield row | {"size_px": size_px, "pixels": pixels.tobytes(), "maps": maps.tobytes()}


def _patches(table: "pd.DataFrame") -> Patches:
    size = int(table["size_px"].iloc[0])
    return Patches(
        np.frombuffer(b"".join(table["pixels"]), np.uint8).reshape(-1, 1, size, size),
        np.frombuffer(b"".join(table["maps"]), np.uint8).reshape(-1, 3, size // 2, size // 2),
        table["session_id"].to_numpy(str),
    )


def _points(targets: "pd.DataFrame") -> NDArray[np.float64]:
    return targets[["row_px", "col_px"]].to_numpy(float)
