"""``ptolemy``, the command for people: simulate, import, check, look after models, rank squares and holes."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ptolemy_kedro.doors import importing, models
from ptolemy_kedro.doors.holes import holes
from ptolemy_kedro.doors.terminal import console, need_picture_name, need_pixel_size, save_picture, writing
from ptolemy_kedro.errors import PtolemyError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Rank squares and holes; simulate, import and check sessions; look after models.",
)
app.add_typer(models.app, name="models")
app.add_typer(importing.app, name="import")
app.command()(holes)


def main() -> None:
    """Run a command; a user's mistake ends in one line and exit status 1."""
    try:
        app()
    except PtolemyError as failure:
        print(f"ptolemy: {failure.line()}", file=sys.stderr)
        sys.exit(1)
    except OSError as failure:
        print(f"ptolemy: {failure.filename or 'The output'}: {failure.strerror or failure}.", file=sys.stderr)
        sys.exit(1)


@app.command()
def simulate(
    to: Annotated[Path, typer.Option(help="Folder for the archives; made if it is not there.")],
    sessions: Annotated[int, typer.Option(min=1, help="How many.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Of the first; the others follow.")] = 10_000,
    tiles: Annotated[int, typer.Option(min=1, max=400, help="How many a grid has.")] = 18,
    medium_images: Annotated[
        int, typer.Option(min=0, max=10_000, help="Images of holes that a grid has.")
    ] = 0,
    truth_to: Annotated[
        Path | None, typer.Option(help="Folder for the truth; not written if left out.")
    ] = None,
) -> None:
    """Simulate sessions and write them as archives."""
    from rich.progress import track

    from ptolemy_kedro.simulation import SimulateOptions, simulate_session, write

    options = SimulateOptions(tiles=tiles, medium_images=medium_images)
    with writing(to):
        for number in track(range(seed, seed + sessions), "Simulating sessions", console=console()):
            session = simulate_session(number, options)
            write(session, to / session.session_id, truth_to / session.session_id if truth_to else None)
    typer.echo(f"{sessions} simulated sessions are in {to}.")


@app.command()
def check(
    archive: Annotated[Path, typer.Argument(help="Folder, .zip, .tar or .tar.zst")],
    permissive: Annotated[bool, typer.Option(help="Take what can be lived with as warnings.")] = False,
) -> None:
    """Check a session archive and say all that is wrong with it."""
    from ptolemy_kedro.archive import check as check_archive

    report = check_archive(archive, permissive=permissive)
    for warning in report.warnings:
        typer.echo(f"warning: {warning}")
    for problem in report.problems:
        typer.echo(f"problem: {problem}")
    if report.problems:
        count = len(report.problems)
        raise PtolemyError(
            f"{archive} has {count} problem{'s' * (count > 1)}. Correct it, or see --permissive."
        )
    typer.echo(f"{archive} is a sound session archive.")


@app.command()
def squares(
    image: Annotated[Path, typer.Argument(help="MRC, TIFF, PNG or JPEG")],
    pixel_size: Annotated[
        float | None, typer.Option(help="Edge of a pixel [A]; the file's own if left out.")
    ] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the ranking over the image.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write one row a square.")] = None,
    json_to: Annotated[Path | None, typer.Option("--json", help="Write squares and model as JSON.")] = None,
) -> None:
    """Find the squares of an image and rank them, best first."""
    from ptolemy_kedro.doors import answers, ranking

    need_pixel_size(pixel_size)
    if figure:
        need_picture_name(figure)
    ranked = ranking.rank_file(image, pixel_size)
    _show(ranked)
    if csv:
        ranking.write_answer(answers.squares_as_csv(ranked), csv)
    if json_to:
        answer = {
            "model": ranked.model,
            "verdict": answers.verdict_as_json(ranked.verdict),
            "squares": answers.squares_as_json(ranked),
        }
        ranking.write_answer(json.dumps(answer, indent=1) + "\n", json_to)
    if figure:
        _draw(image, ranked, figure)


def _show(ranked) -> None:
    import numpy as np
    from rich.table import Table

    table = Table(
        *("rank", "score", "±", "row px", "col px", "area px²", "cut"),
        title=f"{len(ranked)} squares, best first",
    )
    for i, score in enumerate(ranked.scores):
        row, col = ranked.squares.centres[i]
        cut = "yes" if ranked.squares.cut[i] else ""
        doubt = "" if np.isnan(ranked.doubts[i]) else f"{ranked.doubts[i]:.3f}"
        area = f"{ranked.squares.area_px[i]:.0f}"
        table.add_row(str(i + 1), f"{score:.3f}", doubt, f"{row:.0f}", f"{col:.0f}", area, cut)
    console(stderr=False).print(table)
    typer.echo(f"{ranked.verdict.line} Scored by {ranked.model}.")


def _draw(image: Path, ranked, to: Path) -> None:
    from ptolemy_kedro.archive.images import read_image
    from ptolemy_kedro.figures.tile import tile_overlay

    pixels = read_image(image, image.name, permissive=True).pixels
    save_picture(tile_overlay(pixels, ranked.squares, ranked.scores, ranked.model), to)


if __name__ == "__main__":
    main()
