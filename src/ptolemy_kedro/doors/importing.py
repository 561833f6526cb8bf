"""``ptolemy import``: a facility's own sessions, from SerialEM, EPU and Leginon, as session archives."""

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ptolemy_kedro.errors import PtolemyError

if TYPE_CHECKING:
    from ptolemy_kedro.archive.importing.frame import Found, Importer
    from ptolemy_kedro.archive.importing.summary import Summary

app = typer.Typer(no_args_is_help=True, help="Import sessions of SerialEM, EPU or Leginon as archives.")

IMPORTERS = {
    "serialem": ("ptolemy_kedro.archive.serialem.importer", "SerialEM"),
    "epu": ("ptolemy_kedro.archive.epu.importer", "Epu"),
    "leginon": ("ptolemy_kedro.archive.leginon.importer", "Leginon"),
}
"""Vendor to the module and class of its importer, which takes ``permissive`` and keeps ``frame.Importer``."""

Sources = Annotated[list[str], typer.Argument(help="Folders that hold sessions; for Leginon also a URL.")]
To = Annotated[Path, typer.Option(help="Folder for the archives; made if it is not there.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be imported; write nothing.")]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only what changed since, local time."),
]
Link = Annotated[bool, typer.Option("--link", help="Hard-link images instead of copying, where possible.")]
Permissive = Annotated[bool, typer.Option("--permissive", help="Take what can be lived with as warnings.")]
Ctf = Annotated[
    list[Path] | None,
    typer.Option(help="CTF table (CSV or STAR) of image name and resolution; may be given several times."),
]


@app.command()
def serialem(
    sources: Sources,
    to: To,
    dry_run: DryRun = False,
    since: Since = None,
    link: Link = False,
    permissive: Permissive = False,
    ctf: Ctf = None,
    timezone: Annotated[str, typer.Option(help="Of the microscope's clock, such as Europe/Berlin.")] = "UTC",
) -> None:
    """Folders with navigator files (.nav) and .mdoc files."""
    _import("serialem", sources, to, dry_run, since, link, permissive, ctf, zone=_zone(timezone))


@app.command()
def epu(
    sources: Sources,
    to: To,
    dry_run: DryRun = False,
    since: Since = None,
    link: Link = False,
    permissive: Permissive = False,
    ctf: Ctf = None,
) -> None:
    """Folders with an EpuSession.dm."""
    _import("epu", sources, to, dry_run, since, link, permissive, ctf)


@app.command()
def leginon(
    sources: Sources,
    to: To,
    dry_run: DryRun = False,
    since: Since = None,
    link: Link = False,
    permissive: Permissive = False,
    ctf: Ctf = None,
    timezone: Annotated[str, typer.Option(help="Of the database's clock, such as Europe/Berlin.")] = "UTC",
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images, where the database's paths are not there.")
    ] = None,
    appion: Annotated[list[str] | None, typer.Option(help="Appion's database of CTF results (ap1).")] = None,
) -> None:
    """A Leginon database, as an SQLAlchemy URL; images from its sessions' image paths."""
    more = {"zone": _zone(timezone), "images": images, "appion": tuple(appion or ())}
    _import("leginon", sources, to, dry_run, since, link, permissive, ctf, **more)


def _import(
    vendor: str,
    sources: list[str],
    to: Path,
    dry_run: bool,
    since: datetime | None,
    link: bool,
    permissive: bool,
    ctf: list[Path] | None,
    **options: Any,
) -> None:
    from ptolemy_kedro.archive.importing.write import import_sessions

    importer = _importer(vendor, permissive=permissive, **options)
    found = _with_outcomes(_found(importer, sources, since), ctf or [])
    with _progress() as bar:
        summaries = import_sessions(found, to, dry_run=dry_run, link=link, progress=_teller(bar))
    _show(summaries)
    broken = sum(summary.status == "broken" for summary in summaries)
    if not summaries:
        raise PtolemyError(f"There is no session of {vendor} in {', '.join(sources)}. Check the folder.")
    if broken:
        raise PtolemyError(f"{broken} of {len(summaries)} sessions were not imported; see above.")


def _importer(vendor: str, **options: Any) -> "Importer":
    module, name = IMPORTERS[vendor]
    importer: Importer = getattr(importlib.import_module(module), name)(**options)
    return importer


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise PtolemyError(f"--timezone is {name!r}. Give a name such as UTC or Europe/Berlin.") from None


def _found(importer: "Importer", sources: list[str], since: datetime | None) -> Iterator["Found"]:
    zoned = since.astimezone(UTC) if since else None
    for source in sources:
        yield from importer.sessions(source, zoned)


def _with_outcomes(found: Iterator["Found"], ctf: list[Path]) -> Iterator["Found"]:
    if not ctf:
        yield from found
        return
    from ptolemy_kedro.archive.importing.outcomes_from_file import with_outcomes

    yield from with_outcomes(found, ctf)


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _teller(bar: Any) -> Any:
    task = bar.add_task("Looking for sessions", total=None)

    def tell(session_id: str, done: int, total: int) -> None:
        bar.update(task, description=session_id, completed=done, total=total)

    return tell


def _show(summaries: list["Summary"]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console = console if console.is_terminal else Console(width=160)
    table = Table("session", "", "images", "targets", "outcomes", "pixel size A", "left out")
    for summary in summaries:
        table.add_row(*_cells(summary))
    console.print(table)
    for summary in summaries:
        for line in _lines(summary):
            typer.echo(f"{summary.session_id}: {line}")


def _cells(summary: "Summary") -> list[str]:
    sizes = [f"{kind} {_size(*size)}" for kind, size in summary.pixel_sizes_a.items()]
    return [
        summary.session_id,
        summary.status,
        ", ".join(f"{count} {kind}" for kind, count in summary.images.items()),
        ", ".join(f"{count} {kind} {decision}" for (kind, decision), count in summary.targets.items()),
        ", ".join(f"{count} {quantity}" for quantity, count in summary.outcomes.items()),
        ", ".join(sizes),
        str(len(summary.left_out) or ""),
    ]


def _size(low: float, high: float) -> str:
    return f"{low:.4g}" if low == high else f"{low:.4g}..{high:.4g}"


def _lines(summary: "Summary", most: int = 12) -> Iterator[str]:
    """What the table has no room for: why a session is broken, what was left out, what was odd."""
    if summary.said:
        yield summary.said
    said = [f"left out: {left.what}: {left.why}" for left in summary.left_out]
    said += [f"warning: {warning}" for warning in summary.warnings]
    yield from said[:most]
    if len(said) > most:
        yield f"and {len(said) - most} more like these."
