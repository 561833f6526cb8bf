"""Read an autodoc in either of its forms.

Text: ``key = value`` lines, sections begun by ``[kind = name]``, comments after ``#``; a line without ``=``
goes on with the value before it. XML: below the root one element a section, its ``name`` an attribute, its
keys elements; the element without a name holds what stands before the first section.
"""

import io
import xml.sax.handler
from pathlib import Path
from typing import Any

from ptolemy_kedro.archive.serialem.autodoc import Autodoc, Section
from ptolemy_kedro.errors import VendorFileError

MAX_BYTES = 256 * 1024**2
_MAX_SECTIONS = 1_000_000


def read_autodoc(path: Path, name: str | None = None) -> Autodoc:
    """Read a file in either form.

    Args:
        path: The file.
        name: What messages call it; by default its own name.

    Raises:
        VendorFileError: The file cannot be read, is too large, or breaks the format; names file and line.
    """
    name = name or path.name
    try:
        if path.stat().st_size > MAX_BYTES:
            raise VendorFileError(f"{name} has over {MAX_BYTES:,} bytes. Is it a navigator or .mdoc file?")
        data = path.read_bytes()
    except OSError as failure:
        raise VendorFileError(f"{name} cannot be read: {failure.strerror}.") from None
    return parse_autodoc(data, name)


def parse_autodoc(data: bytes, name: str) -> Autodoc:
    """Read a file's bytes; as ``read_autodoc``."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _parse_xml(data, name)
    return _parse_text(_decoded(data), name)


def _decoded(data: bytes) -> str:
    """Read UTF-8, else what Windows writes."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _parse_text(text: str, name: str) -> Autodoc:
    head = section = Section(name, "", "", 1)
    sections: list[Section] = []
    last = ""
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = _begun(line, name, number)
            sections.append(section)
            last = ""
        else:
            last = _put_line(section, line, last, number)
    return Autodoc(name, head, tuple(sections))


def _begun(line: str, name: str, number: int) -> Section:
    kind, equals, title = line[1:-1].partition("=")
    if not (line.endswith("]") and equals and kind.strip()):
        raise VendorFileError(
            f"{name} line {number}: {line[:60]!r} begins no section. It should read [Kind = name]; copy the "
            "file again from the microscope."
        )
    return Section(name, kind.strip(), title.strip(), number)


def _put_line(section: Section, line: str, last: str, number: int) -> str:
    """Put a line's value into its section, and give its key."""
    key, equals, value = line.partition("=")
    key = key.strip()
    if equals and key:
        section.put(key, value.strip(), number)
        return key
    if equals or not last:
        section.lines[""] = number
        raise section.fault(f"{line[:60]!r} is no key = value", "")
    section.values[last] += f"\n{line}"
    return last


def _parse_xml(data: bytes, name: str) -> Autodoc:
    import defusedxml
    import defusedxml.sax

    handler = _Handler(name)
    parser = defusedxml.sax.make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(handler)
    try:
        parser.parse(io.BytesIO(data.lstrip(b"\xef\xbb\xbf \t\r\n")))
    except xml.sax.SAXParseException as failure:
        line = failure.getLineNumber()
        raise VendorFileError(
            f"{name} line {line}: {failure.getMessage()}. The XML is broken; copy the file again from the "
            "microscope."
        ) from None
    except defusedxml.DefusedXmlException:
        raise VendorFileError(
            f"{name} declares entities or a document type, which SerialEM never does. Do not trust this file."
        ) from None
    except (xml.sax.SAXException, ValueError, LookupError) as failure:
        raise VendorFileError(f"{name} cannot be read as XML: {str(failure)[:100]}.") from None
    return Autodoc(name, handler.head, tuple(handler.sections), is_xml=True)


class _Handler(xml.sax.handler.ContentHandler):
    """Takes the elements of an XML form: root, sections, keys; nothing is deeper."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.head = Section(name, "", "", 1)
        self.sections: list[Section] = []
        self._section = self.head
        self._depth = 0
        self._said: list[str] = []
        self._line = 1

    def setDocumentLocator(self, locator: Any) -> None:  # noqa: N802 -- the name that xml.sax calls
        self._where = locator

    def startElement(self, tag: str, attributes: Any) -> None:  # noqa: N802 -- the name that xml.sax calls
        self._depth += 1
        self._said = []
        self._line = self._where.getLineNumber() or 1
        if self._depth == 2:
            self._begin(tag, attributes.get("name"))
        elif self._depth > 3:
            raise self._section.fault(f"<{tag[:60]}> lies within a value")

    def characters(self, content: str) -> None:
        self._said.append(content)

    def endElement(self, tag: str) -> None:  # noqa: N802 -- the name that xml.sax calls
        if self._depth == 3:
            self._section.put(tag, "".join(self._said).strip(), self._line)
        elif "".join(self._said).strip():
            raise self._section.fault(f"text stands outside of values: {''.join(self._said).strip()[:60]!r}")
        self._said = []
        self._depth -= 1

    def _begin(self, tag: str, name: str | None) -> None:
        if name is None:
            self._section = self.head
            return
        if len(self.sections) >= _MAX_SECTIONS:
            raise self._section.fault("there are too many sections")
        self._section = Section(self.name, tag, name.strip(), self._line)
        self.sections.append(self._section)
