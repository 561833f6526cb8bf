"""What the two drop-in commands share: the published options, and one line on stderr for a mistake."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from ptolemy_kedro.errors import PtolemyError

Format = Literal["json", "txt"]


class Answer(NamedTuple):
    """The text to write, and how many sites were found and by which models."""

    text: str
    account: str


def run(
    program: str, purpose: str, answer: Callable[[Path, Format], Answer], arguments: list[str] | None
) -> int:
    """Answer for one image.

    Args:
        program: Its name.
        purpose: In a sentence.
        answer: From an image and a format.
        arguments: Of the command; those of the process if None.

    Returns:
        The exit status.
    """
    wanted = _parser(program, purpose).parse_args(arguments)
    from ptolemy_kedro.doors import ranking

    try:
        text, account = answer(wanted.image, wanted.format)
        ranking.write_answer(text, wanted.output)
    except PtolemyError as failure:
        print(f"{program}: {failure.line()}", file=sys.stderr)
        return 1
    if wanted.verbose:
        print(account, file=sys.stderr)
    return 0


def _parser(program: str, purpose: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(program, description=purpose)
    parser.add_argument("image", type=Path, metavar="IMAGE.mrc", help="MRC, TIFF, PNG or JPEG")
    parser.add_argument("-f", "--format", choices=["json", "txt"], default="json", help="default: json")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: stdout")
    parser.add_argument("-v", "--verbose", action="store_true", help="name the models on stderr")
    return parser
