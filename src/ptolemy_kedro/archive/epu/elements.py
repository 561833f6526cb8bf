"""Elements of EPU's XML files: values by the path of their names, and errors that name file and line.

The files are those of .NET's serialiser: a value that stands twice is written once, with an ``Id``, and
referred to by ``Ref``; an entry of a dictionary is an element whose name begins with ``KeyValue`` and may end
in a hash.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ptolemy_kedro.errors import VendorFileError

_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_WHOLE = re.compile(r"[+-]?\d{1,18}\Z")
_FIRST_TIME = datetime(1980, 1, 1, tzinfo=UTC)


@dataclass(eq=False, slots=True)
class Element:
    """An element of an XML file.

    Attributes:
        name: Without its namespace.
        file: The file it stands in, as messages call it.
        line: Line of its beginning, from 1.
        column: Column of its beginning, from 1; some of EPU's files are one line.
        attributes: By names without namespaces.
        by_id: The file's elements by their ``Id`` attribute.
        text: What stands in it, without the spaces around.
        children: In the order of the file.
    """

    name: str
    file: str
    line: int
    column: int
    attributes: dict[str, str]
    by_id: "dict[str, Element]"
    text: str = ""
    children: "list[Element]" = field(default_factory=list)

    def find(self, path: str) -> "Element | None":
        """Find the element at a path of names (``A/B``), following references; None if absent or nil."""
        found: Element | None = self
        for name in path.split("/"):
            assert found is not None
            found = next((child for child in found.children if child.name == name), None)
            found = found.resolved() if found else None
            if found is None:
                return None
        return found

    def resolved(self) -> "Element | None":
        """Follow a reference; None where the element is nil."""
        if "Ref" in self.attributes:
            return self.by_id.get(self.attributes["Ref"])
        return None if self.attributes.get("nil") == "true" else self

    def need(self, path: str) -> "Element":
        """Find the element at a path; raises ``VendorFileError`` where it is absent."""
        found = self.find(path)
        if found is None:
            raise self.fault(f"has no {path}. Copy the file again from where EPU wrote it.")
        return found

    def entries(self, path: str) -> "Iterator[tuple[Element, Element]]":
        """List keys and values of a dictionary, whatever its entries' names end in; none if absent."""
        holder = self.find(path)
        for entry in holder.children if holder else ():
            if not entry.name.startswith("KeyValue"):
                continue
            key = entry.find("key") or entry.find("Key")
            value = entry.find("value") or entry.find("Value")
            if key is not None and value is not None:
                yield key, value

    def items(self, path: str) -> "list[Element]":
        """List the elements of an array, without the empty places that EPU keeps; none if absent."""
        holder = self.find(path)
        found = [child.resolved() for child in holder.children] if holder else []
        return [child for child in found if child is not None]

    def string(self, path: str) -> str | None:
        """Read the text at a path; None where it is absent or empty."""
        found = self.find(path)
        return (found.text or None) if found else None

    def number(self, path: str, largest: float = math.inf) -> float | None:
        """Read the number at a path; None where it is absent.

        Raises:
            VendorFileError: It is no finite number, or one beyond ``largest`` in size.
        """
        found = self.find(path)
        return found.as_number(largest) if found else None

    def need_number(self, path: str, largest: float = math.inf) -> float:
        """Read the number at a path; raises ``VendorFileError`` also where it is absent."""
        return self.need(path).as_number(largest)

    def as_number(self, largest: float = math.inf) -> float:
        """Read the element's own text as a finite number of at most ``largest`` in size."""
        try:
            value = float(self.text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or abs(value) > largest:
            bound = "" if math.isinf(largest) else f" of at most {largest:g}"
            raise self.fault(f"is {self.text[:40]!r}, which is no number{bound}.")
        return value

    def whole(self, path: str) -> int | None:
        """Read the whole number at a path; None where it is absent."""
        found = self.find(path)
        return found.as_whole() if found else None

    def as_whole(self) -> int:
        """Read the element's own text as a whole number."""
        if not _WHOLE.match(self.text):
            raise self.fault(f"is {self.text[:40]!r}, which is no whole number.")
        return int(self.text)

    def truth(self, path: str) -> bool | None:
        """Read true or false at a path; None where it is absent."""
        found = self.find(path)
        if found is None:
            return None
        if found.text.lower() not in _TRUTH:
            raise found.fault(f"is {found.text[:40]!r}, which is neither true nor false.")
        return _TRUTH[found.text.lower()]

    def time(self, path: str) -> datetime | None:
        """Read the time at a path, in UTC; None where it is absent, or EPU's word for never.

        A time without a zone counts as UTC: such a file does not say where it was written.
        """
        found = self.find(path)
        if found is None or not found.text:
            return None
        try:
            value = datetime.fromisoformat(found.text)
            value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        except (ValueError, OverflowError):
            raise found.fault(f"is {found.text[:40]!r}, which is no time.") from None
        return value if value > _FIRST_TIME else None

    def fault(self, message: str) -> VendorFileError:
        """Make the error that says what is wrong with this element, and where it stands."""
        return VendorFileError(f"{self.file} line {self.line} column {self.column}: {self.name} {message}")
