"""Read one of EPU's XML files into elements: no entity is expanded, nothing outside the file is read."""

from io import BytesIO
from pathlib import Path
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from ptolemy_kedro.archive.epu.elements import Element
from ptolemy_kedro.errors import VendorFileError

LARGEST_BYTES = 256 * 2**20
"""The largest file to read: hundred times the largest that was seen."""

_DEEPEST = 100
_LONGEST_TEXT = 100_000


def read_xml(path: Path, name: str, root: str) -> Element:
    """Read an XML file.

    Args:
        path: The file.
        name: What messages call it.
        root: The name that its outermost element must have.

    Raises:
        VendorFileError: The file cannot be read, is cut, breaks XML, declares a document type or entities, or
            is of another kind.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise VendorFileError(f"{name} is larger than {LARGEST_BYTES:,} bytes. It is no file of EPU's.")
        data = path.read_bytes()
    except OSError as failure:
        raise VendorFileError(f"{name} cannot be read ({failure.strerror}). Check the file.") from None
    return parse_xml(data, name, root)


def parse_xml(data: bytes, name: str, root: str) -> Element:
    """Read the bytes of an XML file; as ``read_xml``."""
    builder = _Builder(name)
    try:
        builder.parse(BytesIO(data))
    except SAXParseException as failure:
        raise VendorFileError(
            f"{name} line {failure.getLineNumber()} column {(failure.getColumnNumber() or 0) + 1}: "
            f"{failure.getMessage()}. The file is cut or damaged; if EPU still writes it, import it later."
        ) from None
    except DefusedXmlException as failure:
        raise VendorFileError(
            f"{name} declares a document type or entities ({type(failure).__name__}), which no file of EPU's "
            "does. Leave it out."
        ) from None
    except (ValueError, LookupError) as failure:  # an encoding that is unknown, or that the bytes break
        raise VendorFileError(f"{name} cannot be decoded ({failure}). The file is damaged.") from None
    found: Element | None = builder.root
    if found is None or found.name != root:
        raise VendorFileError(
            f"{name} holds {found.name[:40] if found else 'nothing'}, not {root}. It is no such file."
        )
    return found


class _Builder(DefusedExpatParser):
    """Builds elements as the parser meets them, without the detour through SAX attributes: half the time."""

    def __init__(self, name: str) -> None:
        super().__init__(forbid_dtd=True)
        self._file = name
        self._open: list[Element] = []
        self._by_id: dict[str, Element] = {}
        self.root: Element | None = None
        self.setContentHandler(_Text(self._open))

    def start_element(self, name: str, attrs: dict[str, str]) -> None:
        line, column = self.getLineNumber(), self.getColumnNumber() + 1
        attributes = {key.rpartition(":")[2]: value for key, value in attrs.items()} if attrs else {}
        element = Element(name.rpartition(":")[2], self._file, line, column, attributes, self._by_id)
        if len(self._open) >= _DEEPEST:
            raise element.fault(f"stands deeper than {_DEEPEST} elements. It is no file of EPU's.")
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        if "Id" in attributes:
            self._by_id[attributes["Id"]] = element
        self._open.append(element)

    def end_element(self, name: str) -> None:
        element = self._open.pop()
        element.text = element.text.rstrip()


class _Text(ContentHandler):
    def __init__(self, elements: list[Element]) -> None:
        super().__init__()
        self._open = elements

    def characters(self, content: str) -> None:
        element = self._open[-1]
        if len(element.text) < _LONGEST_TEXT:
            element.text = (element.text + content).lstrip()
