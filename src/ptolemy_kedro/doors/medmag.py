"""``ptolemy-medmag``: the command that microscope software runs to have an image's holes ranked.

Same options and same JSON as the published ``medmag_cli.py``, so that it takes that one's place in a script.
"""

import argparse
import sys
from pathlib import Path

from ptolemy_kedro.errors import PtolemyError


def main(arguments: list[str] | None = None) -> int:
    """Rank the holes of one image; returns the exit status."""
    wanted = _parser().parse_args(arguments)
    from ptolemy_kedro.doors import hole_answers, ranking

    try:
        ranked = ranking.judge_file(wanted.image)
        text = (
            hole_answers.one_line(ranked) if wanted.format == "json" else hole_answers.holes_as_text(ranked)
        )
        ranking.write_answer(text, wanted.output)
    except PtolemyError as failure:
        print(f"ptolemy-medmag: {failure.line()}", file=sys.stderr)
        return 1
    if wanted.verbose:
        print(
            f"{len(ranked)} holes, found by {ranked.found.localiser}, scored by {ranked.model}",
            file=sys.stderr,
        )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "ptolemy-medmag", description="Rank the holes of a medium-magnification image."
    )
    parser.add_argument("image", type=Path, metavar="IMAGE.mrc", help="MRC, TIFF, PNG or JPEG")
    parser.add_argument("-f", "--format", choices=["json", "txt"], default="json", help="default: json")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: stdout")
    parser.add_argument("-v", "--verbose", action="store_true", help="name the models on stderr")
    return parser


if __name__ == "__main__":
    sys.exit(main())
