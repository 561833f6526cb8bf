"""What happens around every run: the lock, the demo's sessions, the record in MLflow."""

import logging
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from ptolemy_kedro import tracking
from ptolemy_kedro.datasets import NewSessionDataset, SessionArchivesDataset, SessionTableDataset
from ptolemy_kedro.errors import SettingsError
from ptolemy_kedro.locks import locked

log = logging.getLogger(__name__)

Options = TypeVar("Options")


SESSION = "session"
"""The parameter that names the session to target in; the catalog reads it."""


class DemoHook:
    """Fills the demo's folder before a run that reads archives, where the facility has none and allows it."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Simulate the demo's sessions that are missing or out of date."""
        archives = catalog.get("session_archives") if "session_archives" in pipeline.inputs() else None
        if not isinstance(archives, SessionArchivesDataset) or not archives.wants_demo:
            return
        from ptolemy_kedro.simulation import SimulateOptions
        from ptolemy_kedro.simulation.promise import promised_sessions

        options = _typed(SimulateOptions, "simulate", catalog.load("params:simulate"))
        log.info(
            "data/01_raw/sessions holds no archive: %d SIMULATED sessions stand in (allow_demo)",
            options.sessions,
        )
        catalog.save("simulated_sessions", promised_sessions(options))


class NewSessionHook:
    """Sees to the session to target in before a run works for hours; simulates one where that is allowed."""

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Refuse a run without its session; take a simulated one in the demo, and say so."""
        if "new_session" not in pipeline.inputs():
            if SESSION in catalog.load("parameters"):
                raise SettingsError("--params=session=PATH is for the flow `target`. Leave it out here.")
            return
        new_session = catalog.get("new_session")
        if not isinstance(new_session, NewSessionDataset) or not new_session.wants_demo:
            return
        from ptolemy_kedro.simulation import SimulateOptions
        from ptolemy_kedro.simulation.promise import promised_new_session

        options = _typed(SimulateOptions, "simulate", catalog.load("params:simulate"))
        (promise,) = promised_new_session(options)
        log.info("no session is given: the SIMULATED session %s stands in (allow_demo)", promise.session_id)
        catalog.save("simulated_new_session", [promise])


class OneFlowHook:
    """Lets one flow at a time work on a project's data; a flow that dies leaves no lock behind."""

    def __init__(self) -> None:
        self.folder, self.held = Path("data"), ExitStack()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Learn where the data lie."""
        self.folder = Path(context.project_path) / context.config_loader["globals"]["data"]

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Refuse to run beside another flow, in one line."""
        self.held.close()
        self.held.enter_context(locked(self.folder / ".flow.lock", f"The data in {self.folder}"))

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Let the next one in."""
        self.held.close()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Let the next one in."""
        self.held.close()


class ParametersHook:
    """Refuses a parameter that no flow reads: most likely its name is misspelt."""

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, catalog: DataCatalog) -> None:
        """Compare the names of all blocks with what the flows take."""
        inputs = set().union(*(flow.inputs() for flow in pipelines.values()))
        known = sorted(name.removeprefix("params:") for name in inputs if name.startswith("params:"))
        for name in catalog.load("parameters"):
            if name not in known and name != SESSION:
                raise SettingsError(f"There is no parameter {name!r}. There are {', '.join(known)}.")


class AccountHook:
    """Says at the end of a run how many sessions each node made, and how many it left alone."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Count the parts of each node's tables; a session counts as made where a part of it was."""
        for node in pipeline.nodes:
            outputs = [catalog.get(name) for name in node.outputs]
            tables = [table for table in outputs if isinstance(table, SessionTableDataset)]
            if tables:
                made, current = max(t.made for t in tables), min(t.current for t in tables)
                log.info("%s: %d sessions made, %d current", node.name, made, current)


class TrackingHook:
    """Records a run that trains in MLflow; a run that trains nothing does not even load it."""

    def __init__(self) -> None:
        self.started_s = time.time()

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Note when the run began."""
        self.started_s = time.time()

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Record the run once it is whole."""
        if any(tracking.TRAINS in node.tags for node in pipeline.nodes):
            tracking.record(run_params, pipeline, catalog, self.started_s)


def _typed(kind: type[Options], name: str, block: Any) -> Options:
    """Check a block of parameters; Kedro does so only for the flows that are run."""
    from pydantic import TypeAdapter, ValidationError

    if isinstance(block, kind):
        return block
    try:
        return TypeAdapter(kind).validate_python(block)
    except ValidationError as failure:
        first = failure.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise SettingsError(f"Parameter {name!r}: {field} {first['msg']}, not {first['input']!r}.") from None
