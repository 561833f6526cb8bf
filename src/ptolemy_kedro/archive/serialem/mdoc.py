"""SerialEM's metadata of images (``.mdoc``), typed by mdocfile.

mdocfile's own reader splits lines by hand and cannot say where something is wrong, so the file is read as an
autodoc, and mdocfile's models take its sections.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, TypeVar

from mdocfile.data_models import MdocGlobalData, MdocSectionData
from pydantic import BaseModel, ValidationError

from ptolemy_kedro.archive.serialem.autodoc import Section
from ptolemy_kedro.archive.serialem.autodoc_reading import read_autodoc
from ptolemy_kedro.errors import VendorFileError

Model = TypeVar("Model", bound=BaseModel)

SECTIONS = ("ZValue", "Image", "FrameSet", "MontSection")
_DATES = ("%d-%b-%y  %H:%M:%S", "%d-%b-%Y  %H:%M:%S", "%Y-%b-%d  %H:%M:%S")


@dataclass(frozen=True)
class MdocSection:
    """A section: as written, and as mdocfile types it."""

    section: Section
    data: MdocSectionData

    @property
    def kind(self) -> str:
        """One of ``SECTIONS``."""
        return self.section.kind


@dataclass(frozen=True)
class Mdoc:
    """The metadata of one image file, montage, stack or set of frames.

    Attributes:
        file: Name of the .mdoc file.
        head: What holds for the whole file, as written.
        data: The same as mdocfile types it.
        titles: The lines ``[T = ..]``.
        sections: In the order of the file.
    """

    file: str
    head: Section
    data: MdocGlobalData
    titles: tuple[str, ...]
    sections: tuple[MdocSection, ...]

    def of_kind(self, kind: str) -> list[MdocSection]:
        """The sections of one kind."""
        return [section for section in self.sections if section.kind == kind]

    @property
    def is_montage(self) -> bool:
        """Do its sections have coordinates of pieces?"""
        return any(piece.data.PieceCoordinates is not None for piece in self.of_kind("ZValue"))


def read_mdoc(path: Path, name: str | None = None) -> Mdoc:
    """Read an .mdoc file.

    Raises:
        VendorFileError: It cannot be read, or a value is none; names file and line.
    """
    autodoc = read_autodoc(path, name)
    sections = [section for section in autodoc.sections if section.kind in SECTIONS]
    titles = [section for section in autodoc.sections if section.kind == "T"]
    head = _with_heads_after_titles(autodoc.head, titles)
    if not sections and "ImageFile" not in head.values:
        raise VendorFileError(f"{autodoc.file} has no [ZValue = ..] or [FrameSet = ..]. Is it an .mdoc file?")
    typed = tuple(MdocSection(section, _typed(MdocSectionData, section)) for section in sections)
    return Mdoc(autodoc.file, head, _typed(MdocGlobalData, head), tuple(t.name for t in titles), typed)


def taken_at(section: Section) -> datetime | None:
    """When an image was taken, by the microscope's clock, which has no zone; None where it is not said.

    Raises:
        VendorFileError: The time is none.
    """
    said = section.text("DateTime")
    if said is None:
        return None
    words = "  ".join(said.split())
    for form in _DATES:
        try:
            return datetime.strptime(words, form)
        except ValueError:
            continue
    raise section.fault(f"DateTime is {said[:60]!r}, not a time like 25-Mar-21  17:00:46", "DateTime")


def taken_in(section: Section, zone: tzinfo) -> datetime | None:
    """When an image was taken, in UTC; None where it is not said.

    Raises:
        VendorFileError: The time is none.
    """
    local = taken_at(section)
    return local.replace(tzinfo=zone).astimezone(UTC) if local else None


def _with_heads_after_titles(head: Section, titles: list[Section]) -> Section:
    """Values that stand after a title and before the first section belong to the whole file, too."""
    whole = Section(head.file, "", "", head.line, dict(head.values), dict(head.lines))
    for title in titles:
        for key, value in title.values.items():
            whole.put(key, value, title.lines[key])
    return whole


def _typed(model: type[Model], section: Section) -> Model:
    values: dict[str, Any] = {key: value for key, value in section.values.items() if value}
    if section.kind in model.model_fields:
        values[section.kind] = section.name
    try:
        return model(**values)
    except ValidationError as failure:
        key = str(failure.errors()[0]["loc"][0])
        said = section.values.get(key, section.name)
        raise section.fault(f"{key} is {said[:60]!r}: {failure.errors()[0]['msg']}", key) from None
