"""Write an autodoc as text or as XML; what was read from one is written without loss."""

from xml.sax.saxutils import escape, quoteattr

from ptolemy_kedro.archive.serialem.autodoc import Autodoc, Section


def as_text(autodoc: Autodoc) -> str:
    """Write the text form; a blank line before each section."""
    lines = _lines(autodoc.head)
    for section in autodoc.sections:
        lines += ["", f"[{section.kind} = {section.name}]", *_lines(section)]
    return "\n".join(lines) + "\n"


def as_xml(autodoc: Autodoc, root: str = "navigator") -> str:
    """Write the XML form; what stands before the first section becomes an element without a name."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f"<{root}>"]
    lines += ["  <PreData>", *_elements(autodoc.head), "  </PreData>"]
    for section in autodoc.sections:
        lines += [f"  <{section.kind} name={quoteattr(section.name)}>", *_elements(section)]
        lines.append(f"  </{section.kind}>")
    return "\n".join([*lines, f"</{root}>"]) + "\n"


def _lines(section: Section) -> list[str]:
    return [f"{key} = {value}".rstrip() for key, value in section.values.items()]


def _elements(section: Section) -> list[str]:
    return [f"    <{key}>{escape(value)}</{key}>" for key, value in section.values.items()]
