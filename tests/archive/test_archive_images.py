"""Images are read as they were written, and broken ones are one line."""

import mrcfile
import numpy as np
import pytest

from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.images import read_image
from ptolemy_kedro.errors import ImageError

KINDS = [("mrc", kind) for kind in ("int8", "int16", "uint16", "float16", "float32")]
KINDS += [("tif", "int16"), ("tif", "float32"), ("png", "uint8"), ("png", "uint16")]


@pytest.mark.parametrize(("suffix", "kind"), KINDS)
def test_an_image_survives_its_file(suffix, kind):
    pixels = np.random.default_rng(1).integers(0, 100, (7, 11)).astype(kind)

    image = read_image(encode(f"a.{suffix}", pixels, 250.0), "a")

    assert image.pixels.dtype == kind
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.pixel_size_a == (None if suffix == "png" else pytest.approx(250.0, rel=1e-6))


def test_a_big_endian_mrc_without_stamps_is_read(tmp_path):
    path = tmp_path / "a.mrc"
    pixels = np.arange(77, dtype=">i2").reshape(7, 11)
    with mrcfile.new(path) as file:
        file.set_data(pixels)
    data = bytearray(path.read_bytes())
    data[208:216] = bytes(8)

    image = read_image(bytes(data), "a")

    np.testing.assert_array_equal(image.pixels, pixels)
    assert any("MAP" in line for line in image.warnings)


@pytest.mark.parametrize("data", [b"", b"x", bytes(5000), b"GIF89a" * 300, b"\x89PNG\r\n\x1a\n" + bytes(99)])
def test_what_is_no_image_is_one_line(data):
    with pytest.raises(ImageError) as failure:
        read_image(data, "a")
    assert "\n" not in str(failure.value)


def test_pixels_that_are_not_finite_are_refused_or_replaced():
    pixels = np.arange(12, dtype=np.float32).reshape(3, 4)
    pixels[0, 0] = np.nan
    data = encode("a.mrc", pixels)

    with pytest.raises(ImageError, match="not finite"):
        read_image(data, "a")
    assert np.isfinite(read_image(data, "a", permissive=True).pixels).all()


def test_the_real_images_are_read(real_data):
    for pattern in ("lowmag/*.mrc", "square/*.mrc", "atlas/*.png", "medmag/*.jpg"):
        for path in real_data.glob(pattern):
            assert read_image(path).pixels.ndim == 2
