"""The files of a session's images."""

from pathlib import Path, PurePath, PureWindowsPath

from ptolemy_kedro.archive.images import ImageHeader, header_of
from ptolemy_kedro.archive.leginon.source import LeginonSource
from ptolemy_kedro.errors import ImageError, VendorFileError

_ROOT_PARTS = 4


class SessionFiles:
    """The folder of a session's images; nothing outside it is followed.

    Attributes:
        folder: The folder, or None where it is not there.
        stated: The path that the database states.
    """

    def __init__(self, source: LeginonSource, stated: str) -> None:
        self.stated = stated
        self.folder = _folder(source, stated)
        self._permissive = source.options.permissive

    def find(self, name: str) -> Path | str:
        """Find the file of an image, or say why there is none; ``name`` is taken without folders."""
        plain = PureWindowsPath(name).name
        if self.folder is None:
            return f"the image path {self.stated or '(none)'} is not there"
        for candidate in (plain, f"{plain}.mrc"):
            path = self.folder / candidate
            if candidate and path.is_file():
                inside = not path.is_symlink() or path.resolve().is_relative_to(self.folder)
                return path if inside else "it is a link that leads out of the image path"
        return "there is no such file in the image path"

    def header(self, path: Path) -> ImageHeader | str:
        """Read an image's shape from its header; permissively, say why it cannot be read.

        Raises:
            VendorFileError: The file is broken.
        """
        try:
            return header_of(path)
        except ImageError as failure:
            if self._permissive:
                return " ".join(str(failure).split())[:200]
            raise VendorFileError(f"{failure} Or leave it out by --permissive.") from None

    def stamp(self) -> str:
        """Changes when files are added to the folder or taken out of it."""
        return "" if self.folder is None else str(self.folder.stat().st_mtime_ns)

    def need(self) -> None:
        """Make sure that the folder is there.

        Raises:
            VendorFileError: It is not.
        """
        if self.folder is None:
            raise VendorFileError(
                f"its image path {self.stated or '(none)'} is not there. Mount it, name its folder by "
                "--images, or leave the images out by --permissive."
            )


def _folder(source: LeginonSource, stated: str) -> Path | None:
    """The stated path; else its last parts below the folder that the source names."""
    if not stated:
        return None
    parts = [part for part in PureWindowsPath(stated).parts if part not in ("..", ".", "/", "\\")]
    tried = [source.folder / PurePath(stated)]
    if source.options.images is not None:
        below = [
            source.options.images.joinpath(*parts[-count:])
            for count in range(min(_ROOT_PARTS, len(parts)), 0, -1)
        ]
        tried = [path for path in below if path.resolve().is_relative_to(source.options.images.resolve())]
    return next((path.resolve() for path in tried if path.is_dir()), None)
