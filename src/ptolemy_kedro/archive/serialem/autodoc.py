"""IMOD's autodoc format, in which SerialEM writes navigators and metadata: sections of keys and values.

Source: SerialEM's manual, "File Formats"; IMOD's manual, "Autodoc".
"""

import math
from dataclasses import dataclass, field

from ptolemy_kedro.errors import VendorFileError


@dataclass
class Section:
    """A section: its kind, its name, its values as they are written, and where they stand.

    Attributes:
        file: Name of the file, for messages.
        kind: Such as ``Item``, ``ZValue``; empty for what stands before the first section.
        name: Such as an item's label; names may repeat.
        line: Where it begins, from 1.
        values: By key, in the order of the file; of a key that repeats, the last.
        lines: Where each key stands.
    """

    file: str
    kind: str
    name: str
    line: int
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def put(self, key: str, value: str, line: int) -> None:
        """Add a value."""
        self.values[key] = value
        self.lines[key] = line

    def text(self, key: str) -> str | None:
        """The value of a key; None where it is absent or empty."""
        return self.values.get(key) or None

    def numbers(self, key: str, count: int | None = None) -> tuple[float, ...] | None:
        """The numbers of a key, as many as are needed; None where the key is absent.

        Raises:
            VendorFileError: No finite numbers, or another number of them.
        """
        if key not in self.values:
            return None
        try:
            numbers = tuple(float(word) for word in self.values[key].split())
        except ValueError:
            numbers = ()
        if not all(map(math.isfinite, numbers)) or (not numbers if count is None else len(numbers) != count):
            needed = "numbers" if count is None else "a number" if count == 1 else f"{count} numbers"
            raise self.fault(f"{key} is {self.values[key][:60]!r}, not {needed}", key)
        return numbers

    def number(self, key: str) -> float | None:
        """The number of a key; None where the key is absent.

        Raises:
            VendorFileError: As ``numbers``.
        """
        numbers = self.numbers(key, 1)
        return numbers[0] if numbers else None

    def whole(self, key: str) -> int | None:
        """The whole number of a key; None where the key is absent.

        Raises:
            VendorFileError: It is no whole number.
        """
        number = self.number(key)
        if number is None:
            return None
        if number != int(number):
            raise self.fault(f"{key} is {self.values[key][:60]!r}, not a whole number", key)
        return int(number)

    def fault(self, said: str, key: str | None = None) -> VendorFileError:
        """Make the error for something wrong in this section: file, line, section, and what to do."""
        line = self.lines.get(key or "", self.line)
        place = f" (in [{self.kind} = {_on_one_line(self.name)}])" if self.kind else ""
        return VendorFileError(
            f"{self.file} line {line}{place}: {said}. Correct the line, or copy the file again from the "
            "microscope."
        )


def _on_one_line(name: str) -> str:
    return " ".join(name.split())[:60]


@dataclass(frozen=True)
class Autodoc:
    """A file: what stands before the first section, and the sections in their order."""

    file: str
    head: Section
    sections: tuple[Section, ...]
    is_xml: bool = False
