"""Who is compared with whom, and what becomes of it."""

from typing import Any

from ptolemy_kedro import champions
from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.evaluation.contest import Contest
from ptolemy_kedro.evaluation.promotion import account
from ptolemy_kedro.home import Home
from ptolemy_kedro.registry.keeping import contender
from ptolemy_kedro.registry.looks import earlier_looks
from ptolemy_kedro.registry.promoting import note_verdict, promote
from ptolemy_kedro.registry.versions import alias_of
from ptolemy_kedro.store import reached


def contest(home: Home, name: str, champion: int | None = None, challenger: int | None = None) -> Contest:
    """Read two versions to compare; champion and challenger of the registry where none is named.

    A challenger that is the champion already is none.

    Raises:
        ModelError: There is no such version, or its files are damaged.
        RegistryError: The registry cannot be used.
    """
    with reached(home) as client:
        champion = champion or alias_of(client, name, "champion")
        challenger = challenger or alias_of(client, name, "challenger")
    return Contest(
        name,
        None if champion is None else contender(home, name, champion),
        None if challenger in (None, champion) else contender(home, name, challenger),
        earlier_looks(home, name),
    )


def settle(home: Home, decision: dict[str, Any]) -> None:
    """Do what was decided: promote the challenger, or write down with it why not. Twice is as good as once.

    Args:
        home: Where the registry is.
        decision: As ``evaluation.promotion.decided`` gives it.

    Raises:
        ModelError: A version is gone or damaged.
        RegistryError: The registry cannot be used, or the champion is another by now.
    """
    name, champion, challenger = (decision[key] for key in ("name", "champion", "challenger"))
    if challenger is None:
        if champion is not None and not _is_exported(home, name, champion):
            promote(home, name, champion)
        return
    note_verdict(home, name, challenger, _tags(decision), account(decision))
    if decision["promote"]:
        promote(home, name, challenger, decision["reason"], instead_of=champion)


def _tags(decision: dict[str, Any]) -> dict[str, str]:
    against = "none" if decision["champion"] is None else str(decision["champion"])
    verdict = "promoted" if decision["promote"] else "kept back"
    return {"verdict": verdict, "verdict_reason": decision["reason"], "compared_with": against}


def _is_exported(home: Home, name: str, version: int) -> bool:
    try:
        return champions.read(home, name).version == version
    except ModelError:
        return False
