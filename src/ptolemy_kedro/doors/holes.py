"""``ptolemy holes``: find the holes of an image and rank them, for people and for SerialEM."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptolemy_kedro.doors import terminal

if TYPE_CHECKING:
    from ptolemy_kedro.archive.loose import LooseImage
    from ptolemy_kedro.targeting import RankedHoles

SHOWN = 40
"""Holes listed in the terminal; the files hold all."""


def holes(
    image: Annotated[Path, typer.Argument(help="MRC, TIFF, PNG or JPEG")],
    pixel_size: Annotated[
        float | None,
        typer.Option(help="Edge of a pixel [A]; that of IMAGE.mdoc or the file if left out; may be unknown."),
    ] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the ranking over the image.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write one row a hole.")] = None,
    json_to: Annotated[Path | None, typer.Option("--json", help="Write holes and models as JSON.")] = None,
    nav: Annotated[
        Path | None,
        typer.Option(help="Write a SerialEM navigator, on the stage where its place is known."),
    ] = None,
    stage: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Stage x y (um) of the image's middle; that of IMAGE.mdoc if left out."),
    ] = None,
) -> None:
    """Find the holes of an image and rank them, best first."""
    from ptolemy_kedro.archive.loose import look_at
    from ptolemy_kedro.doors import hole_answers, ranking

    terminal.need_pixel_size(pixel_size)
    terminal.need_stage(stage)
    if figure:
        terminal.need_picture_name(figure)
    frame = look_at(image, image.name, pixel_size, stage)
    if nav and frame.stage_map is None:
        _say_unplaced(frame)
    ranked = ranking.judge_file(image, frame.pixel_size_a)
    _show(ranked)
    if csv:
        ranking.write_answer(hole_answers.holes_as_csv(ranked), csv)
    if json_to:
        ranking.write_answer(hole_answers.with_models(ranked, frame.pixel_size_a), json_to)
    if figure:
        _draw(image, ranked, figure)
    if nav:
        from ptolemy_kedro.exports.one_image import holes_as_navigator

        text = holes_as_navigator(nav.name, frame, ranked.found, ranked.scores, ranked.model)
        ranking.write_answer(text, nav)


def _say_unplaced(frame: "LooseImage") -> None:
    lacks = "pixel size" if frame.pixel_size_a is None else "stage position"
    typer.echo(
        f"{frame.name}: its {lacks} is unknown, so the navigator's places count from the image's middle "
        "and are marked as not registered. Give --pixel-size and --stage X Y, or put its .mdoc there.",
        err=True,
    )


def _show(ranked: "RankedHoles") -> None:
    from rich.table import Table

    table = Table(
        *("rank", "score", "row px", "col px", "radius px", "probability", "found by"),
        title=f"{len(ranked)} holes, best first",
    )
    found = ranked.found
    for i, score in enumerate(ranked.scores[:SHOWN]):
        row, col = found.centres[i]
        places = [f"{row:.1f}", f"{col:.1f}", f"{found.radius_px[i]:.1f}", f"{found.probability[i]:.2f}"]
        by = "lattice" if found.from_lattice[i] else "network"
        table.add_row(str(i + 1), f"{score:.3f}", *places, by)
    terminal.console(stderr=False).print(table)
    if len(ranked) > SHOWN:
        typer.echo(f"and {len(ranked) - SHOWN} more; --csv and --json hold all of them.")
    typer.echo(f"Found by {found.localiser}; scored by {ranked.model}.")


def _draw(image: Path, ranked: "RankedHoles", to: Path) -> None:
    from ptolemy_kedro.archive.images import read_image
    from ptolemy_kedro.figures.holes import holes_overlay

    pixels = read_image(image, image.name, permissive=True).pixels
    caption = f"{image.name}; {ranked.model}"
    terminal.save_picture(holes_overlay(pixels, ranked.found, ranked.scores, caption), to)
