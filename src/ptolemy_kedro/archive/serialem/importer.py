"""Find SerialEM's sessions in a folder: each folder with navigators, or with metadata alone, is one."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path

from ptolemy_kedro.archive.importing.frame import Found, Imported
from ptolemy_kedro.archive.importing.source import SourceFolder, as_id
from ptolemy_kedro.archive.importing.stamps import changed_since, stamp_of
from ptolemy_kedro.archive.serialem.folder import Reading, SessionFolder
from ptolemy_kedro.archive.serialem.session import load_session
from ptolemy_kedro.errors import VendorFileError


class SerialEM:
    """SerialEM's importer; keeps ``frame.Importer``.

    Args:
        permissive: Leave out what is missing or broken and say so, instead of refusing the session.
        zone: Of the microscope's clock, whose times are written without one.
    """

    def __init__(self, permissive: bool = False, zone: tzinfo = UTC) -> None:
        self._reading = Reading(permissive, zone)

    def sessions(self, source: Path | str, since: datetime | None = None) -> Iterator[Found]:
        """Find the sessions at or below a folder, or of one navigator file.

        Raises:
            VendorFileError: There is no such folder, or none of SerialEM's files in it.
        """
        path = Path(source)
        only = path.resolve() if path.suffix.lower() == ".nav" and path.is_file() else None
        folder = SourceFolder(path.parent if only else path)
        by_root = _files_by_session(folder, only)
        if not by_root:
            raise VendorFileError(
                f"{source} holds no .nav and no .mdoc file. Name the folder that SerialEM wrote to."
            )
        for root, files in by_root.items():
            if changed_since(files, since):
                yield self._found(folder, root, files, only)

    def _found(self, folder: SourceFolder, root: Path, files: list[Path], only: Path | None) -> Found:
        parts = (folder.root.name, *root.relative_to(folder.root).parts)
        session_id = as_id(only.stem if only else "-".join(parts[1:] or parts)).lstrip(".") or "session"
        stamp = stamp_of(files, folder.root, repr(self._reading))
        load = partial(self._load, session_id, folder, root, files, stamp)
        return Found(session_id, stamp, load, str(only or root))

    def _load(
        self, session_id: str, folder: SourceFolder, root: Path, files: list[Path], stamp: str
    ) -> Imported:
        return load_session(session_id, SessionFolder(folder, root, files, self._reading), stamp)


def _files_by_session(folder: SourceFolder, only: Path | None) -> dict[Path, list[Path]]:
    """Give each file to the nearest folder above it that has navigators; metadata alone make one, too."""
    files = folder.files()
    roots = {path.parent for path in files if path.suffix.lower() == ".nav"}
    if only:
        roots = {only.parent}
        files = [path for path in files if path == only or path.suffix.lower() != ".nav"]
    by_root: dict[Path, list[Path]] = {}
    alone: dict[Path, list[Path]] = {}
    for path in files:
        root = next((above for above in path.parents if above in roots), None)
        place = by_root if root else alone
        place.setdefault(root or path.parent, []).append(path)
    with_metadata = {
        root: found for root, found in alone.items() if any(path.suffix.lower() == ".mdoc" for path in found)
    }
    return dict(sorted({**by_root, **with_metadata}.items()))
