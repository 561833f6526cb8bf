"""``ptolemy models``: list, compare, promote, take back."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ptolemy_kedro.errors import SettingsError

app = typer.Typer(no_args_is_help=True, help="Look after the registered models.")

Name = Annotated[str, typer.Argument(help="Such as square-ranker.")]
Reason = Annotated[str, typer.Option(help="Kept with the version.")]


@app.command()
def init() -> None:
    """Register the weights that come with the package, and put them to use."""
    from ptolemy_kedro import registry
    from ptolemy_kedro.home import find_home

    home = find_home()
    for name, version in registry.init(home).items():
        typer.echo(f"{name} version {version} is the champion in {home.path}.")


@app.command("list")
def list_models() -> None:
    """List the registered versions, with what each scored and how it was decided on."""
    from ptolemy_kedro import registry
    from ptolemy_kedro.home import find_home

    head = (
        "model",
        "version",
        "aliases",
        "kind",
        "origin",
        "sessions",
        "AUC within session",
        "data",
        "verdict",
    )
    _show(head, [row.cells() for row in registry.list_models(find_home())])


@app.command()
def history(name: Name) -> None:
    """List the changes of champion, with the time and the reason of each."""
    from ptolemy_kedro import registry
    from ptolemy_kedro.home import find_home

    changes = registry.history(find_home(), name)
    rows = [[c.time[:19], c.kind, str(c.version), str(c.replaced or ""), c.reason] for c in changes]
    _show(("time (UTC)", "change", "to version", "from", "reason"), rows)


@app.command()
def promote(
    name: Name,
    version: Annotated[int, typer.Argument(min=1, help="Of the registry; an earlier one to go back.")],
    reason: Reason = "by hand",
) -> None:
    """Make a version the champion and put it to use."""
    from ptolemy_kedro import registry
    from ptolemy_kedro.home import find_home

    folder = registry.promote(find_home(), name, version, reason)
    typer.echo(f"{name} version {version} is the champion, exported to {folder}.")


@app.command()
def rollback(name: Name, reason: Reason = "by hand") -> None:
    """Bring the champion before this one back; again, the one before that."""
    from ptolemy_kedro import registry
    from ptolemy_kedro.home import find_home

    was, now = registry.rollback(find_home(), name, reason)
    typer.echo(f"{name} version {now} is the champion again, in place of {was}.")


@app.command()
def compare(
    name: Name,
    champion: Annotated[int | None, typer.Argument(min=1, help="The champion if left out.")] = None,
    challenger: Annotated[int | None, typer.Argument(min=1, help="The challenger if left out.")] = None,
    project: Annotated[Path, typer.Option(help="Kedro project whose sessions judge.")] = Path(),
    env: Annotated[str | None, typer.Option(help="Environment of its configuration.")] = None,
) -> None:
    """Compare two versions on the sessions held out for good; promotes nothing, and counts as a look."""
    from ptolemy_kedro import registry
    from ptolemy_kedro.evaluation import promotion
    from ptolemy_kedro.evaluation.sheets import kind_of
    from ptolemy_kedro.home import find_home

    home, kind = find_home(), kind_of(name)
    contest = registry.contest(home, name, champion, challenger)
    if contest.challenger is None:
        raise SettingsError(
            f"No second version of {name} to compare with. Name one: see `ptolemy models list`."
        )
    catalog = _catalog(project, env)
    split, options = catalog.load("session_split"), catalog.load("params:promote")
    compared = promotion.hold(contest, split, [catalog.load(table) for table in kind.tables], options)
    registry.record_look(home, compared)
    _show_comparison(promotion.decided(compared, options))


def _catalog(project: Path, env: str | None) -> Any:
    """Open the catalog of a project, without its chatter."""
    import logging

    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    if not (project / "pyproject.toml").is_file() or not (project / "conf").is_dir():
        raise SettingsError(f"{project.absolute()} is no Kedro project. Name it with --project.")
    logging.disable(logging.INFO)
    bootstrap_project(project.absolute())
    with KedroSession.create(project.absolute(), env=env) as session:
        return session.load_context().catalog  # type: ignore[attr-defined]


def _show_comparison(decision: dict[str, Any]) -> None:
    from ptolemy_kedro.evaluation import promotion

    head, rows = promotion.measure_rows(decision)
    _show(head, rows)
    looks = promotion.times(decision["earlier_looks"])
    judged = f"{decision['sites']} sites of {decision['sessions']} sessions held out for good"
    typer.echo(f"{judged}, looked at {looks} before; in brackets 95 % by bootstrap over sessions.")
    verdict = "Would be promoted" if decision["promote"] else "Would not be promoted"
    typer.echo(f"{verdict}: {decision['reason']}.")


def _show(head: tuple[str, ...] | list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    console = Console()
    (console if console.is_terminal else Console(file=sys.stdout, width=180)).print(table)
