"""Champions: how one comes into its place, and how it is taken back."""

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptolemy_kedro import champions
from ptolemy_kedro.errors import ModelError, RegistryError
from ptolemy_kedro.home import Home
from ptolemy_kedro.registry.keeping import digest_of, fetch, log
from ptolemy_kedro.registry.versions import alias_of, version_of, versions_of
from ptolemy_kedro.registry.writing import writing
from ptolemy_kedro.store import reached
from ptolemy_kedro.training.model import read_model

if TYPE_CHECKING:
    from mlflow import MlflowClient

SHIPPED = Path(__file__).parents[1] / "weights"
MARK = "promotion."
"""Begins the tag of a version that says when, why and in whose place it became champion."""

ANY = -1
LONGEST = 4000
"""Letters that a tag of MLflow surely holds."""

COMPARED = "\n## Compared for promotion\n"


@dataclass(frozen=True)
class Promotion:
    """A change of champion.

    Attributes:
        time: UTC, ISO 8601.
        version: The new champion.
        replaced: The one before; None for the first.
        kind: ``promotion`` or ``rollback``.
        reason: Why.
    """

    time: str
    version: int
    replaced: int | None
    kind: str
    reason: str


def promote(
    home: Home, name: str, version: int, reason: str = "by hand", *, instead_of: int | None = ANY
) -> Path:
    """Make a version the champion and export it; an earlier version is how one goes back.

    Asked for again it changes nothing, but what a killed one left undone is done.

    Args:
        home: Where the registry is.
        name: Registered name.
        version: Of the registry.
        reason: Kept with the version.
        instead_of: Only if this is still the champion (None: if there is none yet); by default whoever is.

    Raises:
        ModelError: There is no such version, or its files are damaged.
        RegistryError: The registry cannot be used, or the champion is another by now.
    """
    with writing(home) as client:
        champion = alias_of(client, name, "champion")
        if instead_of not in (ANY, champion) and champion != version:
            raise RegistryError(
                f"{name} has become version {champion} while another was being compared with version "
                f"{instead_of}. Compare again."
            )
        return _promote(client, home, name, version, reason, "promotion")


def rollback(home: Home, name: str, reason: str = "by hand") -> tuple[int, int]:
    """Bring the champion before this one back; once more, the one before that.

    Returns:
        The version that was champion, and the one that is.

    Raises:
        ModelError: No earlier champion is written down.
        RegistryError: The registry cannot be used.
    """
    with writing(home) as client:
        champion = alias_of(client, name, "champion")
        line = _line(_history(client, name), champion)
        if champion is None or len(line) < 2:
            raise ModelError(
                f"No champion of {name} before version {champion} is written down. Name one: "
                f"`ptolemy models promote {name} VERSION`."
            )
        _promote(client, home, name, line[-2], reason, "rollback")
        return champion, line[-2]


def history(home: Home, name: str) -> list[Promotion]:
    """List the changes of champion, the first one first.

    Raises:
        RegistryError: The registry cannot be used.
    """
    with reached(home) as client:
        return _history(client, name)


def note_verdict(home: Home, name: str, version: int, verdict: dict[str, str], account: str) -> None:
    """Write down with a version how its comparison with the champion ended.

    Args:
        home: Where the registry is.
        name: Registered name.
        version: The challenger.
        verdict: Becomes the version's tags.
        account: The comparison for people (Markdown); follows the model's card.

    Raises:
        RegistryError: The registry cannot be used.
    """
    with writing(home) as client:
        found = version_of(client, name, version)
        for key, value in verdict.items():
            client.set_model_version_tag(name, str(version), key, value[:LONGEST])
        card = (found.description or "").partition(COMPARED)[0]
        client.update_model_version(name, str(version), f"{card}{COMPARED}\n{account}")


def init(home: Home, shipped: Path = SHIPPED) -> dict[str, int]:
    """Register the weights that come with the package and put them to use, unless that was done.

    A champion that is already there stays; its export is made good where it is missing.

    Returns:
        The champion's version by name.
    """
    return {folder.name: _init_one(home, folder) for folder in sorted(shipped.iterdir()) if folder.is_dir()}


def _init_one(home: Home, folder: Path) -> int:
    name, digest = folder.name, digest_of(folder)
    with writing(home, create=True) as client:
        known = [v for v in versions_of(client, name) if v.tags.get("model_digest") == digest]
        champion = alias_of(client, name, "champion")
        version = int(known[0].version) if known else log(client, home, name, folder, read_model(folder)[1])
        if champion is None or not _is_exported(home, name, champion):
            _promote(client, home, name, champion or version, "shipped with the package", "promotion")
    return champion or version


def _is_exported(home: Home, name: str, version: int) -> bool:
    try:
        return champions.read(home, name).version == version
    except ModelError:
        return False


def _promote(client: "MlflowClient", home: Home, name: str, version: int, reason: str, kind: str) -> Path:
    with tempfile.TemporaryDirectory() as aside:
        found = version_of(client, name, version)
        model = fetch(home, found, Path(aside))
        _write_down(client, name, version, reason, kind)
        client.set_registered_model_alias(name, "champion", str(version))
        if "challenger" in found.aliases:
            client.delete_registered_model_alias(name, "challenger")
        return champions.export(home, name, version, model)


def _write_down(client: "MlflowClient", name: str, version: int, reason: str, kind: str) -> None:
    """Write a change down before it is made; one that is made, or that a kill cut short, is there already."""
    champion, past = alias_of(client, name, "champion"), _history(client, name)
    begun = bool(past) and (past[-1].version, past[-1].replaced) == (version, champion)
    if champion == version or begun:
        return
    now = datetime.now(UTC)
    if past:
        now = max(now, datetime.fromisoformat(past[-1].time) + timedelta(microseconds=1))
    said = {"replaced": champion, "kind": kind, "reason": reason[:LONGEST]}
    time = f"{now:%Y-%m-%dT%H:%M:%S.%fZ}"
    client.set_model_version_tag(name, str(version), MARK + time, json.dumps(said))


def _history(client: "MlflowClient", name: str) -> list[Promotion]:
    found = [
        Promotion(tag.removeprefix(MARK), int(version.version), **_said(value))
        for version in versions_of(client, name)
        for tag, value in version.tags.items()
        if tag.startswith(MARK)
    ]
    return sorted(found, key=lambda promotion: promotion.time)


def _said(value: str) -> dict[str, Any]:
    return json.loads(value)


def _line(past: list[Promotion], champion: int | None) -> list[int]:
    """Follow the champions to the present one, those taken back left out; the one before stands before it."""
    line: list[int] = []
    for change in past:
        line = _back_to(line, change.replaced)
        line = line[:-1] if change.kind == "rollback" and line[-2:-1] == [change.version] else line
        line = line if line[-1:] == [change.version] else [*line, change.version]
    return _back_to(line, champion)


def _back_to(line: list[int], version: int | None) -> list[int]:
    """End the line with a version: what follows it was begun and never made; add it if it is missing."""
    if version is None:
        return line
    if version in line:
        return line[: len(line) - line[::-1].index(version)]
    return [*line, version]
