"""The report: one HTML page that holds everything it shows."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

Section = tuple[str, Sequence[str]]
"""A heading, and the HTML of what stands under it."""

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.2rem; border-bottom: 1px solid #ccd3dc; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 13.5px; }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid #e3e7ec; }
.number { white-space: nowrap; } figure { margin: 1rem 0; } img { max-width: 100%; }
.simulated { background: #fff3cd; padding: .5rem 1rem; }
.beside { display: grid; grid-template-columns: repeat(auto-fill, minmax(26rem, 1fr)); gap: 0 1rem; }
.beside figure { margin: .5rem 0; }
.small { color: #5a6675; font-size: 13px; } code { background: #f1f3f6; padding: 0 .25rem; }
"""


def page(title: str, sections: Iterable[Section]) -> str:
    """Put a page together.

    Args:
        title: Of the page.
        sections: Headings, and the HTML of each section's parts.
    """
    body = "\n".join(
        f"<section><h2>{escape(heading)}</h2>\n{''.join(parts)}</section>" for heading, parts in sections
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def paragraph(text: str, kind: str = "") -> str:
    """Make a paragraph of plain text; what stands between backticks is a command or a name."""
    body = re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
    return f'<p class="{escape(kind)}">{body}</p>' if kind else f"<p>{body}</p>"


def picture(content: bytes, about: str, kind: str = "png", caption: bool = True) -> str:
    """Put a PNG or JPEG into the page itself, with words for those who cannot see it, shown to all or not."""
    data = base64.b64encode(content).decode()
    image = f'<img alt="{escape(about)}" src="data:image/{kind};base64,{data}">'
    words = f'<figcaption class="small">{escape(about)}</figcaption>' if caption else ""
    return f"<figure>{image}{words}</figure>"


def pictures(figures: Mapping[str, bytes], about: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """Put those of the named figures into the page that are there.

    Args:
        figures: PNG by name.
        about: What each shows, by name.
        names: In the order of the page.
    """
    return [picture(figures[name], about[name]) for name in names if name in figures]


def beside(parts: Iterable[str]) -> str:
    """Put parts beside one another, as many a row as there is room for."""
    return f'<div class="beside">{"".join(parts)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Make a table; a row may be shorter than the head."""
    titles = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = ("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{titles}</tr>{"".join(lines)}</table></div>'


def link(address: str, text: str) -> str:
    """Make a link."""
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def with_interval(figure: dict[str, float | None], form: str = ".3f") -> str:
    """Write a figure with its 95 % interval."""
    if figure.get("value") is None:
        return "undefined"
    if figure.get("low") is None:
        return f"{figure['value']:{form}}"
    return f"{figure['value']:{form}} ({figure['low']:{form}} to {figure['high']:{form}})"


def _cell(content: Any) -> str:
    text = str(content)
    kind = ' class="number"' if text[:1].isdigit() else ""
    return f"<td{kind}>{escape(text)}</td>"
