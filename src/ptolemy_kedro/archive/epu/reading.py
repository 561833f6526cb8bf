"""Read one of EPU's sessions: its files, squares, atlas and images, before they become tables."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ptolemy_kedro.archive.epu.atlas import Atlas, AtlasTile, read_atlas
from ptolemy_kedro.archive.epu.atlas_pictures import atlas_picture, tile_pictures
from ptolemy_kedro.archive.epu.epu_session import EpuSession
from ptolemy_kedro.archive.epu.faults import Faults
from ptolemy_kedro.archive.epu.geometry import Shape, fit_map
from ptolemy_kedro.archive.epu.grid_square import GridSquare, read_grid_square
from ptolemy_kedro.archive.epu.inventory import ImageFiles, SessionFiles
from ptolemy_kedro.archive.epu.pictures import NameOf, Picture, PictureReader
from ptolemy_kedro.errors import VendorFileError

WORST_FIT_UM = 0.5
"""Holes whose stage positions lie farther than this from any straight map do not place their image."""


@dataclass(frozen=True)
class Reading:
    """What a session's files hold.

    Attributes:
        session: The session.
        squares: Squares by number, of those whose file is there.
        atlas: The atlas, where it is there.
        whole: Its stitched image.
        tiles: Its tiles by number.
        pictures: All images of squares, holes and exposures.
        square_pictures: By square's number, the image that its holes lie on.
        absent: Images whose pixels are in no file.
    """

    session: EpuSession
    squares: dict[str, GridSquare]
    atlas: Atlas | None
    whole: Picture | None
    tiles: dict[str, Picture]
    pictures: list[Picture]
    square_pictures: dict[str, Picture]
    absent: list[str]

    @property
    def all_pictures(self) -> list[Picture]:
        """Every image, parents first."""
        return [*([self.whole] if self.whole else []), *self.tiles.values(), *self.pictures]


def read_session(
    session: EpuSession, files: SessionFiles, atlas_file: Path | None, faults: Faults, name_of: NameOf
) -> Reading:
    """Read a session.

    Args:
        session: Its ``EpuSession.dm``.
        files: Its files.
        atlas_file: The ``Atlas.dm`` of its grid; None where it is not in the source.
        faults: Takes what is wrong.
        name_of: How messages call a file.

    Raises:
        VendorFileError: A file is damaged, unless ``faults`` is permissive.
    """
    reader = PictureReader(faults, name_of)
    squares = _squares(files, faults, name_of)
    atlas = _atlas(atlas_file, faults, name_of)
    folder = _by_stem(atlas_file)
    whole = atlas_picture(atlas, folder, reader) if atlas else None
    tiles = _tiles(atlas, folder, reader, whole)
    pictures = _pictures(files, reader)
    on = _square_pictures(squares, pictures, faults)
    placed = {picture.image_id: picture for picture in (*pictures, *on.values())}
    pictures = [_with_parent(picture, on, whole) for picture in placed.values()]
    tiles_by_id = {tile.tile_id: picture for tile, picture in tiles}
    return Reading(session, squares, atlas, whole, tiles_by_id, pictures, on, reader.absent)


def _squares(files: SessionFiles, faults: Faults, name_of: NameOf) -> dict[str, GridSquare]:
    squares = {}
    for square_id, path in files.squares.items():
        try:
            squares[square_id] = read_grid_square(path, name_of(path))
        except VendorFileError as failure:
            faults.tolerate(name_of(path), failure)
    return squares


def _atlas(path: Path | None, faults: Faults, name_of: NameOf) -> Atlas | None:
    try:
        return read_atlas(path, name_of(path)) if path else None
    except VendorFileError as failure:
        faults.tolerate(name_of(path) if path else "", failure)
        return None


def _by_stem(atlas_file: Path | None) -> dict[str, list[Path]]:
    """List the files beside an ``Atlas.dm``, without links, by their names without suffix."""
    beside: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(atlas_file.parent.iterdir()) if atlas_file else ():
        if path.is_file() and not path.is_symlink():
            beside[path.stem].append(path)
    return dict(beside)


def _tiles(
    atlas: Atlas | None, folder: dict[str, list[Path]], reader: PictureReader, whole: Picture | None
) -> list[tuple[AtlasTile, Picture]]:
    if atlas is None:
        return []
    found = tile_pictures(atlas, folder, reader, whole.image_id if whole else None)
    return list({picture.image_id: (tile, picture) for tile, picture in found}.values())


def _pictures(files: SessionFiles, reader: PictureReader) -> list[Picture]:
    counts = Counter(image.name for image in files.images)
    pictures = []
    for image in files.images:
        image_id = f"{image.name}_{image.square_id}" if counts[image.name] > 1 else image.name
        picture = reader.read(image, image_id)
        if picture is not None:
            pictures.append(picture)
    return pictures


def _square_pictures(
    squares: dict[str, GridSquare], pictures: list[Picture], faults: Faults
) -> dict[str, Picture]:
    """Choose each square's image, the one its file names or else the latest, and place it by its holes."""
    on: dict[str, Picture] = {}
    for picture in pictures:
        if picture.kind == "square" and picture.files:
            square = squares.get(picture.files.square_id)
            named = square is not None and square.image_name == picture.files.name
            if named or not _is_named(on.get(picture.files.square_id), square):
                on[picture.files.square_id] = picture
    for square_id, square in squares.items():
        if square.image_name and square.holes and not _is_named(on.get(square_id), square):
            on[square_id] = _unseen(square, faults)
        if square_id in on and square.holes:
            on[square_id] = place_by_holes(on[square_id], square, faults)
    return on


def _is_named(picture: Picture | None, square: GridSquare | None) -> bool:
    return bool(picture and square and picture.files and picture.files.name == square.image_name)


def _unseen(square: GridSquare, faults: Faults) -> Picture:
    """Stand in for a square's image that left neither pixels nor record: as large as its holes need."""
    corners = [hole.centre_xy for hole in square.holes] + [tuple(corner) for corner in square.outline_xy]
    width, height = np.maximum(np.ceil(np.max(np.array(corners), axis=0)), 0).astype(int) + 1
    shape: Shape = (int(height), int(width))
    name = str(square.image_name)
    files = ImageFiles(name, "square", square.square_id, None, None, "", None, ())
    faults.leave_out(
        name, "neither its pixels nor its .xml are in the source; its shape is what its holes need"
    )
    return Picture(f"{name}_{square.square_id}", "square", None, shape, shape, files=files)


def place_by_holes(picture: Picture, square: GridSquare, faults: Faults) -> Picture:
    """Place a square's image by the stage positions of its holes, which EPU's own targeting goes by."""
    points = picture.points(np.array([hole.centre_xy for hole in square.holes]))
    stage = np.array([hole.stage_um for hole in square.holes], dtype=float).reshape(-1, 2)
    fitted = fit_map(points, stage)
    if fitted is None:
        return picture
    placed, rms = fitted
    if rms > WORST_FIT_UM:
        faults.warn(
            f"square {square.square_id}: its holes' stage positions lie {rms:.3g} um from a straight map of "
            "its image. It was placed by its own .xml."
        )
        return picture
    size_a = picture.pixel_size_a or float(np.sqrt(abs(np.linalg.det(placed.matrix))) * 1e4)
    return replace(picture, placed=placed, pixel_size_a=size_a)


def _with_parent(picture: Picture, on: dict[str, Picture], whole: Picture | None) -> Picture:
    if picture.kind == "square":
        return replace(picture, parent_id=whole.image_id if whole else None)
    square = on.get(picture.files.square_id) if picture.files else None
    return replace(picture, parent_id=square.image_id if square else None)
