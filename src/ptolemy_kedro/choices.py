"""Whose word about a site counts as a choice to learn from.

``source`` says who put a site forward, ``decision`` what became of it. A site of a vendor's finder that was
selected was taken by the people at the microscope, so it counts like an operator's own; one that a finder's
limits ruled out was refused by nobody. What a model selected is no choice at all: learning from it, a model
would learn from itself.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

CHOOSERS = ("operator", "vendor")


def selected_sites(targets: "pd.DataFrame", kind: str) -> "pd.DataFrame":
    """Give the sites of a kind that people selected (``tables.Targets`` rows)."""
    return _of(targets, kind, "selected", CHOOSERS)


def rejected_sites(targets: "pd.DataFrame", kind: str) -> "pd.DataFrame":
    """Give the sites of a kind that people put aside (``tables.Targets`` rows)."""
    return _of(targets, kind, "rejected", ("operator",))


def sites_of_models(targets: "pd.DataFrame", kind: str) -> "pd.DataFrame":
    """Give the sites of a kind that a model selected: neither chosen nor left (``tables.Targets`` rows)."""
    return _of(targets, kind, "selected", ("model",))


def _of(targets: "pd.DataFrame", kind: str, decision: str, sources: tuple[str, ...]) -> "pd.DataFrame":
    is_kind, is_decided = targets["kind"] == kind, targets["decision"] == decision
    return targets[is_kind & is_decided & targets["source"].isin(sources)]
