"""Images are read as they were written, whatever program wrote them, and broken ones are one line."""

import io
import struct

import mrcfile
import numpy as np
import pytest
import tifffile
from PIL import Image

from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.images import read_header, read_image
from ptolemy_kedro.archive.limits import Limits
from ptolemy_kedro.errors import ImageError

KINDS = [("mrc", kind) for kind in ("int8", "int16", "uint16", "float16", "float32")]
KINDS += [("tif", kind) for kind in ("int8", "uint8", "int16", "uint16", "int32", "float16", "float32")]
KINDS += [("png", "uint8"), ("png", "uint16")]
MODES = {"int8": 0, "int16": 1, "float32": 2, "uint16": 6, "float16": 12}
GREY = np.random.default_rng(1).integers(0, 100, (19, 27)).astype("uint8")
COLOURS = np.random.default_rng(2).integers(0, 255, (19, 27, 3)).astype("uint8")
LUMA = COLOURS.astype(float) @ (0.299, 0.587, 0.114)  # ITU-R BT.601


def mrc_bytes(pixels, order="<", extended=b"", **fields):
    """An MRC file laid out by hand after MRC2014; ``fields`` gives words of the header by offset, b0 b4 .."""
    rows, cols = pixels.shape
    head = bytearray(1024)
    struct.pack_into(f"{order}4i", head, 0, cols, rows, 1, MODES[pixels.dtype.name])
    struct.pack_into(f"{order}3i3f", head, 28, cols, rows, 1, cols * 12.5, rows * 12.5, 12.5)
    struct.pack_into(f"{order}i", head, 92, len(extended))
    head[208:216] = b"MAP " + (b"DD\0\0" if order == "<" else b"\x11\x11\0\0")
    for offset, value in fields.items():
        struct.pack_into(f"{order}i", head, int(offset[1:]), value)
    return bytes(head) + extended + pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()


def tiff_bytes(pixels, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **options)
    return stream.getvalue()


def pillow_bytes(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize(("suffix", "kind"), KINDS)
def test_an_image_survives_its_file(suffix, kind):
    image = read_image(encode(f"a.{suffix}", GREY.astype(kind), 250.0), "a")

    assert image.pixels.dtype == kind and not image.warnings
    np.testing.assert_array_equal(image.pixels, GREY)
    assert image.pixel_size_a == (None if suffix == "png" else pytest.approx(250.0, rel=1e-6))


def test_a_jpeg_keeps_an_image_nearly():
    smooth = np.add.outer(np.arange(64), np.arange(48)).astype("uint8")

    image = read_image(encode("a.jpg", smooth), "a")

    np.testing.assert_allclose(image.pixels, smooth.astype(float), atol=3)


@pytest.mark.parametrize("kind", MODES)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("extended", [b"", bytes(range(256)) * 5])
def test_every_mode_of_mrc_is_read_in_either_byte_order(kind, order, extended):
    pixels = GREY.astype(kind)

    image = read_image(mrc_bytes(pixels, order, extended), "a")

    assert image.pixels.dtype == pixels.dtype and image.pixels.dtype.isnative
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.pixel_size_a == 12.5 and not image.warnings


@pytest.mark.parametrize("kind", MODES)
@pytest.mark.parametrize("order", "<>")
def test_mrcfile_reads_the_same(tmp_path, kind, order):
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as file:
        file.set_data(GREY.astype(np.dtype(kind).newbyteorder(order)))

    with mrcfile.open(path) as file:
        np.testing.assert_array_equal(read_image(path).pixels, file.data)


@pytest.mark.parametrize(
    ("stamp", "flags", "kind"), [(1146047817, 0, "uint8"), (1146047817, 1, "int8"), (0, 0, "int8")]
)
def test_bytes_are_signed_unless_imod_says_otherwise(stamp, flags, kind):
    image = read_image(mrc_bytes(GREY.astype("int8"), b152=stamp, b156=flags), "a")

    assert image.pixels.dtype == kind


def test_a_big_endian_mrc_without_stamps_is_read():
    data = bytearray(mrc_bytes(GREY.astype("int16"), ">"))
    data[208:216] = bytes(8)

    image = read_image(bytes(data), "a")

    np.testing.assert_array_equal(image.pixels, GREY)
    assert any("MAP" in line for line in image.warnings)


def test_bytes_after_the_pixels_are_a_warning():
    image = read_image(mrc_bytes(GREY.astype("int16")) + b"more", "a")

    np.testing.assert_array_equal(image.pixels, GREY)
    assert "4 bytes after the pixels" in image.warnings[0]


def test_an_extended_header_that_a_program_announced_and_did_not_write_is_no_fault():
    data = mrc_bytes(GREY.astype("int16"), b92=2048)

    np.testing.assert_array_equal(read_image(data, "a").pixels, GREY)


@pytest.mark.parametrize(("size_a", "stated"), [(0.0, None), (1.0, None), (-3.0, None), (2.5, 2.5)])
def test_a_pixel_size_of_nought_or_one_is_not_stated(size_a, stated):
    width = struct.unpack("<i", struct.pack("<f", size_a * GREY.shape[1]))[0]

    assert read_image(mrc_bytes(GREY.astype("int16"), b40=width), "a").pixel_size_a == stated


@pytest.mark.parametrize("mode", [3, 4, 16, 101])
def test_pixels_that_are_no_image_are_one_line(mode):
    with pytest.raises(ImageError, match=f"MRC mode {mode}"):
        read_image(mrc_bytes(GREY.astype("int16"), b12=mode), "a")


@pytest.mark.parametrize("compression", ["lzw", "zlib", "zstd", "packbits", "lzma"])
@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}, {"rowsperstrip": 5}, {"bigtiff": True}])
def test_compressed_tiffs_are_read(compression, options):
    data = tiff_bytes(GREY.astype("uint16"), compression=compression, **options)

    np.testing.assert_array_equal(read_image(data, "a").pixels, GREY)


@pytest.mark.parametrize("kind", ["int16", "float32"])
@pytest.mark.parametrize("order", "<>")
def test_tiffs_of_either_byte_order_with_a_predictor_are_read(kind, order):
    data = tiff_bytes(GREY.astype(kind), byteorder=order, compression="zlib", predictor=True)

    image = read_image(data, "a")

    assert image.pixels.dtype == kind and image.pixels.dtype.isnative
    np.testing.assert_array_equal(image.pixels, GREY)


def test_a_tiff_in_which_white_is_zero_is_turned():
    image = read_image(tiff_bytes(GREY, photometric="miniswhite"), "a")

    np.testing.assert_array_equal(image.pixels, 255 - GREY)


def test_a_tiff_with_a_thumbnail_is_one_image():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as tiff:
        tiff.write(GREY)
        tiff.write(GREY[::4, ::4], subfiletype=1)

    np.testing.assert_array_equal(read_image(stream.getvalue(), "a").pixels, GREY)


FRAMES = [Image.fromarray(GREY + k) for k in range(5)]
STACKS = {
    "mrc": mrc_bytes(GREY.astype("int16"), b8=5),
    "tiff of pages": tiff_bytes(np.stack([GREY] * 5), photometric="minisblack"),
    "tiff of pages without a description": tiff_bytes(
        np.stack([GREY] * 5), metadata=None, photometric="minisblack"
    ),
    "tiff volume": tiff_bytes(
        np.zeros((5, 32, 32), "uint8"), volumetric=True, tile=(1, 16, 16), photometric="minisblack"
    ),
    "animated png": pillow_bytes(
        FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:]
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", STACKS)
def test_a_stack_of_many_is_one_line(kind):
    with pytest.raises(ImageError) as failure:
        read_image(STACKS[kind], "a")

    assert str(failure.value) == "a is a stack of 5 images. Give one image a file."


@pytest.mark.parametrize(
    "data",
    [
        pillow_bytes(Image.fromarray(COLOURS), "PNG"),
        pillow_bytes(Image.fromarray(np.dstack([COLOURS, GREY])), "PNG"),  # with opacity
        tiff_bytes(COLOURS, photometric="rgb"),
        tiff_bytes(np.moveaxis(COLOURS, -1, 0), photometric="rgb", planarconfig="separate"),
    ],
)
def test_a_colour_image_is_read_as_luminance_with_a_warning(data):
    image = read_image(data, "a")

    np.testing.assert_allclose(image.pixels, LUMA, rtol=1e-5)
    assert "a colour image" in image.warnings[0] and len(image.warnings) == 1


def test_a_photograph_is_read_as_luminance_with_a_warning():
    smooth = np.dstack([np.add.outer(np.arange(64), np.arange(96)) + k for k in (0, 30, 60)]).astype("uint8")

    image = read_image(pillow_bytes(Image.fromarray(smooth), "JPEG", quality=95), "photo.jpg")

    np.testing.assert_allclose(image.pixels, smooth.astype(float) @ (0.299, 0.587, 0.114), atol=4)
    assert image.warnings == (
        "photo.jpg: a colour image, which no microscope takes; its luminance was read.",
    )


@pytest.mark.parametrize(
    "data",
    [
        pillow_bytes(Image.fromarray(np.dstack([GREY] * 3)), "PNG"),
        pillow_bytes(Image.fromarray(np.dstack([GREY, GREY]), "LA"), "PNG"),
        pillow_bytes(Image.fromarray(GREY).convert("P"), "PNG"),
        tiff_bytes(np.dstack([GREY] * 3), photometric="rgb"),
    ],
)
def test_grey_written_as_colour_is_grey_without_a_warning(data):
    image = read_image(data, "a")

    np.testing.assert_array_equal(image.pixels, GREY)
    assert image.pixels.dtype == np.uint8 and not image.warnings


def test_a_palette_is_looked_up():
    palette = np.random.default_rng(3).integers(0, 65535, (3, 256)).astype("uint16")

    image = read_image(tiff_bytes(GREY, photometric="palette", colormap=palette), "a")

    np.testing.assert_allclose(
        image.pixels, np.moveaxis(palette[:, GREY], 0, -1) @ (0.299, 0.587, 0.114), rtol=1e-5
    )


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", bytes(5000), b"GIF89a" * 300, b"\x89PNG\r\n\x1a\n" + bytes(99), b"II*\0" + bytes(2000),
        pillow_bytes(Image.fromarray(GREY), "BMP"), tiff_bytes(GREY.astype("complex64")),
        tiff_bytes(np.dstack([COLOURS, GREY]), photometric="separated"),
    ],
)  # fmt: skip
def test_what_is_no_image_is_one_line(data):
    with pytest.raises(ImageError) as failure:
        read_image(data, "a")
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("suffix", ["mrc", "tif", "png", "jpg"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_truncated_image_is_one_line(suffix, share):
    noise = np.random.default_rng(4).integers(0, 255, (200, 200)).astype("uint8")
    whole = encode(f"a.{suffix}", noise.astype("int16") if suffix == "mrc" else noise)

    with pytest.raises(ImageError, match=r"truncated|no MRC, TIFF, PNG or JPEG") as failure:
        read_image(whole[: int(share * len(whole))], "a")
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("suffix", ["mrc", "tif"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_not_finite_are_refused_or_replaced_by_the_median(suffix, value):
    pixels = np.arange(12, dtype=np.float32).reshape(3, 4)
    pixels[0, 0] = value
    data = mrc_bytes(pixels) if suffix == "mrc" else encode("a.tif", pixels)

    with pytest.raises(ImageError, match=r"1 of 12 pixels that are not finite"):
        read_image(data, "a")
    image = read_image(data, "a", permissive=True)
    assert image.pixels[0, 0] == 6 and "replaced by the median" in image.warnings[0]  # the median of 1 .. 11


def test_an_image_without_any_finite_pixel_is_refused():
    with pytest.raises(ImageError, match=r"12 of 12 .*\. Copy the image again\.$"):
        read_image(mrc_bytes(np.full((3, 4), np.nan, np.float32)), "a", permissive=True)


def test_an_image_larger_than_the_limits_is_refused_by_its_header():
    limits = Limits(image_pixels=500)

    with pytest.raises(ImageError, match="claims 19 x 27 pixels; at most 500"):
        read_header(io.BytesIO(encode("a.png", GREY)), 10**6, "a", limits)


def test_an_image_that_unpacks_beyond_reason_is_refused_by_its_header():
    bomb = tiff_bytes(np.zeros((2000, 2000), "uint8"), compression="zlib")

    with pytest.raises(ImageError, match="which no image of a specimen does"):
        read_image(bomb, "a", limits=Limits(ratio_from_bytes=10**6))


@pytest.mark.parametrize("name", ["none.mrc", ".", "file/below.mrc", "n" * 300, "a\0b"])
def test_a_path_that_cannot_be_read_is_one_line(tmp_path, name):
    (tmp_path / "file").write_text("x")

    with pytest.raises(ImageError) as failure:
        read_image(tmp_path / name)
    assert "\n" not in str(failure.value)


def test_the_real_images_are_read(real_data):
    for pattern in ("lowmag/*.mrc", "square/*.mrc", "atlas/*.png", "medmag/*.jpg", "medmag/*.png"):
        paths = list(real_data.glob(pattern))
        assert paths
        for path in paths:
            assert read_image(path).pixels.ndim == 2
