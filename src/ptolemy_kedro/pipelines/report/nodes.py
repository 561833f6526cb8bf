"""The page of ``report``."""

from typing import Any

from ptolemy_kedro.partitions import SessionTable, whole
from ptolemy_kedro.pipelines.report import hole_nodes, square_nodes


def write_page(
    square_metrics: dict[str, Any],
    square_challenger: dict[str, Any],
    hole_metrics: dict[str, Any],
    localiser_challenger: dict[str, Any],
    hole_challenger: dict[str, Any],
    sessions: SessionTable,
    squares: SessionTable,
    holes: SessionTable,
    set_aside: dict[str, list[str]],
    *figures: bytes,
) -> str:
    """Write the report; the figures are those of squares, then of holes, in the order of ``FIGURES``."""
    from ptolemy_kedro.figures.hole_sections import hole_sections
    from ptolemy_kedro.figures.report import label_counts, parts_of, report_page
    from ptolemy_kedro.figures.square_sections import square_sections

    named = dict(zip((*square_nodes.FIGURES, *hole_nodes.FIGURES), figures, strict=True))
    learnt = [*square_sections(square_metrics, named), *hole_sections(hole_metrics, named)]
    challengers = [c for c in (square_challenger, localiser_challenger, hole_challenger) if c]
    counts = label_counts({"squares": squares, "holes": holes})
    parts = parts_of(square_metrics or hole_metrics)
    return report_page(challengers, learnt, whole(sessions), counts, parts, set_aside)
