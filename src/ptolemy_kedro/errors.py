"""The errors a user can cause. Each says what was given, what is needed, and what to do.

Whoever catches one of them on its way up adds where it happened with ``add_note``.
"""


class PtolemyError(Exception):
    """A user's mistake, or a broken input: one clear line, and a non-zero exit."""

    def line(self) -> str:
        """Join the notes (the places, outermost first) and the message."""
        places = reversed(getattr(self, "__notes__", []))
        return ": ".join([*places, str(self)])


class ImageError(PtolemyError):
    """A file is no image that this project reads, or its pixels cannot be used."""


class ArchiveError(PtolemyError):
    """A session archive breaks its format."""


class VendorFileError(PtolemyError):
    """Another program's file or database cannot be read; names the file, and the line where there is one."""


class StorageError(PtolemyError):
    """A disk is full, or a place cannot be written."""


class TableError(PtolemyError):
    """A table breaks its schema."""


class ModelError(PtolemyError):
    """A model is missing, damaged, or of another kind than was asked for."""


class RegistryError(PtolemyError):
    """The model registry is down, missing or damaged."""


class SettingsError(PtolemyError):
    """A setting or a parameter is missing, or has a value it cannot have."""
