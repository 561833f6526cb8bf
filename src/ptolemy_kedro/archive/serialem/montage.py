"""Put the pieces of a montage together by their coordinates."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ptolemy_kedro.archive.images import Pixels
from ptolemy_kedro.archive.serialem.mdoc import Mdoc
from ptolemy_kedro.archive.serialem.stack import Stack
from ptolemy_kedro.errors import VendorFileError

MAX_EDGE_PX = 8192
"""A montage that is larger is reduced by a whole factor, so that it stays an image one can work with."""

_FAR_PX = 2**20


@dataclass(frozen=True)
class Piece:
    """An image of a stack, and where its lower left corner lies in the montage.

    Attributes:
        section: Of the stack.
        x: To the right [px of the stack].
        y: Upwards [px of the stack].
    """

    section: int
    x: int
    y: int


@dataclass(frozen=True)
class Montage:
    """Pieces of one stack that make one image, whose first row is the lowest displayed.

    Attributes:
        stack: Holds the pieces.
        pieces: At least one.
        full_shape: (rows, cols) [px] at the stack's pixels.
        reduction: Pixels of the stack to one of the montage, along an edge.
    """

    stack: Stack
    pieces: tuple[Piece, ...]
    full_shape: tuple[int, int]
    reduction: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols) [px] as assembled."""
        return self.full_shape[0] // self.reduction, self.full_shape[1] // self.reduction

    def assemble(self) -> Pixels:
        """Put the pieces together; where none lies, the mean of the others. One piece is held at a time.

        Returns:
            Shape ``shape``, of the stack's type; uint8 becomes int16, which MRC files hold.

        Raises:
            ImageError: A piece is broken.
        """
        whole = np.zeros(self.shape, np.float32)
        covered = np.zeros(self.shape, bool)
        kind: np.dtype[Any] = np.dtype(np.float32)
        for piece in self.pieces:
            pixels = self.stack.read(piece.section)
            kind = pixels.dtype
            pixels = pixels if self.stack.bottom_first else pixels[::-1]
            self._put(whole, covered, _reduced(pixels, self.reduction), piece)
        whole[~covered] = whole[covered].mean() if covered.any() else 0
        kind = np.dtype(np.int16) if kind == np.uint8 else kind
        return (np.rint(whole) if kind.kind in "iu" else whole).astype(kind)

    def _put(self, whole: Pixels, covered: Pixels, pixels: Pixels, piece: Piece) -> None:
        row, col = round(piece.y / self.reduction), round(piece.x / self.reduction)
        rows = min(pixels.shape[0], whole.shape[0] - row)
        cols = min(pixels.shape[1], whole.shape[1] - col)
        whole[row : row + rows, col : col + cols] = pixels[:rows, :cols]
        covered[row : row + rows, col : col + cols] = True


def find_montage(stack: Stack, mdoc: Mdoc | None, section: int) -> Montage:
    """Find the pieces of one montage of a file.

    Args:
        stack: The file.
        mdoc: Its metadata; else the file's own header is asked.
        section: Which of the file's montages, the z of the pieces' coordinates.

    Raises:
        VendorFileError: There are no coordinates of pieces, or none of this montage, or absurd ones.
    """
    coordinates = _of_mdoc(mdoc) if mdoc and mdoc.is_montage else _of_header(stack)
    if coordinates is None:
        raise VendorFileError(
            f"{stack.name} is a montage without coordinates of its pieces. Put its .mdoc file beside it."
        )
    pieces = [Piece(number, x, y) for number, x, y, z in coordinates if z == section]
    if not pieces:
        raise VendorFileError(f"{stack.name} has no pieces of the montage {section}.")
    left, low = min(piece.x for piece in pieces), min(piece.y for piece in pieces)
    moved = tuple(Piece(piece.section, piece.x - left, piece.y - low) for piece in pieces)
    rows = max(piece.y for piece in moved) + stack.shape[0]
    cols = max(piece.x for piece in moved) + stack.shape[1]
    if max(rows, cols) > _FAR_PX:
        raise VendorFileError(f"{stack.name}: the pieces of montage {section} span {rows} x {cols} pixels.")
    if any(piece.section >= stack.sections for piece in moved):
        raise VendorFileError(f"{stack.name} holds {stack.sections} images, fewer than its metadata says.")
    return Montage(stack, moved, (rows, cols), -(-max(rows, cols) // MAX_EDGE_PX))


def _of_mdoc(mdoc: Mdoc) -> list[tuple[int, int, int, int]]:
    found = []
    for piece in mdoc.of_kind("ZValue"):
        if piece.data.PieceCoordinates is not None and piece.data.ZValue is not None:
            x, y, z = piece.data.PieceCoordinates
            if not (abs(x) < _FAR_PX and abs(y) < _FAR_PX):
                raise piece.section.fault("PieceCoordinates are absurd", "PieceCoordinates")
            found.append((piece.data.ZValue, round(x), round(y), int(z)))
    return found


def _of_header(stack: Stack) -> list[tuple[int, int, int, int]] | None:
    coordinates = stack.piece_coordinates
    if coordinates is None:
        return None
    return [(number, x, y, z) for number, (x, y, z) in enumerate(coordinates)]


def _reduced(pixels: Pixels, factor: int) -> Pixels:
    """Average blocks of pixels; what is left over at the far edges is cut."""
    if factor == 1:
        return pixels
    rows, cols = pixels.shape[0] // factor, pixels.shape[1] // factor
    blocks = pixels[: rows * factor, : cols * factor].astype(np.float32)
    averaged: Pixels = blocks.reshape(rows, factor, cols, factor).mean(axis=(1, 3))
    return averaged
