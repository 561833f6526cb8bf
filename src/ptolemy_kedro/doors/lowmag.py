"""``ptolemy-lowmag``: the command that microscope software runs to have a tile's squares ranked.

Same options and same JSON as the published ``lowmag_cli.py``, so that it takes that one's place in a script.
"""

import sys
from pathlib import Path

from ptolemy_kedro.doors.drop_in import Answer, Format, run


def main(arguments: list[str] | None = None) -> int:
    """Rank the squares of one image; returns the exit status."""
    return run("ptolemy-lowmag", "Rank the squares of a low-magnification image.", _squares, arguments)


def _squares(image: Path, wanted: Format) -> Answer:
    from ptolemy_kedro.doors import answers, ranking

    ranked = ranking.rank_file(image)
    text = answers.one_line(ranked) if wanted == "json" else answers.squares_as_text(ranked)
    return Answer(text, f"{len(ranked)} squares, scored by {ranked.model}")


if __name__ == "__main__":
    sys.exit(main())
