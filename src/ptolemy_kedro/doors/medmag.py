"""``ptolemy-medmag``: the command that microscope software runs to have an image's holes ranked.

Same options and same JSON as the published ``medmag_cli.py``, so that it takes that one's place in a script.
"""

import sys
from pathlib import Path

from ptolemy_kedro.doors.drop_in import Answer, Format, run


def main(arguments: list[str] | None = None) -> int:
    """Rank the holes of one image; returns the exit status."""
    return run("ptolemy-medmag", "Rank the holes of a medium-magnification image.", _holes, arguments)


def _holes(image: Path, wanted: Format) -> Answer:
    from ptolemy_kedro.doors import hole_answers, ranking

    ranked = ranking.judge_file(image)
    text = hole_answers.one_line(ranked) if wanted == "json" else hole_answers.holes_as_text(ranked)
    return Answer(text, f"{len(ranked)} holes, found by {ranked.found.localiser}, scored by {ranked.model}")


if __name__ == "__main__":
    sys.exit(main())
