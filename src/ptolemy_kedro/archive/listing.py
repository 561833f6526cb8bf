"""What a container may list: plain files under safe names, each once, within the limits."""

import stat
import tarfile
import zipfile
from collections.abc import Iterator

from ptolemy_kedro.archive.limits import Limits
from ptolemy_kedro.archive.members import SESSION_FILE, is_junk, refuse_special, safe_name
from ptolemy_kedro.errors import ArchiveError


def plain_entries(tar: tarfile.TarFile, limits: Limits) -> Iterator[tarfile.TarInfo]:
    """List a tar's plain files; what is neither a file nor a folder is refused.

    Raises:
        ArchiveError: A link, a device and the like, an unsafe name, or too many entries.
    """
    for count, entry in enumerate(tar):
        if count >= limits.members:
            _refuse_many(limits)
        if entry.issym() or entry.islnk():
            refuse_special(entry.name, "a link")
        if entry.isdir():
            if entry.name.rstrip("/") not in ("", "."):
                safe_name(entry.name.rstrip("/"))
        elif not entry.isreg() or entry.issparse():
            refuse_special(entry.name, "a special file")
        else:
            yield entry


def refuse_zip_entry(entry: zipfile.ZipInfo) -> None:
    """Refuse a link, and a file that is encrypted or packed by a method that few programs read.

    Raises:
        ArchiveError: Says which.
    """
    if stat.S_ISLNK(entry.external_attr >> 16):
        refuse_special(entry.filename, "a symbolic link")
    if entry.flag_bits & 1:
        raise ArchiveError(f"{entry.filename[:200]!r} is encrypted. Write the zip without a password.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(f"{entry.filename[:200]!r} is packed in an unusual way. Write the zip by deflate.")
    if entry.orig_filename != entry.filename:
        refuse_special(entry.orig_filename, "an ambiguous name")


def checked(sizes: dict[str, int]) -> dict[str, int]:
    """Check every name, and leave out what operating systems leave behind."""
    named = {safe_name(name): size for name, size in sizes.items()}
    return {name: size for name, size in named.items() if not is_junk(name)}


def unique(names: list[str]) -> list[str]:
    """Give the names back if each stands there once.

    Raises:
        ArchiveError: A name stands there twice, or is unsafe.
    """
    seen: set[str] = set()
    for name in names:
        if safe_name(name) in seen:
            refuse_twice(name)
        seen.add(safe_name(name))
    return names


def refuse_twice(name: str) -> None:
    """Refuse a file that a container holds twice: programs differ in which of the two they read.

    Raises:
        ArchiveError: Always.
    """
    raise ArchiveError(f"{name[:200]!r} is in the archive twice. Write the archive again.")


def _refuse_many(limits: Limits) -> None:
    raise ArchiveError(f"It has more than {limits.members:,} files. Split the session into several archives.")


def unwrapped(sizes: dict[str, int]) -> tuple[dict[str, int], str]:
    """Look into the one folder that some programs wrap an archive's files in."""
    tops = {name.split("/", 1)[0] for name in sizes}
    prefix = f"{next(iter(tops))}/" if len(tops) == 1 else ""
    if SESSION_FILE in sizes or f"{prefix}{SESSION_FILE}" not in sizes:
        return sizes, ""
    return {name.removeprefix(prefix): size for name, size in sizes.items()}, prefix


def hold_to_limits(files: int, total: int, packed_bytes: int | None, limits: Limits) -> None:
    """Hold a container's number of files, and their sizes [bytes] unpacked, to the limits.

    Raises:
        ArchiveError: Too many, too much, or much more than its packed size explains.
    """
    if files > limits.members:
        _refuse_many(limits)
    if total > limits.total_bytes:
        raise ArchiveError(
            f"It unpacks to {total:,} bytes; at most {limits.total_bytes:,} are read. Split the session into "
            "several archives."
        )
    if packed_bytes and total > limits.ratio_from_bytes and total > limits.ratio * packed_bytes:
        raise ArchiveError(
            f"It unpacks {packed_bytes:,} bytes to {total:,}, which no session does. It is damaged or made "
            "to exhaust the disk; leave it out."
        )
