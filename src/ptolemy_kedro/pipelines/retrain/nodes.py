"""The nodes of ``retrain``."""

from typing import Any

from ptolemy_kedro.evaluation import promotion
from ptolemy_kedro.evaluation.contest import Contest, PromoteOptions
from ptolemy_kedro.partitions import SessionTable


def compare_models(
    challenger: dict[str, Any],
    contest: Contest,
    session_split: Any,
    options: PromoteOptions,
    *tables: SessionTable,
) -> dict[str, Any]:
    """Compare champion and challenger on the sessions held out for good.

    ``challenger`` is what training registered: it only has this come afterwards.
    """
    return promotion.hold(contest, session_split, tables, options)


def decide(compared: dict[str, Any], options: PromoteOptions) -> dict[str, Any]:
    """Decide whether the challenger takes the champion's place, and say why."""
    return promotion.decided(compared, options)
