"""What the commands for people share: the terminal, and pictures written to a file."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ptolemy_kedro.errors import PtolemyError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console

PICTURES = (".png", ".pdf", ".svg")


def console(stderr: bool = True) -> "Console":
    """Open the terminal; what is no terminal is 140 characters wide."""
    from rich.console import Console

    opened = Console(stderr=stderr)
    return opened if opened.is_terminal else Console(stderr=stderr, width=140)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line that a place cannot be written.

    Raises:
        PtolemyError: It cannot.
    """
    try:
        yield
    except OSError as failure:
        raise PtolemyError(f"{path} cannot be written: {failure.strerror or failure}.") from None


def need_picture_name(path: Path) -> None:
    """Refuse a name that says no kind of picture, before the work is done.

    Raises:
        PtolemyError: It ends in none of ``PICTURES``.
    """
    if path.suffix.lower() not in PICTURES:
        raise PtolemyError(f"--figure is {path}. Give it a name that ends in .png, .pdf or .svg.")


def need_pixel_size(pixel_size_a: float | None) -> None:
    """Refuse a pixel size that cannot be.

    Raises:
        PtolemyError: It is not positive.
    """
    if pixel_size_a is not None and not 0 < pixel_size_a < float("inf"):
        raise PtolemyError(f"--pixel-size is {pixel_size_a}. A pixel size is positive, in angstrom.")


def need_stage(stage_um: tuple[float, float] | None) -> None:
    """Refuse a place on the stage that cannot be.

    Raises:
        PtolemyError: One of its numbers is not finite.
    """
    if stage_um is not None and not all(map(math.isfinite, stage_um)):
        x, y = stage_um
        raise PtolemyError(f"--stage is {x} {y}. A place on the stage is two finite numbers, in um.")


def save_picture(figure: "Figure", to: Path) -> None:
    """Write a figure as its name says, whole or not at all.

    Raises:
        PtolemyError: The place cannot be written.
    """
    from ptolemy_kedro.files import atomic_file

    with writing(to), atomic_file(to) as aside:
        figure.savefig(aside, format=to.suffix[1:].lower(), dpi=110)
