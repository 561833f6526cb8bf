"""How large an archive may be, so that a hostile or damaged one cannot exhaust a machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Upper bounds of what is read.

    Attributes:
        members: Files in an archive.
        total_bytes: All files of an archive together, unpacked.
        table_bytes: One CSV, or ``session.json``.
        image_bytes: The file of one image.
        image_pixels: Pixels of one image.
        ratio: Unpacked bytes over packed bytes, of an archive and of an image. Counts of electrons are noise
            and pack by 2 to 4; a bomb packs by 1,000 and more.
        ratio_from_bytes: Unpacked size below which the ratio is not looked at.
    """

    members: int = 200_000
    total_bytes: int = 2 * 1024**4
    table_bytes: int = 256 * 1024**2
    image_bytes: int = 4 * 1024**3
    image_pixels: int = 2**29
    ratio: int = 250
    ratio_from_bytes: int = 256 * 1024**2


LIMITS = Limits()
