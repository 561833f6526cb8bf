"""From a file to ranked squares or holes with the champions in use: what the commands do."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ptolemy_kedro import champions
from ptolemy_kedro.archive.images import LoadedImage, read_image
from ptolemy_kedro.champions import Champion
from ptolemy_kedro.errors import ImageError, PtolemyError
from ptolemy_kedro.home import Home, find_home

if TYPE_CHECKING:
    from ptolemy_kedro.targeting import RankedHoles, RankedSquares


def rank_file(path: Path, pixel_size_a: float | None = None) -> "RankedSquares":
    """Rank the squares of an image file; says on stderr when the registry has moved on.

    Args:
        path: MRC, TIFF, PNG or JPEG.
        pixel_size_a: Edge of a pixel [A]; the file's own if None.

    Raises:
        PtolemyError: The file is no usable image, or there is no usable champion.
    """
    from ptolemy_kedro.runtime import OnnxModel
    from ptolemy_kedro.squares.ranker import SquareRanker
    from ptolemy_kedro.targeting import rank_squares

    image = _read(path)
    champion = _in_use(find_home(), "square-ranker")
    ranker = SquareRanker(OnnxModel(champion.onnx), champion.config, champion.version)
    with _naming(path):
        return rank_squares(image.pixels, ranker, pixel_size_a or image.pixel_size_a)


def judge_file(path: Path, pixel_size_a: float | None = None) -> "RankedHoles":
    """Rank the holes of an image file; says on stderr when the registry has moved on.

    Args:
        path: MRC, TIFF, PNG or JPEG.
        pixel_size_a: Edge of a pixel [A]; the file's own if None.

    Raises:
        PtolemyError: The file is no usable image, or there is no usable champion.
    """
    from ptolemy_kedro.holes.classifier import HoleClassifier
    from ptolemy_kedro.holes.localiser import HoleLocaliser
    from ptolemy_kedro.runtime import OnnxModel
    from ptolemy_kedro.targeting import rank_holes

    image = _read(path)
    home = find_home()
    finds, judges = _in_use(home, "hole-localiser"), _in_use(home, "hole-classifier")
    localiser = HoleLocaliser(OnnxModel(finds.onnx), finds.config, finds.version)
    classifier = HoleClassifier(OnnxModel(judges.onnx), judges.config, judges.version)
    with _naming(path):
        return rank_holes(image.pixels, localiser, classifier, pixel_size_a or image.pixel_size_a)


def write_answer(text: str, path: Path | None) -> None:
    """Write to a file whole, or to stdout.

    Raises:
        PtolemyError: The file cannot be written.
    """
    if path is None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError as failure:
            raise PtolemyError(f"The answer cannot be written: {failure.strerror or failure}.") from None
        return
    from ptolemy_kedro.files import atomic_file

    try:
        with atomic_file(path) as aside:
            aside.write_text(text)
    except OSError as failure:
        raise PtolemyError(f"{path} cannot be written: {failure.strerror or failure}.") from None


def _in_use(home: Home, name: str) -> Champion:
    champion = champions.read(home, name)
    if notice := champions.stale(home, name, champion.version):
        print(notice, file=sys.stderr)
    return champion


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except PtolemyError as failure:
        failure.add_note(str(path))
        raise


def _read(path: Path) -> LoadedImage:
    """Read an image, permissively: an answer is wanted now; what was lived with is said on stderr."""
    if path.is_dir():
        raise ImageError(f"{path} is a folder. Give one image file.")
    if not path.is_file():
        raise ImageError(f"There is no file {path}.")
    try:
        image = read_image(path, str(path), permissive=True)
    except OSError as failure:
        raise ImageError(f"{path} cannot be read: {failure.strerror or failure}.") from None
    for warning in image.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return image
