"""EPU's importer: finds sessions below a folder, and reads each into raw tables and image files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from ptolemy_kedro.archive.epu.epu_session import EpuSession, read_epu_session
from ptolemy_kedro.archive.epu.faults import Faults
from ptolemy_kedro.archive.epu.inventory import DISC, SESSION_FILE, Inventory, SessionFiles
from ptolemy_kedro.archive.epu.reading import Reading, read_session
from ptolemy_kedro.archive.epu.session_tables import Tables
from ptolemy_kedro.archive.importing.frame import Found, Imported
from ptolemy_kedro.archive.importing.source import SourceFolder, as_id
from ptolemy_kedro.archive.importing.stamps import changed_since, stamp_of
from ptolemy_kedro.errors import VendorFileError


@dataclass(frozen=True)
class Epu:
    """Imports EPU's sessions.

    Attributes:
        permissive: Live with damaged files and with images whose pixels are missing, and tell of them.
    """

    permissive: bool = False

    def sessions(self, source: Path | str, since: datetime | None = None) -> Iterator[Found]:
        """Find the sessions below a folder: each folder that holds an ``EpuSession.dm``.

        The folder may also hold atlases, and further ``Images-Disc`` folders in folders of a session's name.

        Args:
            source: Folder.
            since: Pass over sessions in which no file changed since then; with a time zone.

        Raises:
            VendorFileError: There is no EPU session below the folder.
        """
        folder = SourceFolder(source)
        inventory = Inventory(folder)
        if not inventory.sessions:
            raise VendorFileError(f"There is no {SESSION_FILE} in or below {source}. Name a folder of EPU's.")
        for main in inventory.sessions:
            found = self._find(inventory, main, since)
            if found is not None:
                yield found

    def _find(self, inventory: Inventory, main: Path, since: datetime | None) -> Found | None:
        root = inventory.source.root
        place = str(main.parent)
        try:
            session = read_epu_session(main, main.relative_to(root).as_posix())
        except VendorFileError as failure:
            if not changed_since([main], since):
                return None
            return Found(as_id(main.parent.name), stamp_of([main], root), partial(_refuse, failure), place)
        files = inventory.of_session(main, session.name)
        atlas_file = find_atlas(inventory, session, main.parent)
        counted = [*files.all, *(atlas_file.parent.iterdir() if atlas_file else ())]
        counted = [path for path in counted if path.is_file() and not path.is_symlink()]
        if not changed_since(counted, since):
            return None
        session_id = as_id(session.name or main.parent.name)
        stamp = stamp_of(counted, root, f"permissive={self.permissive}")
        return Found(
            session_id, stamp, partial(self._load, session_id, stamp, root, session, files, atlas_file), place
        )

    def _load(
        self,
        session_id: str,
        stamp: str,
        root: Path,
        session: EpuSession,
        files: SessionFiles,
        atlas_file: Path | None,
    ) -> Imported:
        faults = Faults(self.permissive)
        reading = read_session(
            session, files, atlas_file, faults, lambda path: path.relative_to(root).as_posix()
        )
        self._tell_of_absent(reading, files, atlas_file, faults)
        stored = {picture.image_id: picture.path for picture in reading.all_pictures if picture.path}
        names = {image_id: archive_name(path) for image_id, path in stored.items()}
        made = Tables(session_id, reading, faults).fill(names)
        return Imported(
            session_id=session_id,
            tables=made,
            files={names[image_id]: path for image_id, path in stored.items()},
            left_out=tuple(faults.left_out),
            warnings=tuple(faults.warnings),
            stamp=stamp,
        )

    def _tell_of_absent(
        self, reading: Reading, files: SessionFiles, atlas_file: Path | None, faults: Faults
    ) -> None:
        if reading.absent:
            count = f"the pixels of {len(reading.absent)} of {len(reading.all_pictures)} images"
            why = f"are not in the source ({reading.absent[0]} is the first)"
            if not self.permissive:
                raise VendorFileError(f"{count} {why}. Copy them there, or import with --permissive.")
            faults.leave_out(count, why)
        missing = set(reading.session.square_files) - set(files.squares)
        if missing:
            faults.leave_out(
                f"{len(missing)} of {len(reading.session.square_files)} squares",
                "their files GridSquare_*.dm are not in the source",
            )
        if atlas_file is None:
            faults.leave_out("the atlas", f"{reading.session.atlas_path} is not in the source")
        if files.movies:
            faults.leave_out(f"{files.movies} movies", "movies and gain references are not imported")


def find_atlas(inventory: Inventory, session: EpuSession, folder: Path) -> Path | None:
    """Find the atlas of a session's grid: the one whose squares are the session's.

    EPU names it by a path of the machine that wrote it; where copies were moved, the squares' numbers tell. A
    damaged one in the session's own folder is the session's, too, so that it is told of.
    """
    named = inventory.source.find(session.atlas_path or "")
    for path in sorted(inventory.atlases, key=lambda path: path != named):
        nodes = inventory.nodes_of(path)
        if set(session.square_files) & nodes or (not nodes and path.is_relative_to(folder)):
            return path
    return None


def archive_name(path: Path) -> str:
    """Name an image file in the archive: from its ``Images-Disc`` on, or of the atlas it lies beside."""
    for number, part in enumerate(path.parts):
        if DISC.match(part):
            return "/".join(path.parts[number:])
    return f"Atlas/{path.name}"


def _refuse(failure: VendorFileError) -> Imported:
    raise failure
