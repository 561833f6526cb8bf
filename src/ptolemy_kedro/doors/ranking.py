"""From a file to ranked squares with the champion in use: what both commands do."""

import sys
from pathlib import Path

from ptolemy_kedro import champions
from ptolemy_kedro.archive.images import read_image
from ptolemy_kedro.errors import ImageError, PtolemyError
from ptolemy_kedro.home import find_home
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.targeting import RankedSquares, rank_squares

MODEL = "square-ranker"


def rank_file(path: Path, pixel_size_a: float | None = None) -> RankedSquares:
    """Rank the squares of an image file; says on stderr when the registry has moved on.

    Args:
        path: MRC, TIFF, PNG or JPEG.
        pixel_size_a: Edge of a pixel [A]; the file's own if None.

    Raises:
        PtolemyError: The file is no usable image, or there is no usable champion.
    """
    image = _read(path)
    home = find_home()
    champion = champions.read(home, MODEL)
    if notice := champions.stale(home, MODEL, champion.version):
        print(notice, file=sys.stderr)
    ranker = SquareRanker(OnnxModel(champion.onnx), champion.config, champion.version)
    try:
        return rank_squares(image.pixels, ranker, pixel_size_a or image.pixel_size_a)
    except PtolemyError as failure:
        failure.add_note(str(path))
        raise


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


def _read(path: Path):
    if path.is_dir():
        raise ImageError(f"{path} is a folder. Give one image file.")
    if not path.is_file():
        raise ImageError(f"There is no file {path}.")
    try:
        return read_image(path, str(path))
    except OSError as failure:
        raise ImageError(f"{path} cannot be read: {failure.strerror or failure}.") from None
