"""Kedro's own command group for this project: ``kedro run`` with errors in one line."""

import re
import sys
import warnings
from typing import Any

import click
from kedro.config import BadConfigException, MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.validation.exceptions import ParameterValidationError
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ptolemy_kedro.errors import PtolemyError

KEDRO_SAYS = (
    "Failed to find the pipeline",
    "Pipeline does not contain",
    "Pipeline contains no nodes",
    "Async data loading and saving does not work",
    "module 'kedro.runner' has no attribute",
)
"""How Kedro begins where an option names a flow, node, dataset, tag or runner that cannot be had."""

CONF_ERRORS = (YAMLError, OmegaConfBaseException, BadConfigException, MissingConfigException)


@click.group(name="ptolemy_kedro")
def cli() -> None:
    """Commands of this project."""


@cli.command("run", params=kedro_run.params, help=kedro_run.help)
@click.pass_context
def run(context: click.Context, **options: Any) -> None:
    """Run a flow as Kedro does; a user's mistake ends in one line and exit status 1."""
    warnings.filterwarnings("ignore", message=".*(Option '--pipeline'|register_new_resolver)")
    try:
        context.invoke(kedro_run, **options)
    except Exception as error:
        line = one_line(error)
        if line is None:
            raise
        print(f"error: {line}", file=sys.stderr)
        sys.exit(1)


def one_line(error: BaseException) -> str | None:
    """Say a user's mistake in one line; None where the error is a fault of the program."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, PtolemyError):
            return link.line()
        if isinstance(link, ParameterValidationError):
            return _parameters_line(str(link))
        if isinstance(link, ValueError | AttributeError) and str(link).startswith(KEDRO_SAYS):
            return " ".join(str(link).split())
        if isinstance(link, OSError) and link.errno is not None:
            return f"{link.filename or 'the disk'}: {link.strerror}. What is done is kept: mend it, rerun."
        if isinstance(link, CONF_ERRORS):
            return "conf: " + " ".join(str(link).split())
        link = link.__cause__ or link.__context__
    return None


def _parameters_line(message: str) -> str:
    """Shorten pydantic's account to the block, the field, the rule and the value."""
    lines = [line.strip() for line in message.splitlines()[1:] if "errors.pydantic.dev" not in line]
    account = re.sub(r"Failed to instantiate .*? validation errors? for \w+", "", " ".join(lines))
    return " ".join(account.split()).removeprefix("- ")
