"""A new session, read from an archive or from a plain folder of images."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from ptolemy_kedro import archive as archives
from ptolemy_kedro.errors import ArchiveError

if TYPE_CHECKING:
    import pandas as pd

    from ptolemy_kedro.survey.options import SurveyOptions

FINDS_SQUARES = ("atlas", "tile")
FINDS_HOLES = ("square", "medium")

Read = Callable[[str], NDArray]
"""Gives the pixels, shape (rows, cols), of a ``file`` of the images table."""


@dataclass(frozen=True)
class Newcomer:
    """A session that is to be surveyed.

    Attributes:
        session_id: The session.
        origin: real or simulated.
        grids: ``tables.Grids`` rows; spacing and diameter of holes where they are known.
        images: ``tables.Images`` rows of all images with pixels.
        opened: Opens the session's files, for as long as the block lasts.
        address: Gives where a ``file`` lies, for other programs.
        bottom_first: Of a ``file``: is the first row stored the lowest one displayed?
        warnings: What was lived with, one line each.
    """

    session_id: str
    origin: str
    grids: "pd.DataFrame"
    images: "pd.DataFrame"
    opened: Callable[[], AbstractContextManager[Read]]
    address: Callable[[str], str]
    bottom_first: Callable[[str], bool]
    warnings: tuple[str, ...] = ()

    def images_of(self, kinds: tuple[str, ...]) -> "pd.DataFrame":
        """Take the images of some kinds, without those that show another one's field unbinned."""
        twins = set(self.images["pixels_of"].dropna())
        images = self.images
        return images[images["kind"].isin(kinds) & ~images["image_id"].isin(twins)]


def meet(path: Path, options: "SurveyOptions") -> Newcomer:
    """Read what there is of a session archive, or of a plain folder of images; pixels are read later.

    Args:
        path: Folder, ``.zip``, ``.tar`` or ``.tar.zst``; a folder with a ``session.json`` is an archive.
        options: How it is read.

    Raises:
        PtolemyError: It is neither, or breaks its format, or holds no image to work on.
    """
    if not path.exists():
        raise ArchiveError(f"There is nothing at {path}. Name a session archive or a folder of images.")
    if path.is_dir() and not is_archive(path):
        from ptolemy_kedro.survey.plain_folder import read_folder

        return _useful(read_folder(path, options), path)
    return _useful(_of_archive(path, options.permissive), path)


def session_id_of(path: Path) -> str:
    """Say what session an archive or a plain folder holds, without reading its images.

    Raises:
        ArchiveError: It is an archive and breaks its format.
    """
    return folder_id(path) if path.is_dir() and not is_archive(path) else archives.stated_id(path)


def folder_id(folder: Path) -> str:
    """Name the session of a plain folder."""
    return folder.resolve().name.strip() or "session"


def is_archive(path: Path) -> bool:
    """Tell an archive in a folder, possibly with one folder around its files, from a plain folder."""
    return any(path.glob("session.json")) or any(path.glob("*/session.json"))


def _of_archive(path: Path, permissive: bool) -> Newcomer:
    with archives.open_session(path, permissive=permissive) as session:
        read, warnings = session.tables, tuple(session.warnings)
    images = read["images"]
    without = int((images["file"].isna() & images["kind"].isin(FINDS_SQUARES + FINDS_HOLES)).sum())
    if without:
        warnings += (f"{without} images of squares or holes have no pixels in the archive.",)
    folder = path.resolve() if path.is_dir() else None
    return Newcomer(
        session.session_id,
        str(read["sessions"]["origin"].iloc[0]),
        read["grids"],
        images[images["file"].notna()].reset_index(drop=True),
        partial(_opened, path),
        lambda file: str(folder / "images" / file) if folder else file,
        lambda file: file.lower().endswith((".mrc", ".mrcs", ".map")),
        warnings,
    )


@contextmanager
def _opened(path: Path) -> Iterator[Read]:
    # What a strict reading refuses was refused when the tables were read.
    store = archives.open_pixels(path, permissive=True)
    with closing(store.container):
        yield store.read


def _useful(newcomer: Newcomer, path: Path) -> Newcomer:
    """Refuse a session that shows neither squares nor holes; say which images of it are of no use."""
    kinds = newcomer.images["kind"].value_counts()
    if not len(newcomer.images_of(FINDS_SQUARES + FINDS_HOLES)):
        raise ArchiveError(
            f"{path} holds no image of a tile, a square or its holes (kinds with pixels: "
            f"{', '.join(sorted(map(str, kinds.index))) or 'none at all'}). Give a session with some."
        )
    idle = [f"{n} of kind {kind}" for kind, n in kinds.items() if kind not in FINDS_SQUARES + FINDS_HOLES]
    said = (f"Images in which nothing is looked for: {', '.join(idle)}.",) if idle else ()
    return replace(newcomer, warnings=newcomer.warnings + said)
