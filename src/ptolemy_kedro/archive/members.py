"""The names of an archive's files: which are safe, and where they belong."""

import re
import unicodedata

from ptolemy_kedro.errors import ArchiveError

SESSION_FILE = "session.json"
IMAGES = "images/"
TABLE_FILES = {name: f"{name}.csv" for name in ("grids", "images", "targets", "exposures", "outcomes")}

_JUNK = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_MAX_LENGTH = 1000


def is_junk(name: str) -> bool:
    """Tell the files that operating systems leave behind from an archive's own."""
    return _JUNK.search(name) is not None


def safe_name(name: str) -> str:
    """Take a file's name as an archive states it to one below the archive's folder, parts joined by ``/``.

    Raises:
        ArchiveError: The name leads out of the folder, or is none.
    """
    plain = name.removeprefix("./") if name.startswith("./") else name
    parts = plain.split("/")
    escapes = plain.startswith("/") or ".." in parts or "\\" in plain or re.match(r"[A-Za-z]:", plain)
    if escapes:
        raise ArchiveError(
            f"{name[:200]!r} leads out of the archive's folder. Names are relative, joined by /, without ..; "
            "do not trust this archive before you know who wrote it."
        )
    broken = any(part in ("", ".") for part in parts) or len(plain) > _MAX_LENGTH
    if broken or any(unicodedata.category(letter).startswith("C") for letter in plain):
        raise ArchiveError(f"{name[:200]!r} is no file name. Rename the file and write the archive again.")
    return plain


def refuse_special(name: str, kind: str) -> None:
    """Refuse what is neither a plain file nor a folder.

    Raises:
        ArchiveError: Always.
    """
    raise ArchiveError(
        f"{name[:200]!r} is {kind}. An archive holds plain files and folders; put the file itself there."
    )
