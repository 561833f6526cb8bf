"""Which files of a source belong to one of EPU's sessions, told by their names and folders."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ptolemy_kedro.archive.epu.atlas import read_atlas
from ptolemy_kedro.archive.importing.source import SourceFolder
from ptolemy_kedro.errors import VendorFileError

SESSION_FILE = "EpuSession.dm"
ATLAS_FILE = "Atlas.dm"

DISC = re.compile(r"images-disc\d+\Z", re.IGNORECASE)
_SQUARE = re.compile(r"GridSquare_(\d{1,18})\Z", re.IGNORECASE)
_TIME = r"(?P<time>\d{8}_\d{4,6})(?:-\d+)?\Z"
_NAMES = {
    "square": re.compile(r"GridSquare_" + _TIME, re.IGNORECASE),
    "hole": re.compile(r"FoilHole_(?P<hole>\d{1,18})_" + _TIME, re.IGNORECASE),
    "exposure": re.compile(
        r"FoilHole_(?P<hole>\d{1,18})_Data_(?P<area>\d{1,18})_\d{1,18}_" + _TIME, re.IGNORECASE
    ),
}
_PIXELS = (".mrc", ".tiff", ".tif", ".png", ".jpg", ".jpeg")
_MOVIE = re.compile(r"fractions|\.eer\Z|\.gain\Z", re.IGNORECASE)


@dataclass(frozen=True)
class ImageFiles:
    """The files of one image.

    Attributes:
        name: Without suffix; EPU's name for the image.
        kind: As in ``tables.IMAGE_KINDS``.
        square_id: The square it was taken in.
        hole_id: The hole, of hole images and exposures.
        area_id: The template's area, of exposures.
        time: As the name has it; sorts.
        record: The ``.xml``; None where there is none.
        pixels: Files that may hold its pixels, the one with most first.
    """

    name: str
    kind: str
    square_id: str
    hole_id: str | None
    area_id: str | None
    time: str
    record: Path | None
    pixels: tuple[Path, ...]


@dataclass(frozen=True)
class SessionFiles:
    """The files of one session.

    Attributes:
        main: Its ``EpuSession.dm``.
        squares: ``GridSquare_*.dm`` by the square's number.
        images: Images by their kind, square and time.
        movies: Count of movies and gain references, which are not imported.
        all: Every file that counts for the session.
    """

    main: Path
    squares: dict[str, Path]
    images: tuple[ImageFiles, ...]
    movies: int
    all: tuple[Path, ...]


class Inventory:
    """The files of a source by the session folder they lie in."""

    def __init__(self, source: SourceFolder) -> None:
        self.source = source
        self.sessions: list[Path] = []
        self.atlases: list[Path] = []
        self._by_folder: dict[Path, list[Path]] = defaultdict(list)
        self._nodes: dict[Path, frozenset[str]] = {}
        for path in source.files():
            self._file(path)

    def _file(self, path: Path) -> None:
        if path.name.lower() == SESSION_FILE.lower():
            self.sessions.append(path)
        elif path.name.lower() == ATLAS_FILE.lower():
            self.atlases.append(path)
        for folder in path.relative_to(self.source.root).parents:
            if DISC.match(folder.name) or folder.name.lower() == "metadata":
                self._by_folder[(self.source.root / folder).parent].append(path)

    def nodes_of(self, atlas_file: Path) -> frozenset[str]:
        """List the numbers of the squares of an ``Atlas.dm``, read once; none of a damaged one."""
        if atlas_file not in self._nodes:
            try:
                nodes = read_atlas(atlas_file, atlas_file.name).nodes
            except VendorFileError:
                nodes = ()
            self._nodes[atlas_file] = frozenset(node.node_id for node in nodes)
        return self._nodes[atlas_file]

    def of_session(self, main: Path, name: str) -> SessionFiles:
        """List a session's files: those below its folder, and those in folders of its name on other discs."""
        folders = [
            folder
            for folder in self._by_folder
            if folder == main.parent or (folder.name == name and not (folder / SESSION_FILE).exists())
        ]
        files = sorted({path for folder in folders for path in self._by_folder[folder]})
        squares = {
            match[1]: path for path in files if path.suffix == ".dm" and (match := _SQUARE.match(path.stem))
        }
        images = tuple(images_among(files))
        movies = sum(bool(_MOVIE.search(path.name)) for path in files if path.suffix != ".xml")
        named = [path for image in images for path in (image.record, *image.pixels) if path]
        return SessionFiles(main, squares, images, movies, (main, *squares.values(), *named))


def images_among(files: Iterable[Path]) -> list[ImageFiles]:
    """Tell the images of squares, holes and exposures among files, by kind, square and time."""
    grouped: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in files:
        square = next(
            (match[1] for part in reversed(path.parts[:-1]) if (match := _SQUARE.match(part))), None
        )
        if square and path.suffix.lower() in (".xml", *_PIXELS):
            grouped[square, path.stem].append(path)
    found = [_image(square, name, paths) for (square, name), paths in grouped.items()]
    order = list(_NAMES)
    return sorted(
        (one for one in found if one), key=lambda one: (order.index(one.kind), one.square_id, one.time)
    )


def _image(square_id: str, name: str, paths: list[Path]) -> ImageFiles | None:
    for kind, pattern in _NAMES.items():
        if match := pattern.match(name):
            parts = match.groupdict()
            record = next((path for path in paths if path.suffix.lower() == ".xml"), None)
            pixels = pixel_files(paths)
            return ImageFiles(
                name, kind, square_id, parts.get("hole"), parts.get("area"), parts["time"], record, pixels
            )
    return None


def pixel_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """List the image files among some, those that hold most first."""
    held = [path for path in paths if path.suffix.lower() in _PIXELS]
    return tuple(sorted(held, key=lambda path: (_PIXELS.index(path.suffix.lower()), str(path))))
