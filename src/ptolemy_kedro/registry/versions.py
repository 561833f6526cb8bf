"""Which versions there are, and what they are called."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ptolemy_kedro.errors import ModelError
from ptolemy_kedro.home import Home
from ptolemy_kedro.store import reached

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion


@dataclass(frozen=True)
class Registered:
    """A version in the registry.

    Attributes:
        tags: ``kind``, ``origin``, ``sessions`` (how many), ``data_digest``, ``model_digest``; ``verdict``
            and ``verdict_reason`` once it was compared for promotion.
        metrics: As evaluated before it was registered.
    """

    name: str
    version: int
    aliases: tuple[str, ...]
    tags: dict[str, str]
    metrics: dict[str, float]

    def cells(self) -> list[str]:
        """Write it as a row: name, version, aliases, kind, origin, sessions, AUC, data, verdict."""
        auc = self.metrics.get("roc_auc_within_session")
        kind, origin, sessions, data = (
            self.tags.get(tag, "") for tag in ("kind", "origin", "sessions", "data_digest")
        )
        measured = "" if auc is None else f"{auc:.3f}"
        return [
            self.name,
            str(self.version),
            ", ".join(self.aliases),
            kind,
            origin,
            sessions,
            measured,
            data[:12],
            self.tags.get("verdict", ""),
        ]


def list_models(home: Home) -> list[Registered]:
    """List every version of every model, by name, the newest first.

    Raises:
        RegistryError: The registry cannot be used.
    """
    with reached(home) as client:
        aliases = {model.name: model.aliases for model in client.search_registered_models()}
        versions = client.search_model_versions()
        listed = [_registered(client, version, aliases.get(version.name, {})) for version in versions]
    return sorted(listed, key=lambda row: (row.name, -row.version))


def champion_version(home: Home, name: str) -> int | None:
    """Give the version that the alias ``champion`` names, or None.

    Raises:
        RegistryError: The registry cannot be used.
    """
    with reached(home) as client:
        return alias_of(client, name, "champion")


def versions_of(client: "MlflowClient", name: str) -> "list[ModelVersion]":
    return sorted(client.search_model_versions(f"name = '{name}'"), key=lambda version: int(version.version))


def version_of(client: "MlflowClient", name: str, version: int) -> "ModelVersion":
    known = versions_of(client, name)
    if not known:
        raise ModelError(f"There is no model {name!r} in the registry. See `ptolemy models list`.")
    for found in known:
        if int(found.version) == version:
            return client.get_model_version(name, str(version))
    numbers = ", ".join(str(v.version) for v in known)
    raise ModelError(
        f"There is no version {version} of {name}; there are {numbers}. See `ptolemy models list`."
    )


def alias_of(client: "MlflowClient", name: str, alias: str) -> int | None:
    found = client.search_registered_models(f"name = '{name}'")
    version = found[0].aliases.get(alias) if found else None
    return int(version) if version else None


def _registered(client: "MlflowClient", version: "ModelVersion", aliases: dict[str, str]) -> Registered:
    named = tuple(sorted(alias for alias, number in aliases.items() if str(number) == str(version.version)))
    run = client.get_run(version.run_id) if version.run_id else None
    metrics = dict(run.data.metrics) if run else {}
    return Registered(version.name, int(version.version), named, dict(version.tags), metrics)
