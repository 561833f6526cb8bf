"""Files below a source folder, by the names that vendors' files give them: often paths of another machine."""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from ptolemy_kedro.errors import VendorFileError

_SEPARATORS = re.compile(r"[\\/]+")
_NO_ID = re.compile(r"[/\\\x00-\x1f]+")


class SourceFolder:
    """A folder whose files are found by the last parts of any path; nothing outside it is ever followed.

    Attributes:
        root: The folder, without links in its path.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).resolve()
        if not self.root.is_dir():
            raise VendorFileError(f"{root} is no folder. Name the folder that holds the sessions.")
        self._near: Path | None = None
        self._near_by_name: dict[str, list[Path]] = {}

    def find(self, named: str, near: Path | None = None) -> Path | None:
        """Find the file that a path of any machine names: the one with the most last parts in common.

        Upper and lower case are one, as on Windows.

        Args:
            named: The path.
            near: Folder whose files come first; one from elsewhere must have a folder's name in common, too,
                since many sessions call their files alike.

        Returns:
            None where there is no such file, or where several are equally like it.
        """
        parts = [part.lower() for part in _SEPARATORS.split(named.strip()) if part not in ("", ".", "..")]
        candidates = self._by_name.get(parts[-1], []) if parts else []
        if near is not None and parts:
            inside = self._names_below(near).get(parts[-1])
            candidates = inside or [path for path in candidates if self._likeness(parts, path) > 1]
        likeness = [self._likeness(parts, path) for path in candidates]
        best = [path for path, alike in zip(candidates, likeness, strict=True) if alike == max(likeness)]
        return best[0] if len(best) == 1 else None

    def _likeness(self, parts: list[str], path: Path) -> int:
        return _common(parts, path.relative_to(self.root).parts)

    def files(self) -> list[Path]:
        """List the files, in the order of their names."""
        return self._files

    @cached_property
    def _files(self) -> list[Path]:
        return sorted(self._walk())

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        return _by_name(self._files)

    def _names_below(self, near: Path) -> dict[str, list[Path]]:
        """The files below a folder, by name; those of the folder asked for last are kept."""
        if self._near != near:
            self._near = near
            start = f"{near}{os.sep}"
            self._near_by_name = _by_name(path for path in self._files if str(path).startswith(start))
        return self._near_by_name

    def _walk(self) -> Iterator[Path]:
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = Path(folder, name)
                if path.is_file() and (not path.is_symlink() or self._holds(path)):
                    yield path

    def _holds(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.root)


def _by_name(files: Iterable[Path]) -> dict[str, list[Path]]:
    named: dict[str, list[Path]] = {}
    for path in files:
        named.setdefault(path.name.lower(), []).append(path)
    return named


def as_id(text: str) -> str:
    """Make an id of a name: without separators of paths and control characters, 200 characters at most."""
    return _NO_ID.sub("_", text.strip())[:200] or "_"


def _common(parts: list[str], others: tuple[str, ...]) -> int:
    count = 0
    for part, other in zip(reversed(parts), reversed(others), strict=False):
        if part != other.lower():
            break
        count += 1
    return count
