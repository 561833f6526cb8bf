"""The files of one SerialEM session: navigators, images with their metadata, each looked at once."""

from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from ptolemy_kedro.archive.importing.frame import LeftOut
from ptolemy_kedro.archive.importing.source import SourceFolder
from ptolemy_kedro.archive.serialem.mdoc import Mdoc, read_mdoc
from ptolemy_kedro.archive.serialem.navigator import Navigator, read_navigator
from ptolemy_kedro.archive.serialem.stack import Stack, open_stack
from ptolemy_kedro.errors import ImageError, VendorFileError


@dataclass(frozen=True)
class Reading:
    """How a session is read.

    Attributes:
        permissive: Leave out what is missing or broken and say so, instead of refusing the session.
        zone: Of the microscope's clock.
    """

    permissive: bool
    zone: tzinfo


@dataclass
class SessionFolder:
    """One session's files.

    Attributes:
        source: Where files are looked for.
        root: The session's own folder, in which they are looked for first.
        files: Those of this session.
        reading: How to read them.
        left_out: What could not be read, filled while reading permissively.
    """

    source: SourceFolder
    root: Path
    files: list[Path]
    reading: Reading
    left_out: list[LeftOut] = field(default_factory=list)
    _stacks: dict[Path, Stack] = field(default_factory=dict)
    _mdocs: dict[Path, Mdoc | None] = field(default_factory=dict)

    def name(self, path: Path) -> str:
        """What messages call a file."""
        return path.relative_to(self.source.root).as_posix()

    def navigators(self) -> list[Navigator]:
        """Read the navigators, in the order of their names."""
        found = []
        for path in sorted(path for path in self.files if path.suffix.lower() == ".nav"):
            try:
                found.append(read_navigator(path, self.name(path)))
            except VendorFileError as failure:
                self.give_up(self.name(path), failure)
        return found

    def stack(self, named: str) -> Stack:
        """Look at the file that a navigator names.

        Raises:
            VendorFileError: It is not there.
            ImageError: It is no image.
        """
        path = self.source.find(named, self.root)
        if path is None:
            raise VendorFileError(
                f"the image {named!r} is not below {self.source.root}. Copy it there, or import with "
                "--permissive to do without."
            )
        if path not in self._stacks:
            self._stacks[path] = open_stack(path, self.name(path))
        return self._stacks[path]

    def mdoc_of(self, named: str) -> Mdoc | None:
        """The metadata of the image file that a navigator names, whether that is there or not."""
        path = self.source.find(f"{named}.mdoc", self.root)
        return self.mdoc(path) if path else None

    def mdoc(self, path: Path) -> Mdoc | None:
        """Read an .mdoc file; None where it is broken and that is lived with."""
        if path not in self._mdocs:
            self._mdocs[path] = None
            try:
                self._mdocs[path] = read_mdoc(path, self.name(path))
            except VendorFileError as failure:
                self.give_up(self.name(path), failure)
        return self._mdocs[path]

    def mdocs_left(self) -> list[tuple[Path, Mdoc]]:
        """The metadata that belong to no map of a navigator."""
        asked = set(self._mdocs)
        paths = sorted(path for path in self.files if path.suffix.lower() == ".mdoc" and path not in asked)
        return [(path, mdoc) for path in paths if (mdoc := self.mdoc(path)) is not None]

    def all_mdocs(self) -> list[Mdoc]:
        """All metadata read so far."""
        return [mdoc for mdoc in self._mdocs.values() if mdoc]

    def give_up(self, what: str, failure: VendorFileError | ImageError) -> None:
        """Leave something out, or refuse the session.

        Raises:
            VendorFileError: The session is read strictly.
        """
        if not self.reading.permissive:
            raise failure
        self.left_out.append(LeftOut(what, str(failure)))
