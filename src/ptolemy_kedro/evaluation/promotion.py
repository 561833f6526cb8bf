"""Whether a challenger takes the champion's place, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ptolemy_kedro.evaluation.contest import Contest, PromoteOptions, compare, judges_of
from ptolemy_kedro.evaluation.sheets import kind_of
from ptolemy_kedro.metrics.ranking import Figure
from ptolemy_kedro.partitions import SessionTable, key_of

if TYPE_CHECKING:
    import pandas as pd

CHANCE = {"roc_auc_within_session": 0.5, "f1": 0.0}
"""What the primary figure is without any knowledge; the first champion must lie above it."""


ROLES = ("champion", "challenger", "gain")


@dataclass(frozen=True)
class Verdict:
    """The decision.

    Attributes:
        promote: Does the challenger take the place?
        reason: One sentence, with the figures that decided.
    """

    promote: bool
    reason: str


def hold(
    contest: Contest, split: "pd.DataFrame", tables: Sequence[SessionTable], options: PromoteOptions
) -> dict[str, Any]:
    """Compare champion and challenger on the sessions held out for good.

    Args:
        contest: Who is compared.
        split: One row a session: ``session_id``, ``part``.
        tables: As ``sheets.KINDS`` names them for this kind of model.
        options: Of the bootstrap.

    Returns:
        What ``contest.compare`` gives, with ``name``, the versions by role, the ``judges``, how many
        ``earlier_looks`` there were at any of them, and the ``key`` of this one. Without a challenger, only
        ``name`` and the versions.

    Raises:
        TableError: No session is held out.
        ModelError: A model learnt from a session that would judge it.
    """
    who: dict[str, Any] = {"name": contest.name, "champion": None, "challenger": None}
    who |= {role: one.version for role, one in contest.contenders.items()}
    if contest.challenger is None:
        return who
    judges = judges_of(contest, split.loc[split["part"] == "held_out", "session_id"])
    kind, models = kind_of(contest.name), {role: one.model for role, one in contest.contenders.items()}
    scored = [(model.onnx, model.config) for model in models.values()]
    key = key_of(*scored, judges, [table.only(judges).digest for table in tables], options)
    earlier = [look for look in contest.looks if look["key"] != key and set(look["sessions"]) & set(judges)]
    compared = compare(kind.sheets(models, judges, *tables), kind.yardstick, options)
    return {**who, "key": key, "judges": judges, "earlier_looks": len(earlier), **compared}


def decide(compared: dict[str, Any], options: PromoteOptions) -> Verdict:
    """Decide: beyond chance the primary figure must gain, and no guarded figure may get worse.

    Args:
        compared: As ``contest.compare`` gives it.
        options: How many sessions it takes.
    """
    if compared["challenger"] is None:
        return Verdict(False, "no version asks for its place: what was trained is what was decided on before")
    primary, telling = compared["primary"], compared["telling"]
    measures = compared["measures"]
    if telling < options.fewest_sessions:
        return Verdict(
            False,
            f"only {telling} of {compared['sessions']} sessions held out can tell a good model from a bad "
            f"one, and it takes {options.fewest_sessions} (a share of further sessions will be held out)",
        )
    if "gain" not in measures[primary]:
        return _first(primary, measures[primary]["challenger"])
    gain = measures[primary]["gain"]
    if gain["low"] is None or gain["low"] <= 0:
        return Verdict(
            False,
            f"the gain in {_words(primary)} is {_written(gain, primary, True)}, not above zero beyond chance",
        )
    for name in compared["guarded"]:
        loss = measures[name]["gain"]
        if loss["high"] is not None and loss["high"] < 0:
            return Verdict(
                False,
                f"{_words(name)} gets worse: {_written(loss, name, True)}, though {_words(primary)} gains",
            )
    return Verdict(
        True, f"the gain in {_words(primary)} is {_written(gain, primary, True)} and no guarded figure falls"
    )


def decided(compared: dict[str, Any], options: PromoteOptions) -> dict[str, Any]:
    """Add the decision to a comparison: ``promote``, ``reason``, and what is ``said`` in one line."""
    verdict = decide(compared, options)
    name, champion, challenger = (compared[key] for key in ("name", "champion", "challenger"))
    if challenger is None:
        said = f"{name} version {champion} stays champion: {verdict.reason}."
    elif verdict.promote:
        said = f"{name} version {challenger} is the champion now: {verdict.reason}."
    else:
        stays = "no version is champion" if champion is None else f"version {champion} stays champion"
        said = f"{name}: {stays}, version {challenger} is not promoted: {verdict.reason}."
    if looks := compared.get("earlier_looks"):
        said += f" (These sessions were looked at {times(looks)} before.)"
    return {**compared, "promote": verdict.promote, "reason": verdict.reason, "said": said}


def measure_rows(decision: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Write a comparison as a table: its head, and one row a measure."""
    roles = [role for role in ("champion", "challenger") if decision[role] is not None]
    versions = [f"{role} (version {decision[role]})" for role in roles]
    head = ["measure", *versions, *(["gain"] if len(roles) == 2 else [])]
    return head, [_row(name, figures, decision) for name, figures in decision["measures"].items()]


def account(decision: dict[str, Any]) -> str:
    """Write a decision for a model's card (Markdown)."""
    head, rows = measure_rows(decision)
    table = "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
    looks = f"Earlier looks at these sessions: {decision['earlier_looks']}."
    judged = f"{decision['sites']} sites of {decision['sessions']} sessions held out for good. {looks}"
    return f"{decision['said']}\n\n{judged}\n\n{table}\n"


def times(count: int) -> str:
    """Say how often."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _row(name: str, figures: dict[str, Figure], decision: dict[str, Any]) -> list[str]:
    about = {decision["primary"]: "decides"} | dict.fromkeys(decision["guarded"], "guarded")
    told = f"{_words(name)} ({about[name]})" if name in about else _words(name)
    written = [_written(figures[role], name, role == "gain") for role in ROLES if role in figures]
    return [told, *written]


def _first(primary: str, figure: Figure) -> Verdict:
    chance = CHANCE[primary]
    above = figure["low"] is not None and figure["low"] > chance
    said = f"{_words(primary)} is {_written(figure, primary)}"
    if above:
        return Verdict(True, f"there is no champion yet, and {said}, above chance ({chance})")
    return Verdict(False, f"{said}, not above chance ({chance})")


def _words(name: str) -> str:
    return name.replace("_", " ").replace("roc auc", "ROC AUC")


def _written(figure: Figure, name: str, signed: bool = False) -> str:
    if figure["value"] is None:
        return "undefined"
    form = ("+" if signed else "") + (".0f" if name == "needed_for_hundred" else ".3f")
    if figure["low"] is None:
        return f"{figure['value']:{form}}"
    return f"{figure['value']:{form}} ({figure['low']:{form}} to {figure['high']:{form}})"
