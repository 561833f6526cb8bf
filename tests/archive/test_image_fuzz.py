"""Images that were damaged end in one line or are read, within bounds of time and memory."""

import resource
import time

import numpy as np
import pytest
from PIL import Image
from tests.archive.test_archive_faults import mutated
from tests.archive.test_archive_images import GREY, mrc_bytes, pillow_bytes, tiff_bytes

from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.images import read_image
from ptolemy_kedro.archive.limits import LIMITS
from ptolemy_kedro.errors import ImageError

WHOLE = {
    "mrc": encode("a.mrc", GREY.astype("int16"), 100.0),
    "mrc, big-endian": mrc_bytes(GREY.astype("float32"), ">", bytes(80)),
    "tiff": tiff_bytes(GREY.astype("int16")),
    "tiff, as written here": encode("a.tif", GREY.astype("float32"), 100.0),
    "tiff, lzw": tiff_bytes(GREY, compression="lzw"),
    "tiff, zstd in tiles": tiff_bytes(GREY, compression="zstd", tile=(16, 16)),
    "tiff, jpeg": tiff_bytes(GREY, compression="jpeg"),
    "bigtiff": tiff_bytes(GREY, bigtiff=True, byteorder=">"),
    "png": encode("a.png", GREY),
    "png, 16 bits": encode("a.png", GREY.astype("uint16")),
    "jpeg": encode("a.jpg", GREY),
    "jpeg, in colour": pillow_bytes(Image.fromarray(np.dstack([GREY, GREY, 255 - GREY])), "JPEG"),
}


@pytest.mark.slow
@pytest.mark.parametrize("permissive", [False, True])
@pytest.mark.parametrize("kind", WHOLE)
def test_a_damaged_image_is_one_line_or_is_read(kind, permissive):
    rng = np.random.default_rng(5)
    slowest_s, before_kib = 0.0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcomes = []
    for _ in range(300):
        data = damaged(WHOLE[kind], rng)
        start = time.perf_counter()
        outcomes.append(outcome(data, permissive))
        slowest_s = max(slowest_s, time.perf_counter() - start)

    assert "refused" in outcomes
    assert slowest_s < 10
    grown_bytes = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib)
    assert grown_bytes < 4 * LIMITS.ratio_from_bytes


def outcome(data, permissive):
    """Read damaged bytes; anything raised but an ImageError fails the test."""
    try:
        pixels = read_image(data, "a", permissive).pixels
    except ImageError as failure:
        assert "\n" not in str(failure)
        return "refused"
    assert pixels.ndim == 2 and pixels.size and np.isfinite(pixels).all()
    return "read"


def damaged(data, rng):
    """Damage anywhere, and in half of all cases in the header too, which is where it does most."""
    for _ in range(rng.integers(1, 4)):
        data = mutated(data, rng) or b"\0"
    if rng.random() < 0.5:
        at = int(rng.integers(min(len(data), 300)))
        data = data[:at] + rng.bytes(2) + data[at + 2 :]
    return data
